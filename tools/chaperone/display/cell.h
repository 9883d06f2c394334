// PostgreSQL values as text: a value of the text format as it stands, one of the binary format decoded for the types
// that drivers ask for in binary, anything else as hex. Formats: src/backend/utils/adt/*_send of PostgreSQL 15. The
// result is raw text; make it printable before it reaches a terminal. Pure; thread-safe.
#ifndef CHAPERONE_TOOLS_CHAPERONE_DISPLAY_CELL_H_
#define CHAPERONE_TOOLS_CHAPERONE_DISPLAY_CELL_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace chaperone::display {

struct CellFormat {
  uint32_t type_oid = 0;
  bool binary = false;
};

// Never fails: bytes that do not decode as their type come out as "\x…".
std::string CellText(const CellFormat& format, std::string_view value);

// "int4" for a built-in type that this file knows, "oid 12345" else; empty for 0.
std::string TypeName(uint32_t type_oid);

// Numbers stand on the right in tables.
bool IsNumeric(uint32_t type_oid);

// "\x0102".
std::string Hex(std::string_view bytes);

}  // namespace chaperone::display

#endif  // CHAPERONE_TOOLS_CHAPERONE_DISPLAY_CELL_H_
