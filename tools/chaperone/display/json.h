// A small writer of JSON (RFC 8259): one object or array at a time, appended to a string. Strings are always valid:
// what is not UTF-8 becomes U+FFFD, and every character that could act on a terminal is written as an escape.
#ifndef CHAPERONE_TOOLS_CHAPERONE_DISPLAY_JSON_H_
#define CHAPERONE_TOOLS_CHAPERONE_DISPLAY_JSON_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace chaperone::display {

// The text as a JSON string, quotes included.
std::string JsonString(std::string_view text);

class JsonObject {
 public:
  // A second field of the same name is the caller's mistake; names are ours and need no escapes.
  JsonObject& String(std::string_view name, std::string_view value);
  // Left out when empty.
  JsonObject& Optional(std::string_view name, std::string_view value);
  JsonObject& Number(std::string_view name, uint64_t value);
  JsonObject& Bool(std::string_view name, bool value);
  JsonObject& Null(std::string_view name);
  // JSON that was made before.
  JsonObject& Raw(std::string_view name, std::string_view json);
  std::string Text() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

class JsonArray {
 public:
  JsonArray& String(std::string_view value) { return Raw(JsonString(value)); }
  JsonArray& Raw(std::string_view json);
  std::string Text() const { return text_ + "]"; }

 private:
  std::string text_ = "[";
};

}  // namespace chaperone::display

#endif  // CHAPERONE_TOOLS_CHAPERONE_DISPLAY_JSON_H_
