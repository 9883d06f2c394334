// Integers and floating-point numbers as PostgreSQL writes them: decimal text, or big-endian bytes (the types' send and
// receive functions).
#ifndef CHAPERONE_DATAPLANE_MASKING_WIRE_NUMBER_H_
#define CHAPERONE_DATAPLANE_MASKING_WIRE_NUMBER_H_

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace chaperone::masking {

// REQUIRES: `at` has sizeof(T) bytes.
template <typename T>
T LoadBigEndian(const char* at) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = value << 8 | static_cast<uint8_t>(at[i]);
  }
  return static_cast<T>(value);
}

template <typename T>
void AppendBigEndian(T value, std::string* out) {
  std::array<char, sizeof(T)> bytes;
  auto rest = static_cast<uint64_t>(value);
  for (size_t i = bytes.size(); i-- > 0; rest >>= 8) {
    bytes[i] = static_cast<char>(rest & 0xff);
  }
  out->append(bytes.data(), bytes.size());
}

// The whole text is one number of type T.
template <typename T>
bool ParseNumber(std::string_view text, T* value) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stop == end;
}

// The shortest text that reads back as `value`.
template <typename T>
void AppendNumber(T value, std::string* out) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  out->append(text.data(), static_cast<size_t>(end - text.data()));
}

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_WIRE_NUMBER_H_
