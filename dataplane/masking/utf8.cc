#include "dataplane/masking/utf8.h"

namespace chaperone::masking {

namespace {

bool IsContinuation(char byte) { return (static_cast<uint8_t>(byte) & 0xc0) == 0x80; }

}  // namespace

char32_t TakeUtf8(std::string_view* rest) {
  const auto lead = static_cast<uint8_t>(rest->front());
  if (lead < 0x80) {
    rest->remove_prefix(1);
    return lead;
  }
  const size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || rest->size() < bytes) {
    return kInvalidCharacter;
  }
  char32_t character = lead & (0x7f >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if (!IsContinuation((*rest)[i])) {
      return kInvalidCharacter;
    }
    character = character << 6 | (static_cast<uint8_t>((*rest)[i]) & 0x3f);
  }
  const bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
  if (Utf8Bytes(character) != bytes || is_surrogate || character > 0x10ffff) {
    return kInvalidCharacter;
  }
  rest->remove_prefix(bytes);
  return character;
}

void AppendUtf8(char32_t character, std::string* out) {
  if (character < 0x80) {
    out->push_back(static_cast<char>(character));
    return;
  }
  const size_t bytes = Utf8Bytes(character);
  // The lead byte has as many high bits set as the sequence has bytes.
  out->push_back(static_cast<char>((0xf00 >> bytes & 0xff) | character >> (6 * (bytes - 1))));
  for (size_t i = bytes - 1; i-- > 0;) {
    out->push_back(static_cast<char>(0x80 | (character >> (6 * i) & 0x3f)));
  }
}

bool CountUtf8(std::string_view text, size_t* characters) {
  if (IsAscii(text)) {
    *characters = text.size();
    return true;
  }
  size_t count = 0;
  for (std::string_view rest = text; !rest.empty(); ++count) {
    if (TakeUtf8(&rest) == kInvalidCharacter) {
      return false;
    }
  }
  *characters = count;
  return true;
}

size_t Utf8PrefixBytes(std::string_view text, size_t characters) {
  size_t at = 0;
  for (; characters > 0; --characters) {
    ++at;
    while (at < text.size() && IsContinuation(text[at])) {
      ++at;
    }
  }
  return at;
}

}  // namespace chaperone::masking
