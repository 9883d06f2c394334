#include "api/base/id.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

namespace chaperone::base::internal {

namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t kTextChars = 26;

int DigitOf(char c) {
  const size_t at = kAlphabet.find(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

uint64_t Load(const IdBytes& bytes, size_t at, size_t size) {
  uint64_t value = 0;
  for (size_t i = at; i < at + size; ++i) {
    value = value << 8 | bytes[i];
  }
  return value;
}

// The id that lies `step` + 1 behind `id`.
IdBytes Later(IdBytes id, uint64_t step) {
  uint64_t carry = step + 1;
  for (size_t i = kIdBytes; i-- > kTimeBytes && carry != 0;) {
    carry += id[i];
    id[i] = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
  return id;
}

}  // namespace

IdBytes NewIdBytes(std::chrono::system_clock::time_point now) {
  IdBytes bytes;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  for (size_t i = 0; i < kTimeBytes; ++i) {
    bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(ms) >> (8 * (kTimeBytes - 1 - i)));
  }
  constexpr size_t kRandomBytes = kIdBytes - kTimeBytes;
  // Requests of at most 256 bytes are never cut short once the kernel's pool is initialised (getrandom(2)).
  if (getrandom(bytes.data() + kTimeBytes, kRandomBytes, 0) != static_cast<ssize_t>(kRandomBytes)) {
    std::abort();
  }
  static std::mutex mutex;
  static IdBytes last{};
  const std::lock_guard lock(mutex);
  const bool same_time = std::equal(bytes.begin(), bytes.begin() + kTimeBytes, last.begin());
  if (same_time && bytes <= last) {
    bytes = Later(last, Load(bytes, kIdBytes - 4, 4));
  }
  last = bytes;
  return bytes;
}

std::string FormatId(std::string_view prefix, const IdBytes& bytes) {
  std::string text(prefix);
  text.resize(prefix.size() + kTextChars);
  // 128 bits, five at a time from the low end; the first character holds the top three.
  unsigned __int128 value = 0;
  for (const uint8_t byte : bytes) {
    value = (value << 8) | byte;
  }
  for (size_t i = kTextChars; i-- > 0;) {
    text[prefix.size() + i] = kAlphabet[static_cast<size_t>(value & 31)];
    value >>= 5;
  }
  return text;
}

absl::StatusOr<IdBytes> ParseId(std::string_view prefix, std::string_view text) {
  if (text.size() != prefix.size() + kTextChars || text.substr(0, prefix.size()) != prefix) {
    return InvalidArgument("not an id of this kind: expected \"{}\" and {} characters", prefix, kTextChars);
  }
  text.remove_prefix(prefix.size());
  if (DigitOf(text[0]) > 7) {
    return InvalidArgument("not an id: the first character after \"{}\" is out of range", prefix);
  }
  unsigned __int128 value = 0;
  for (const char c : text) {
    const int digit = DigitOf(c);
    if (digit < 0) {
      return InvalidArgument("not an id: a character after \"{}\" is not base32", prefix);
    }
    value = (value << 5) | static_cast<unsigned>(digit);
  }
  IdBytes bytes;
  for (size_t i = kIdBytes; i-- > 0;) {
    bytes[i] = static_cast<uint8_t>(value);
    value >>= 8;
  }
  return bytes;
}

}  // namespace chaperone::base::internal
