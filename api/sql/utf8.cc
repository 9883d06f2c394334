// Well-formed UTF-8 as PostgreSQL defines it (pg_utf8_islegal): no overlong forms, no surrogates, nothing past
// U+10FFFF.
#include <cstring>

#include "api/sql/parse.h"

namespace chaperone::sql {

namespace {

// Length of the well-formed sequence at `s`, of which `left` bytes stand; 0 when there is none.
size_t SequenceBytes(const unsigned char* s, size_t left) {
  const auto continues = [&](size_t i) { return i < left && (s[i] & 0xC0) == 0x80; };
  if (s[0] >= 0xC2 && s[0] <= 0xDF) {
    return continues(1) ? 2 : 0;
  }
  if ((s[0] & 0xF0) == 0xE0) {
    if (!continues(1) || !continues(2) || (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F)) {
      return 0;
    }
    return 3;
  }
  if (s[0] >= 0xF0 && s[0] <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3) || (s[0] == 0xF0 && s[1] < 0x90) ||
        (s[0] == 0xF4 && s[1] > 0x8F)) {
      return 0;
    }
    return 4;
  }
  return 0;
}

}  // namespace

size_t FindInvalidUtf8(std::string_view text) {
  const auto* s = reinterpret_cast<const unsigned char*>(text.data());
  size_t i = 0;
  while (i < text.size()) {
    // Eight ASCII bytes at a time; a NUL among them has a borrow into its high bit.
    while (i + 8 <= text.size()) {
      uint64_t word;
      std::memcpy(&word, s + i, 8);
      if (((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) != 0) {
        break;
      }
      i += 8;
    }
    if (i >= text.size()) {
      break;
    }
    if (s[i] == 0) {
      return i;
    }
    if (s[i] < 0x80) {
      ++i;
      continue;
    }
    const size_t bytes = SequenceBytes(s + i, text.size() - i);
    if (bytes == 0) {
      return i;
    }
    i += bytes;
  }
  return std::string_view::npos;
}

}  // namespace chaperone::sql
