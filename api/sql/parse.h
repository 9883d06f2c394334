// SQL text -> Tree, through PostgreSQL's own grammar (libpg_query). The only place that knows libpg_query: its memory
// contexts and thread-locals begin and end within Parse().
//
// The text is lexed as a server of ours lexes it: UTF-8, standard_conforming_strings on, backslash_quote at its
// default.
#ifndef CHAPERONE_API_SQL_PARSE_H_
#define CHAPERONE_API_SQL_PARSE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/base/status.h"
#include "api/sql/parse_limits.h"
#include "api/sql/tree.h"

namespace chaperone::sql {

// Parses all statements of `text`; an empty text is a tree without statements.
// Errors: InvalidArgument for invalid UTF-8, a NUL, or text that the grammar rejects, with PostgreSQL's words but never
// a token of the text; ResourceExhausted past a limit. `error_location`, when not null, gets the byte offset, or -1.
absl::StatusOr<Tree> Parse(std::string_view text, const ParseLimits& limits, int32_t* error_location);

// Byte offset of the first byte that is not part of well-formed UTF-8, or is NUL; npos when there is none.
size_t FindInvalidUtf8(std::string_view text);

// True when all node enumerations have the numbers of PostgreSQL's headers, and the tag of every node type is known.
// For a test; the numbers themselves are checked by the compiler.
int KnownPostgresTags();

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_PARSE_H_
