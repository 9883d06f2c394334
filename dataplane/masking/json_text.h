// JSON tokens (RFC 8259) as PostgreSQL's json and jsonb hold them: taking one off the front, reading and writing
// strings.
#ifndef CHAPERONE_DATAPLANE_MASKING_JSON_TEXT_H_
#define CHAPERONE_DATAPLANE_MASKING_JSON_TEXT_H_

#include <string>
#include <string_view>

namespace chaperone::masking {

inline constexpr std::string_view kJsonSpaces = " \t\n\r";

// The length of the string literal that starts at text[0], quotes included; 0 when it does not end. Escapes are
// skipped, not checked. REQUIRES: text[0] is '"'.
size_t JsonStringBytes(std::string_view text);

// Appends what the literal means, as UTF-8. False for an escape that means nothing (a lone surrogate) and for control
// characters. REQUIRES: JsonStringBytes(literal) is its size.
bool AppendJsonStringValue(std::string_view literal, std::string* out);

// Appends `value` as a literal. REQUIRES: valid UTF-8.
void AppendJsonString(std::string_view value, std::string* out);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_JSON_TEXT_H_
