#include "dataplane/masking/json_text.h"

#include <cstdint>

#include "dataplane/masking/utf8.h"

namespace chaperone::masking {

namespace {

constexpr std::string_view kEscapes = "\"\\/bfnrt";
constexpr std::string_view kEscaped = "\"\\/\b\f\n\r\t";
constexpr size_t kUnicodeDigits = 4;

// The four digits of \uXXXX off the front.
bool TakeUnit(std::string_view* rest, char32_t* unit) {
  if (rest->size() < kUnicodeDigits) {
    return false;
  }
  *unit = 0;
  for (size_t i = 0; i < kUnicodeDigits; ++i) {
    const char c = (*rest)[i];
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      *unit = *unit << 4 | static_cast<char32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      *unit = *unit << 4 | static_cast<char32_t>(lower - 'a' + 10);
    } else {
      return false;
    }
  }
  rest->remove_prefix(kUnicodeDigits);
  return true;
}

// What follows "\u": one unit, or a pair of surrogates.
bool TakeUnicodeEscape(std::string_view* rest, std::string* out) {
  char32_t character = 0;
  if (!TakeUnit(rest, &character)) {
    return false;
  }
  if (character >= 0xd800 && character <= 0xdfff) {
    char32_t low = 0;
    if (character >= 0xdc00 || !rest->starts_with("\\u")) {
      return false;
    }
    rest->remove_prefix(2);
    if (!TakeUnit(rest, &low) || low < 0xdc00 || low > 0xdfff) {
      return false;
    }
    character = 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
  }
  AppendUtf8(character, out);
  return true;
}

}  // namespace

size_t JsonStringBytes(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      return i + 1;
    }
    i += text[i] == '\\' ? 1 : 0;
  }
  return 0;
}

bool AppendJsonStringValue(std::string_view literal, std::string* out) {
  std::string_view rest = literal.substr(1, literal.size() - 2);
  while (!rest.empty()) {
    const size_t plain = std::min(rest.find('\\'), rest.size());
    for (const char c : rest.substr(0, plain)) {
      if (static_cast<uint8_t>(c) < 0x20) {
        return false;
      }
    }
    out->append(rest.substr(0, plain));
    rest.remove_prefix(plain);
    if (rest.empty()) {
      return true;
    }
    const char escape = rest.size() > 1 ? rest[1] : '\0';
    rest.remove_prefix(std::min<size_t>(rest.size(), 2));
    if (escape == 'u') {
      if (!TakeUnicodeEscape(&rest, out)) {
        return false;
      }
    } else if (const size_t known = kEscapes.find(escape); known != std::string_view::npos) {
      out->push_back(kEscaped[known]);
    } else {
      return false;
    }
  }
  return true;
}

void AppendJsonString(std::string_view value, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  out->push_back('"');
  for (const char c : value) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte < 0x20) {
      out->append("\\u00");
      out->push_back(kDigits[byte >> 4]);
      out->push_back(kDigits[byte & 0xf]);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

}  // namespace chaperone::masking
