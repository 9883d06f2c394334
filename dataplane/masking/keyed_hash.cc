// The low-level SHA-256 calls are what lets a keyed state be copied without allocating; OpenSSL 3 keeps them for
// the 1.1 interface.
#define OPENSSL_API_COMPAT 0x10100000L

#include "dataplane/masking/keyed_hash.h"

#include <openssl/crypto.h>

#include <string>

namespace chaperone::masking {

namespace {

constexpr size_t kBlockBytes = SHA256_CBLOCK;
constexpr std::string_view kPurposePrefix = "chaperone/masking/1/";

// The states after the key's two blocks.
void KeySchedule(const uint8_t* key, size_t key_bytes, SHA256_CTX* inner, SHA256_CTX* outer) {
  std::array<uint8_t, kBlockBytes> pad;
  const auto start = [&](uint8_t fill, SHA256_CTX* state) {
    for (size_t i = 0; i < pad.size(); ++i) {
      pad[i] = i < key_bytes ? key[i] ^ fill : fill;
    }
    SHA256_Init(state);
    SHA256_Update(state, pad.data(), pad.size());
  };
  start(0x36, inner);
  start(0x5c, outer);
  OPENSSL_cleanse(pad.data(), pad.size());
}

KeyedHash::Digest Finish(SHA256_CTX inner, SHA256_CTX outer, std::string_view first, std::string_view second) {
  KeyedHash::Digest digest;
  SHA256_Update(&inner, first.data(), first.size());
  if (!second.empty()) {
    SHA256_Update(&inner, second.data(), second.size());
  }
  SHA256_Final(digest.data(), &inner);
  SHA256_Update(&outer, digest.data(), digest.size());
  SHA256_Final(digest.data(), &outer);
  return digest;
}

std::string_view AsText(const KeyedHash::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

KeyedHash::KeyedHash(const DeploymentKey& key, std::string_view purpose) {
  KeySchedule(key.Reveal().data(), key.Reveal().size(), &inner_, &outer_);
  Digest subkey = Finish(inner_, outer_, kPurposePrefix, purpose);
  KeySchedule(subkey.data(), subkey.size(), &inner_, &outer_);
  OPENSSL_cleanse(subkey.data(), subkey.size());
}

KeyedHash::~KeyedHash() {
  OPENSSL_cleanse(&inner_, sizeof(inner_));
  OPENSSL_cleanse(&outer_, sizeof(outer_));
}

KeyedHash::Digest KeyedHash::Of(std::string_view first, std::string_view second) const {
  return Finish(inner_, outer_, first, second);
}

KeyedStream::KeyedStream(const KeyedHash& hash, std::string_view value, uint8_t attempt)
    : hash_(hash), seed_(hash.Of(value)), block_(seed_), attempt_(attempt) {
  if (attempt != 0) {
    NextBlock();
  }
}

void KeyedStream::NextBlock() {
  ++blocks_;
  const char label[] = {static_cast<char>(attempt_), static_cast<char>(blocks_ >> 24), static_cast<char>(blocks_ >> 16),
                        static_cast<char>(blocks_ >> 8), static_cast<char>(blocks_)};
  block_ = hash_.Of(AsText(seed_), {label, sizeof(label)});
  at_ = 0;
}

uint64_t KeyedStream::Next64() {
  uint64_t value = 0;
  for (int i = 0; i < 4; ++i) {
    value = value << 16 | Below(0x10000);
  }
  return value;
}

}  // namespace chaperone::masking
