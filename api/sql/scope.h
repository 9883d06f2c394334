// What names mean at one place of a query: range items (tables, subqueries, functions, joins in FROM), their columns,
// and the scopes round them. Follows PostgreSQL's parse_relation.c. Internal to api/sql.
#ifndef CHAPERONE_API_SQL_SCOPE_H_
#define CHAPERONE_API_SQL_SCOPE_H_

#include <string_view>
#include <vector>

#include "api/sql/catalog.h"
#include "api/sql/column_set.h"
#include "api/sql/tree.h"

namespace chaperone::sql {

struct RangeItem;

// What is known of an expression's value.
struct Value {
  // Columns whose values may flow into it, and those of which only presence shows.
  ColumnSet flows;
  ColumnSet presence;
  // Other things may flow into it.
  bool unknown = false;
  // A column's value as it is.
  bool plain = false;
  // What RowDescription reports for it; relation 0: computed.
  bool origin_known = true;
  ColumnId origin;
  // 0: not inferred; oids::kUnknown: an untyped literal.
  Oid type = 0;
  int32_t typmod = -1;
  // The whole row of this item; through a column of another item, as q.u in (SELECT u FROM users u) q.
  const RangeItem* row = nullptr;
  bool row_in_column = false;
  // A reference to a table's column names it by this item. Good within the query that has the item in its FROM clause.
  const RangeItem* table = nullptr;
};

struct ScopeColumn {
  std::string_view name;
  Value value;
};

// One entry of a FROM clause, or the target of a write.
struct RangeItem {
  // How expressions name it; empty: not at all.
  std::string_view alias;
  // A table or view named without an alias: schema.table.column refers to it too.
  bool schema_may_qualify = false;
  // Set for tables and views; their columns are looked up in the catalog until `columns` is filled.
  const Relation* relation = nullptr;
  bool expanded = false;
  std::vector<ScopeColumn> columns;
  // False: there may be columns that are not listed.
  bool complete = true;
  // A function that returns a plain value: the item's name is that value.
  bool scalar = false;
  // The type of the whole row; 0 when not known.
  Oid row_type = 0;
  // Something in the statement refers to a column of it.
  mutable bool used = false;
};

struct ScopeEntry {
  const RangeItem* item = nullptr;
  bool name_visible = true;
  bool columns_visible = true;
  // On the left of the FROM entry that is being analysed.
  bool lateral_only = false;
};

// A common table expression, analysed when something first refers to it.
struct CommonTable {
  enum class State : uint8_t { kPending, kRunning, kDone };

  std::string_view name;
  const Node* node = nullptr;
  State state = State::kPending;
  std::vector<ScopeColumn> columns;
  bool complete = true;
};

struct Scope;

// The common tables of one WITH clause, and of those round it.
struct CommonTables {
  CommonTables* parent = nullptr;
  // What their queries see besides: the scope round the one that has the WITH clause.
  const Scope* scope = nullptr;
  // Not recursive: an entry sees those before it only.
  bool recursive = false;
  std::vector<CommonTable*> tables;
  // How many of `tables` can be seen.
  size_t visible = 0;
};

struct NamedWindow {
  std::string_view name;
  Value value;
};

struct Scope {
  const Scope* parent = nullptr;
  std::vector<ScopeEntry> entries;
  // The query below sees entries that are lateral_only.
  bool lateral_active = false;
  CommonTables* common_tables = nullptr;
  std::vector<NamedWindow> windows;
};

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_SCOPE_H_
