#include "dataplane/masking/detect/fold.h"

#include <cstring>

namespace chaperone::masking::detect {

namespace {

struct Character {
  uint32_t code = 0;
  size_t size = 1;
};

// The character at the front of `text`; a byte that starts none stands for itself.
Character Decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const size_t size = byte(0) < 0xc0 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  if (size == 1 || text.size() < size) {
    return {byte(0), 1};
  }
  uint32_t code = byte(0) & (0x7fU >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) {
      return {byte(0), 1};
    }
    code = code << 6 | (byte(i) & 0x3f);
  }
  return {code, size};
}

constexpr uint32_t kRemoved = 0;
constexpr uint32_t kKept = 0xffffffff;

// Where runs of ten decimal digits start in other scripts (Unicode, general category Nd), and the mathematical ones.
constexpr uint32_t kZeros[] = {0x660,  0x6f0,  0x7c0,  0x966,   0x9e6,   0xa66,   0xae6,   0xb66,
                               0xbe6,  0xc66,  0xce6,  0xd66,   0xe50,   0xed0,   0xf20,   0x1040,
                               0x17e0, 0x1810, 0xff10, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6};

// The ASCII character that `code` looks like, kRemoved, or kKept.
uint32_t AsciiOf(uint32_t code) {
  if (code < 0xa0) {
    return kKept;
  }
  for (const uint32_t zero : kZeros) {
    if (code >= zero && code < zero + 10) {
      return '0' + (code - zero);
    }
  }
  if (code >= 0xff01 && code <= 0xff5e) {
    return code - 0xfee0;
  }
  if ((code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2060 && code <= 0x2064) ||
      code == 0xfeff || code == 0xad || code == 0x34f || code == 0x180e || (code >= 0xfe00 && code <= 0xfe0f)) {
    return kRemoved;
  }
  if (code == 0xa0 || (code >= 0x2000 && code <= 0x200a) || code == 0x202f || code == 0x205f || code == 0x3000) {
    return ' ';
  }
  if ((code >= 0x2010 && code <= 0x2015) || code == 0x2212 || code == 0xfe63) {
    return '-';
  }
  return kKept;
}

bool IsAscii(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  uint64_t seen = 0;
  size_t at = 0;
  for (; text.size() - at >= sizeof(seen); at += sizeof(seen)) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, text.data() + at, sizeof(bytes));
    seen |= bytes;
  }
  for (; at < text.size(); ++at) {
    seen |= static_cast<uint8_t>(text[at]);
  }
  return (seen & kHighBits) == 0;
}

}  // namespace

bool Fold(std::string_view text, Folded* out) {
  if (IsAscii(text)) {
    return false;
  }
  const auto is_high = [](char c) { return static_cast<uint8_t>(c) >= 0x80; };
  out->text.clear();
  out->places.clear();
  bool folded = false;
  for (size_t at = 0; at < text.size();) {
    const Character character = is_high(text[at]) ? Decode(text.substr(at)) : Character{0, 1};
    const uint32_t ascii = character.size == 1 ? kKept : AsciiOf(character.code);
    folded = folded || ascii != kKept;
    if (ascii == kKept) {
      for (size_t i = 0; i < character.size; ++i) {
        out->text.push_back(text[at + i]);
        out->places.push_back(static_cast<uint32_t>(at + i));
      }
    } else if (ascii != kRemoved) {
      out->text.push_back(static_cast<char>(ascii));
      out->places.push_back(static_cast<uint32_t>(at));
    }
    at += character.size;
  }
  out->places.push_back(static_cast<uint32_t>(text.size()));
  return folded;
}

}  // namespace chaperone::masking::detect
