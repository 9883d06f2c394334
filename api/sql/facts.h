// Facts: what a message's SQL text would do, as far as its grammar and the catalog tell. Pure data; policy judges it,
// masking plans with it, approvals and records quote it.
//
// "Unknown" is a fact like any other: whatever the analyser cannot classify or resolve becomes a need for the action
// `unknown`, which no wildcard grants by accident (api/policy/POLICY.md).
#ifndef CHAPERONE_API_SQL_FACTS_H_
#define CHAPERONE_API_SQL_FACTS_H_

#include <compare>
#include <cstdint>
#include <optional>
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
  // As policy patterns match it: names decoded and folded, unquoted, joined by dots. "*" for kNone.
  std::string resource = "*";
  // Of the relation or function; 0 when it does not exist yet, or the resource has none.
  Oid oid = 0;
  // Not 0: the text does not name the resource; the definition of this view does. A view of the system schemas stands
  // for itself and adds no such needs.
  Oid via = 0;
  // UPDATE and DELETE: there is no WHERE, or it lets every row through: it is true when constants are folded, or does
  // not depend on the row at all. Advisory: a WHERE that happens to match every row is only known to the server.
  bool where_absent = false;
  // For unknown, execute and admin: why, in words for the agent ("pg_read_file reads the server's files").
  std::string reason;
  // Byte offset in the text; -1 when there is none.
  int32_t location = -1;

  bool operator==(const Need&) const = default;
};

// A column of a relation.
struct ColumnId {
  Oid relation = 0;
  // pg_attribute.attnum; negative a system column. 0, the whole row, stands only in OutputColumn::origin: everywhere
  // else a whole row is listed column by column.
  int16_t attnum = 0;

  auto operator<=>(const ColumnId&) const = default;
};

// Where the values of one output column come from.
struct OutputColumn {
  std::string name;
  // Every column that may flow into the value; sorted, without repeats. For a column of a view: that column and,
  // through the definition, the columns of its tables. For a column of an inheritance tree or partitioned table: also
  // the columns of that name above and below it. A rule for any of them is a rule for the value.
  std::vector<ColumnId> sources;
  // Columns of which only the presence shows, not the value: count(x), x IS NULL. Disjoint from `sources`.
  std::vector<ColumnId> presence;
  // The sources are not known, or not all: treat as coming from everywhere.
  bool unknown = false;
  // The value is that of a column, unchanged: any of `sources` has the very same value, or none of this row.
  bool plain = false;
  // The table and column that the server's RowDescription must report: a view's own for a view, attnum 0 for a whole
  // row, relation 0 for a computed value. Meaningful when origin_known.
  ColumnId origin;
  bool origin_known = false;
  // The value's type and its modifier, as far as the tree tells; 0: not inferred.
  Oid type = 0;
  int32_t typmod = -1;
};

// A comparison of a column with constants or parameters by equality alone: who may ask it learns whether a value is
// there.
struct EqualityProbe {
  // The column and what it comes from; resolved like OutputColumn::sources.
  std::vector<ColumnId> columns;
  // As the text has them, without quotes and casts.
  std::vector<std::string> constants;
  // Numbers of parameters, from 1.
  std::vector<int64_t> parameters;

  bool operator==(const EqualityProbe&) const = default;
};

// One column that a statement writes, and where the new value comes from.
struct ColumnWrite {
  ColumnId column;
  std::vector<ColumnId> sources;
  bool unknown = false;

  bool operator==(const ColumnWrite&) const = default;
};

// A setting that a statement changes: SET, RESET, set_config(), the modes of SET TRANSACTION and BEGIN.
struct SettingChange {
  // Lower case.
  std::string name;
  // The new value's parts (search_path has several); absent for RESET, SET … TO DEFAULT and values that are not
  // constants.
  std::optional<std::vector<std::string>> value;
  // RESET or TO DEFAULT.
  bool reset = false;
  // SET LOCAL, or set_config(…, true): until the end of the transaction.
  bool local = false;

  bool operator==(const SettingChange&) const = default;
};

