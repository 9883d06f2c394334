#include "tools/chaperone/display/json.h"

#include <fmt/format.h>

#include "tools/chaperone/display/unicode.h"

namespace chaperone::display {

namespace {

// "\u001b"; a surrogate pair past the basic plane.
std::string Escape(uint32_t code_point) {
  if (code_point < 0x10000) {
    return fmt::format("\\u{:04x}", code_point);
  }
  const uint32_t offset = code_point - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (offset >> 10), 0xdc00 + (offset & 0x3ff));
}

}  // namespace

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const CodePoint point = Decode(text);
    if (!point.valid) {
      out += "\\ufffd";
    } else if (point.value == '"' || point.value == '\\') {
      out += '\\';
      out += static_cast<char>(point.value);
    } else if (point.value == '\n') {
      out += "\\n";
    } else if (point.value == '\t') {
      out += "\\t";
    } else if (IsHazard(point.value)) {
      out += Escape(point.value);
    } else {
      out.append(text.substr(0, point.bytes));
    }
    text.remove_prefix(point.bytes);
  }
  return out + "\"";
}

JsonObject& JsonObject::Raw(std::string_view name, std::string_view json) {
  text_ += fmt::format("{}\"{}\":{}", text_.size() == 1 ? "" : ",", name, json);
  return *this;
}

JsonObject& JsonObject::String(std::string_view name, std::string_view value) { return Raw(name, JsonString(value)); }

JsonObject& JsonObject::Optional(std::string_view name, std::string_view value) {
  return value.empty() ? *this : String(name, value);
}

JsonObject& JsonObject::Number(std::string_view name, uint64_t value) { return Raw(name, std::to_string(value)); }

JsonObject& JsonObject::Bool(std::string_view name, bool value) { return Raw(name, value ? "true" : "false"); }

JsonObject& JsonObject::Null(std::string_view name) { return Raw(name, "null"); }

JsonArray& JsonArray::Raw(std::string_view json) {
  text_ += fmt::format("{}{}", text_.size() == 1 ? "" : ",", json);
  return *this;
}

}  // namespace chaperone::display
