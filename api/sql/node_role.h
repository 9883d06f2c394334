// What each node type of the grammar is to the analysis: one table, which a test compares with the grammar's own list.
#ifndef CHAPERONE_API_SQL_NODE_ROLE_H_
#define CHAPERONE_API_SQL_NODE_ROLE_H_

#include <cstdint>

#include "api/sql/tree.h"

namespace chaperone::sql {

enum class NodeRole : uint8_t {
  kUnclassified,
  kQuery,        // SELECT, INSERT, UPDATE, DELETE, MERGE
  kTransaction,  // BEGIN, COMMIT, …
  kHarmless,     // SHOW, SET CONSTRAINTS: needs nothing
  kWrapper,      // has a statement inside: EXPLAIN, PREPARE, DECLARE, COPY, CREATE TABLE AS
  kSession,      // SET, DISCARD, cursors and prepared statements by name
  kNotify,
  kMaintain,
  kLock,
  kTruncate,
  kCall,
  kOpaque,  // code that is not looked into: DO
  kDdl,
  kDrop,
  kAdmin,
  kExpression,  // stands where a value stands
  kClause,      // a part of something else
  kPlanned,     // made after parsing; never in a raw tree
};

NodeRole RoleOf(NodeTag tag);

// The command tag of a statement, as CommandComplete has it without counts: "DROP TABLE". Empty for what is no
// statement.
std::string_view CommandTag(const Node& statement);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_NODE_ROLE_H_
