// How much text and tree a parse may take.
#ifndef CHAPERONE_API_SQL_PARSE_LIMITS_H_
#define CHAPERONE_API_SQL_PARSE_LIMITS_H_

#include <cstddef>

namespace chaperone::sql {

struct ParseLimits {
  size_t text_bytes_max = size_t{4} << 20;
  // Nodes of all statements together.
  size_t nodes_max = size_t{2} << 20;
  // Levels from a statement's root to its deepest node. A server with its default stack refuses deeper text itself.
  size_t depth_max = 10'000;
};

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_PARSE_LIMITS_H_
