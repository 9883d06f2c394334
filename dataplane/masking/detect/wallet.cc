// Addresses and keys of wallets: Bitcoin by checksum (Base58Check, BIP 173/350), Ethereum by shape and context.
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "dataplane/masking/detect/token.h"

namespace chaperone::masking::detect {

namespace {

constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kBech32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
// An extended key: 78 bytes and the checksum.
constexpr size_t kBase58BytesMax = 82;
constexpr size_t kChecksumBytes = 4;

// The decoded bytes, checksum included; 0 when the word is not Base58Check.
size_t DecodeBase58Check(std::string_view word, std::array<uint8_t, kBase58BytesMax>* out) {
  std::array<uint8_t, kBase58BytesMax> number{};
  size_t size = 0;
  for (const char c : word) {
    const size_t digit = kBase58.find(c);
    if (digit == std::string_view::npos) {
      return 0;
    }
    auto carry = static_cast<uint32_t>(digit);
    for (size_t i = 0; i < size || carry > 0; ++i) {
      if (i == number.size()) {
        return 0;
      }
      carry += uint32_t{58} * number[i];
      number[i] = static_cast<uint8_t>(carry);
      carry >>= 8;
      size = std::max(size, i + 1);
    }
  }
  // Leading ones are leading zero bytes.
  const size_t zeros = std::min(word.find_first_not_of('1'), word.size());
  const size_t total = zeros + size;
  if (total > number.size() || total <= kChecksumBytes) {
    return 0;
  }
  std::fill_n(out->begin(), zeros, uint8_t{0});
  std::reverse_copy(number.begin(), number.begin() + static_cast<std::ptrdiff_t>(size),
                    out->begin() + static_cast<std::ptrdiff_t>(zeros));
  uint8_t hash[SHA256_DIGEST_LENGTH];
  SHA256(out->data(), total - kChecksumBytes, hash);
  SHA256(hash, sizeof(hash), hash);
  return std::memcmp(hash, out->data() + total - kChecksumBytes, kChecksumBytes) == 0 ? total : 0;
}

// "bc1…": the polynomial of BIP 173, or that of BIP 350.
bool IsBech32Address(std::string_view word) {
  constexpr uint32_t kGenerator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  uint32_t check = 1;
  const auto add = [&](uint32_t value) {
    const uint32_t top = check >> 25;
    check = (check & 0x1ffffff) << 5 ^ value;
    for (int i = 0; i < 5; ++i) {
      check ^= (top >> i & 1) != 0 ? kGenerator[i] : 0;
    }
  };
  for (const uint32_t value : {'b' >> 5, 'c' >> 5, 0, 'b' & 31, 'c' & 31}) {
    add(value);
  }
  for (const char c : word.substr(3)) {
    const size_t value = kBech32.find(static_cast<char>(c | (IsUpper(c) ? 0x20 : 0)));
    if (value == std::string_view::npos) {
      return false;
    }
    add(static_cast<uint32_t>(value));
  }
  return check == 1 || check == 0x2bc830a3;
}

bool AllHex(std::string_view word) { return std::all_of(word.begin(), word.end(), IsHex); }

}  // namespace

void RecognizeWalletWord(const CellScan& scan, std::string_view word, size_t begin, size_t end) {
  std::array<uint8_t, kBase58BytesMax> bytes;
  const bool has_prefix = word.starts_with("0x") || word.starts_with("0X");
  if (scan.wants(Kind::kBitcoinAddress) && word.size() >= 26 && word.size() <= 35 &&
      (word[0] == '1' || word[0] == '3') && DecodeBase58Check(word, &bytes) == 25) {
    scan.Report(Kind::kBitcoinAddress, begin, end);
  }
  if (scan.wants(Kind::kBitcoinAddress) && (word.starts_with("bc1") || word.starts_with("BC1")) && word.size() >= 42 &&
      word.size() <= 62 && IsBech32Address(word)) {
    scan.Report(Kind::kBitcoinAddress, begin, end);
  }
  if (scan.wants(Kind::kBitcoinKey)) {
    const bool wif = (word.size() == 51 && word[0] == '5') || (word.size() == 52 && (word[0] == 'K' || word[0] == 'L'));
    const bool extended =
        word.size() == 111 && (word.starts_with("xprv") || word.starts_with("yprv") || word.starts_with("zprv"));
    const size_t size = wif || extended ? DecodeBase58Check(word, &bytes) : 0;
    if (extended ? size == 82 : (size == 37 || size == 38) && bytes[0] == 0x80) {
      scan.Report(Kind::kBitcoinKey, begin, end);
    }
  }
  if (word.size() == 42 && has_prefix && AllHex(word.substr(2))) {
    scan.Report(Kind::kEthereumAddress, begin, end);
  }
  const std::string_view key = has_prefix ? word.substr(2) : word;
  if (key.size() == 64 && scan.wants(Kind::kEthereumKey) && AllHex(key) &&
      scan.InContext(Kind::kEthereumKey, begin, end)) {
    scan.Report(Kind::kEthereumKey, begin, end);
  }
}

}  // namespace chaperone::masking::detect
