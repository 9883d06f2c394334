// Characters of UTF-8 text (RFC 3629). Strict: overlong forms, surrogates and code points past U+10FFFF are invalid.
#ifndef CHAPERONE_DATAPLANE_MASKING_UTF8_H_
#define CHAPERONE_DATAPLANE_MASKING_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace chaperone::masking {

// What TakeUtf8 returns for bytes that are no character.
inline constexpr char32_t kInvalidCharacter = 0xffffffff;

// No byte has its high bit set.
inline bool IsAscii(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  const char* at = text.data();
  size_t left = text.size();
  uint64_t seen = 0;
  for (; left >= sizeof(seen); at += sizeof(seen), left -= sizeof(seen)) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    seen |= word;
  }
  for (; left > 0; ++at, --left) {
    seen |= static_cast<uint8_t>(*at);
  }
  return (seen & kHighBits) == 0;
}

// Takes one character off the front; on kInvalidCharacter `rest` is unchanged. REQUIRES: `rest` is not empty.
char32_t TakeUtf8(std::string_view* rest);

// Bytes that AppendUtf8 would write, 1 to 4.
inline size_t Utf8Bytes(char32_t character) {
  return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

// REQUIRES: a code point, no surrogate.
void AppendUtf8(char32_t character, std::string* out);

// Counts characters. False when `text` is not valid UTF-8.
bool CountUtf8(std::string_view text, size_t* characters);

// The bytes of the first `characters` characters. REQUIRES: `text` is valid UTF-8 with at least so many.
size_t Utf8PrefixBytes(std::string_view text, size_t characters);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_UTF8_H_
