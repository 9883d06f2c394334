#include "tools/chaperone/display/cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "tools/chaperone/display/binary_value.h"

namespace chaperone::display {

namespace {

struct Type {
  uint32_t oid;
  std::string_view name;
  // Decodes the binary format; none for bytes that are not a value of the type.
  std::optional<std::string> (*decode)(std::string_view);
  // The element's type for an array.
  uint32_t element = 0;
};

// src/include/catalog/pg_type.dat.
constexpr auto kTypes = std::to_array<Type>({
    {16, "bool", DecodeBool},
    {17, "bytea", DecodeBytes},
    {18, "char", DecodeText},
    {19, "name", DecodeText},
    {20, "int8", DecodeInteger},
    {21, "int2", DecodeInteger},
    {23, "int4", DecodeInteger},
    {25, "text", DecodeText},
    {26, "oid", DecodeUnsigned},
    {114, "json", DecodeText},
    {142, "xml", DecodeText},
    {199, "json[]", nullptr, 114},
    {650, "cidr", DecodeInet},
    {700, "float4", DecodeFloat},
    {701, "float8", DecodeFloat},
    {705, "unknown", DecodeText},
    {829, "macaddr", DecodeMac},
    {869, "inet", DecodeInet},
    {1000, "bool[]", nullptr, 16},
    {1005, "int2[]", nullptr, 21},
    {1007, "int4[]", nullptr, 23},
    {1009, "text[]", nullptr, 25},
    {1014, "bpchar[]", nullptr, 1042},
    {1015, "varchar[]", nullptr, 1043},
    {1016, "int8[]", nullptr, 20},
    {1021, "float4[]", nullptr, 700},
    {1022, "float8[]", nullptr, 701},
    {1042, "bpchar", DecodeText},
    {1043, "varchar", DecodeText},
    {1082, "date", DecodeDate},
    {1083, "time", DecodeTime},
    {1114, "timestamp", DecodeTimestamp},
    {1115, "timestamp[]", nullptr, 1114},
    {1182, "date[]", nullptr, 1082},
    {1184, "timestamptz", DecodeTimestampTz},
    {1185, "timestamptz[]", nullptr, 1184},
    {1186, "interval", DecodeInterval},
    {1231, "numeric[]", nullptr, 1700},
    {1700, "numeric", DecodeNumeric},
    {2278, "void", DecodeText},
    {2950, "uuid", DecodeUuid},
    {2951, "uuid[]", nullptr, 2950},
    {3802, "jsonb", DecodeJsonb},
    {3807, "jsonb[]", nullptr, 3802},
});

const Type* Find(uint32_t oid) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const Type& type) { return type.oid == oid; });
  return found == kTypes.end() ? nullptr : &*found;
}

std::optional<std::string> DecodeElement(uint32_t oid, std::string_view value) {
  const Type* type = Find(oid);
  return type != nullptr && type->decode != nullptr ? type->decode(value) : std::nullopt;
}

}  // namespace

std::string CellText(const CellFormat& format, std::string_view value) {
  if (!format.binary) {
    return std::string(value);
  }
  if (const Type* type = Find(format.type_oid); type != nullptr) {
    const std::optional<std::string> text =
        type->decode != nullptr ? type->decode(value) : DecodeArray(value, type->element, DecodeElement);
    if (text) {
      return *text;
    }
  }
  return Hex(value);
}

std::string TypeName(uint32_t type_oid) {
  if (type_oid == 0) {
    return "";
  }
  const Type* type = Find(type_oid);
  return type != nullptr ? std::string(type->name) : fmt::format("oid {}", type_oid);
}

bool IsNumeric(uint32_t type_oid) {
  constexpr uint32_t kNumeric[] = {20, 21, 23, 26, 700, 701, 1700};
  return std::find(std::begin(kNumeric), std::end(kNumeric), type_oid) != std::end(kNumeric);
}

std::string Hex(std::string_view bytes) {
  std::string out = "\\x";
  for (const char byte : bytes) {
    out += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  }
  return out;
}

}  // namespace chaperone::display
