// Facts: what a message's SQL text would do, as far as its grammar and the catalog tell. Pure data; policy judges it,
// masking plans with it, approvals and records quote it.
//
// "Unknown" is a fact like any other: whatever the analyser cannot classify or resolve becomes a need for the action
// `unknown`, which no wildcard grants by accident (api/policy/POLICY.md).
#ifndef CHAPERONE_API_SQL_FACTS_H_
#define CHAPERONE_API_SQL_FACTS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chaperone::sql {

// A PostgreSQL object identifier; 0 is none.
using Oid = uint32_t;

// What a statement needs to be allowed to do, each on a resource.
enum class Action : uint8_t {
  kRead,
  kInsert,
  kUpdate,
  kDelete,
  kTruncate,
  kDdl,
  kExecute,
  kMaintain,
  kLock,
  kCopyFile,
  kSession,
  kNotify,
  kAdmin,
  kUnknown,
};
inline constexpr int kActionCount = 14;

// The name in policies: "read", "copy_file", …
std::string_view ActionName(Action action);
// False when `name` is no action's name.
bool ParseAction(std::string_view name, Action* action);

enum class ResourceKind : uint8_t {
  kNone,      // The resource is "*": the statement as a whole.
  kRelation,  // schema.name of a table, view, materialized view, sequence, foreign table
  kFunction,  // schema.name
  kSetting,   // a configuration parameter, lower case
  kChannel,   // LISTEN/NOTIFY
  kDatabase,
  kSchema,
  kRole,
};

// One (action, resource) pair.
struct Need {
  Action action = Action::kUnknown;
  ResourceKind kind = ResourceKind::kNone;
  // As policy patterns match it; "*" for kNone.
  std::string resource = "*";
  Oid oid = 0;
  // UPDATE and DELETE: there is no WHERE, or it is true whatever the row (constants folded).
  bool where_absent = false;
  // For unknown, execute and admin: why, in words for the agent ("pg_read_file reads the server's files").
  std::string reason;
  // Byte offset in the text; -1 when there is none.
  int32_t location = -1;

  bool operator==(const Need&) const = default;
};

// A column of a base relation, or all of them.
struct ColumnId {
  Oid relation = 0;
  // pg_attribute.attnum; 0 is the whole row, negative a system column.
  int16_t attnum = 0;

  auto operator<=>(const ColumnId&) const = default;
};

// Where the values of one output column come from.
struct OutputColumn {
  std::string name;
  // Every base column that may flow into the value; sorted, without repeats. Views are resolved to their tables.
  std::vector<ColumnId> sources;
  // The sources are not known: treat as coming from everywhere.
  bool unknown = false;
  // The value is sources[0] itself, unchanged: no expression, one source.
  bool plain = false;
};

enum class TransactionVerb : uint8_t {
  kNone,
  kBegin,
  kCommit,
  kRollback,
  kSavepoint,
  kReleaseSavepoint,
  kRollbackToSavepoint,
  kPrepareTransaction,
  kCommitPrepared,
  kRollbackPrepared,
};

// SQL-level names that a statement makes, uses or drops in the session.
enum class SessionObjectVerb : uint8_t {
  kNone,
  kPrepare,        // PREPARE name AS …
  kExecute,        // EXECUTE name(…)
  kDeallocate,     // DEALLOCATE name
  kDeallocateAll,  // DEALLOCATE ALL
  kDeclareCursor,  // DECLARE name CURSOR FOR …
  kFetch,          // FETCH … FROM name, MOVE … FROM name
  kCloseCursor,    // CLOSE name
  kCloseAll,       // CLOSE ALL
  kDiscardAll,     // DISCARD ALL
};

enum class CopyDirection : uint8_t { kNone, kFromStdin, kToStdout, kFile };

// One statement of the text.
struct Statement {
  // Command tag without counts: "SELECT", "DROP TABLE".
  std::string tag;
  // Sorted by (action, resource), without repeats.
  std::vector<Need> needs;
  // Result columns, in order; meaningful when outputs_known.
  std::vector<OutputColumn> outputs;
  bool returns_rows = false;
  bool outputs_known = false;
  // Base columns that decide which rows come back, or their order: WHERE, JOIN, GROUP BY, HAVING, ORDER BY, DISTINCT,
  // window clauses, LIMIT. Sorted, without repeats.
  std::vector<ColumnId> predicates;
  // Base columns used anywhere else but as a plain output.
  std::vector<ColumnId> computed;
  // Base columns that are written, and those whose values flow into a write.
  std::vector<ColumnId> written;
  std::vector<ColumnId> write_sources;
  TransactionVerb transaction = TransactionVerb::kNone;
  SessionObjectVerb object_verb = SessionObjectVerb::kNone;
  // Name of the prepared statement or cursor.
  std::string object_name;
  CopyDirection copy = CopyDirection::kNone;
  bool is_explain = false;
  // Changes how later text is read or resolved (search_path, a setting that is pinned, SET ROLE, temporary or other
  // DDL): nothing pipelined behind it is judged before it has run.
  bool is_barrier = false;
  // Byte range in the text.
  uint32_t offset = 0;
  uint32_t length = 0;
};

// All statements of one message's text, in order.
struct Facts {
  std::vector<Statement> statements;
};

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_FACTS_H_
