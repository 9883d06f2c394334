// Decoders of PostgreSQL's binary formats, one for each type, as text in the form of the server's own output. Each
// returns none for bytes that are not a value of its type; none trusts a length. Pure; thread-safe.
#ifndef CHAPERONE_TOOLS_CHAPERONE_DISPLAY_BINARY_VALUE_H_
#define CHAPERONE_TOOLS_CHAPERONE_DISPLAY_BINARY_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chaperone::display {

std::optional<std::string> DecodeBool(std::string_view value);
// Two, four or eight bytes.
std::optional<std::string> DecodeInteger(std::string_view value);
std::optional<std::string> DecodeUnsigned(std::string_view value);
std::optional<std::string> DecodeFloat(std::string_view value);
std::optional<std::string> DecodeNumeric(std::string_view value);
std::optional<std::string> DecodeText(std::string_view value);
std::optional<std::string> DecodeBytes(std::string_view value);
std::optional<std::string> DecodeJsonb(std::string_view value);
std::optional<std::string> DecodeUuid(std::string_view value);
std::optional<std::string> DecodeMac(std::string_view value);
std::optional<std::string> DecodeInet(std::string_view value);
std::optional<std::string> DecodeDate(std::string_view value);
std::optional<std::string> DecodeTime(std::string_view value);
std::optional<std::string> DecodeTimestamp(std::string_view value);
std::optional<std::string> DecodeTimestampTz(std::string_view value);
std::optional<std::string> DecodeInterval(std::string_view value);

using ElementDecoder = std::optional<std::string> (*)(uint32_t type_oid, std::string_view value);
// One dimension, the common case; none for more, or when an element is not of type `element_oid`.
std::optional<std::string> DecodeArray(std::string_view value, uint32_t element_oid, ElementDecoder decode);

}  // namespace chaperone::display

#endif  // CHAPERONE_TOOLS_CHAPERONE_DISPLAY_BINARY_VALUE_H_