// How COPY data is laid out. Defaults follow the format.
struct CopyOptions {
  enum class Format : uint8_t { kText, kCsv, kBinary };
  Format format = Format::kText;
  char delimiter = '\t';
  char quote = '"';
  char escape = '"';
  bool header = false;
  std::string null = "\\N";
  // FORCE_QUOTE: names of columns whose values are quoted in any case; `*` is all of them.
  std::vector<std::string> force_quote;
  bool force_quote_all = false;
  // Absent: the client's encoding.
  std::string encoding;

  bool operator==(const CopyOptions&) const = default;
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

  // Result columns, in order; meaningful when outputs_known. For PREPARE and DECLARE: of the statement inside, as
  // EXECUTE and FETCH return them. For COPY … TO: the columns of the data.
  std::vector<OutputColumn> outputs;
  // A RowDescription follows (not so for PREPARE, DECLARE and COPY).
  bool returns_rows = false;
  bool outputs_known = false;

  // Columns that decide which rows come back, how many, or in which order: WHERE, JOIN, GROUP BY, HAVING, ORDER BY,
  // DISTINCT, LIMIT, set operations that drop rows, at every level. Resolved like OutputColumn::sources; sorted,
  // without repeats.
  std::vector<ColumnId> predicates;
  // Of these, the columns that are used in predicates in no other way than `column = parameter or constant` (also IN
  // with a list of such), combined by AND. The column's own value, nothing that is computed from it.
  std::vector<ColumnId> equality_predicates;
  // These comparisons.
  std::vector<EqualityProbe> equality_probes;
  // Columns that are an operand of anything but a bare reference, at every level: an error could quote their values.
  std::vector<ColumnId> computed;
  // Columns referred to in any way, stars and whole rows included.
  std::vector<ColumnId> referenced;
  // Tables, views and sequences whose data is read, and those that a view's definition reads.
  std::vector<Oid> reads;

  // Columns that are written, with the sources of their values. `written` and `write_sources` sum them up;
  // write_sources also holds what flows into a new table, a setting, a notification or a function that may keep it.
  std::vector<ColumnWrite> writes;
  std::vector<ColumnId> written;
  std::vector<ColumnId> write_sources;
  // Something flows into a write that is not resolved.
  bool write_unknown = false;
  // Triggers or rules of a written table run code whose effect is not in these facts.
  bool runs_triggers = false;
  // It may change rows that the count in its command tag leaves out: a WITH that writes, EXPLAIN ANALYZE of a write, an
  // INSTEAD OF trigger.
  bool writes_uncounted = false;

  TransactionVerb transaction = TransactionVerb::kNone;
  // COMMIT or ROLLBACK AND CHAIN: a new transaction begins at once.
  bool transaction_chain = false;
  SessionObjectVerb object_verb = SessionObjectVerb::kNone;
  // Name of the prepared statement, cursor or savepoint.
  std::string object_name;
  std::vector<SettingChange> settings;
  CopyDirection copy = CopyDirection::kNone;
  CopyOptions copy_options;
  bool is_explain = false;
  // EXPLAIN ANALYZE: the inner statement runs.
  bool explain_runs = false;
  // Changes how later text is read or resolved (search_path, a setting that is pinned, SET ROLE, temporary or other
  // DDL): nothing pipelined behind it is judged before it has run.
  bool is_barrier = false;
  // Its names are looked up behind a COMMIT, ROLLBACK, EXECUTE or FETCH of the same text, which may change what they
  // mean: only the session knows whether its transaction, or what is executed, has changed names.
  bool behind_possible_rename = false;
  // Byte range in the text.
  uint32_t offset = 0;
  uint32_t length = 0;
};

// Why a text has no statements to judge.
struct TextError {
  // In PostgreSQL's words, without any part of the text.
  std::string message;
  // Byte offset; -1 when there is none.
  int32_t location = -1;
};

// All statements of one message's text, in order.
struct Facts {
  std::vector<Statement> statements;
  // The text was not understood. Then there is one statement, whose one need is `unknown` on "*".
  std::optional<TextError> error;
};

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_FACTS_H_
