// Deterministic bytes from a value and the deployment's key: HMAC-SHA-256 (RFC 2104) under a subkey for each purpose,
// so that the same value gives unrelated bytes in another purpose, and the same bytes wherever it stands in one.
//
// The key's schedule is kept: a value of up to 55 bytes costs two compressions and no allocation. Thread-compatible.
#ifndef CHAPERONE_DATAPLANE_MASKING_KEYED_HASH_H_
#define CHAPERONE_DATAPLANE_MASKING_KEYED_HASH_H_

#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "api/base/secret.h"

namespace chaperone::masking {

inline constexpr size_t kDeploymentKeyBytes = 32;
// Random bytes that all sidecars of a deployment share, so that a value has one hash everywhere.
using DeploymentKey = base::Secret<std::array<uint8_t, kDeploymentKeyBytes>>;

class KeyedHash {
 public:
  static constexpr size_t kDigestBytes = SHA256_DIGEST_LENGTH;
  using Digest = std::array<uint8_t, kDigestBytes>;

  // `purpose` separates domains: "hash/text", "fake/int", …
  KeyedHash(const DeploymentKey& key, std::string_view purpose);
  KeyedHash(const KeyedHash&) = default;
  KeyedHash& operator=(const KeyedHash&) = default;
  ~KeyedHash();

  Digest Of(std::string_view value) const { return Of(value, {}); }
  // Of the two parts, one after the other.
  Digest Of(std::string_view first, std::string_view second) const;

 private:
  SHA256_CTX inner_;
  SHA256_CTX outer_;
};

// As many deterministic numbers as are asked for, from one value.
class KeyedStream {
 public:
  // Another `attempt` gives other numbers. `hash` must outlive the stream.
  KeyedStream(const KeyedHash& hash, std::string_view value, uint8_t attempt = 0);

  // Uniform in [0, bound) but for a bias below bound / 65536. REQUIRES: 0 < bound <= 65536.
  uint32_t Below(uint32_t bound) {
    if (at_ + 2 > block_.size()) {
      NextBlock();
    }
    const uint32_t draw = static_cast<uint32_t>(block_[at_]) << 8 | block_[at_ + 1];
    at_ += 2;
    return draw * bound >> 16;
  }
  // A uniform 64-bit number.
  uint64_t Next64();

 private:
  void NextBlock();

  const KeyedHash& hash_;
  KeyedHash::Digest seed_;
  KeyedHash::Digest block_;
  size_t at_ = 0;
  uint32_t blocks_ = 0;
  uint8_t attempt_;
};

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_KEYED_HASH_H_
