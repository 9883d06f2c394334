// UTF-8 decoding and the few character classes that a terminal needs. Pure; thread-safe.
#ifndef CHAPERONE_TOOLS_CHAPERONE_DISPLAY_UNICODE_H_
#define CHAPERONE_TOOLS_CHAPERONE_DISPLAY_UNICODE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chaperone::display {

struct CodePoint {
  uint32_t value = 0;
  // Bytes it took; 1 when `valid` is false.
  size_t bytes = 1;
  bool valid = false;
};

// The first code point of `text`, strictly (no overlong forms, no surrogates). REQUIRES: !text.empty().
CodePoint Decode(std::string_view text);

// Control characters, and what is invisible or changes the order of its neighbours.
bool IsHazard(uint32_t code_point);
bool IsWide(uint32_t code_point);
bool IsCombining(uint32_t code_point);

}  // namespace chaperone::display

#endif  // CHAPERONE_TOOLS_CHAPERONE_DISPLAY_UNICODE_H_
