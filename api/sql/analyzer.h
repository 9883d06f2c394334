// The analysis of one statement: needs and columns pile up here while its parts are looked at. Internal to api/sql; the
// methods stand in one file for each family (see the comments). Not thread-safe, used once.
#ifndef CHAPERONE_API_SQL_ANALYZER_H_
#define CHAPERONE_API_SQL_ANALYZER_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/sql/analyze.h"
#include "api/sql/catalog.h"
#include "api/sql/column_set.h"
#include "api/sql/facts.h"
#include "api/sql/name_path.h"
#include "api/sql/scope.h"
#include "api/sql/tree.h"

namespace chaperone::sql {

// The columns of a query's result.
struct QueryResult {
  std::vector<ScopeColumn> columns;
  // False: there may be others, or fewer.
  bool complete = true;
};

// Grows without moving what is in it, and costs nothing while empty.
template <typename T>
class StableVector {
 public:
  template <typename... Args>
  T& emplace_back(Args&&... args) {
    return *items_.emplace_back(std::make_unique<T>(std::forward<Args>(args)...));
  }
  T& operator[](size_t index) { return *items_[index]; }
  size_t size() const { return items_.size(); }

 private:
  std::vector<std::unique_ptr<T>> items_;
};

// A value of a type that could not be told.
Value UnknownValue();

class Analyzer {
 public:
  // All must outlive the analyzer.
  Analyzer(const NamePath& path, const AnalyzeLimits& limits, std::span<const Oid> parameter_types)
      : path_(path), catalog_(path.catalog()), limits_(limits), parameter_types_(parameter_types) {}
  Analyzer(const Analyzer&) = delete;
  Analyzer& operator=(const Analyzer&) = delete;

  // analyzer.cc: the statement as a whole.
  // Fills everything of `out` but its byte range.
  void AnalyzeStatement(const Node& statement, Statement* out);
  // For a view's definition, and a generated column's expression as the one target of a SELECT, over the columns of
  // `relation`. False when something was not resolved.
  bool AnalyzeDefinition(const Node& select, Statement* out);
  bool AnalyzeGenerated(const Node& select, const Relation& relation, Statement* out);

 private:
  // Turns the piled-up sets into `out`'s lists.
  void Finish(Statement* out);
  void ResolveColumns(const ColumnSet& set, std::vector<ColumnId>* out, bool* unknown) const;
  void FillOutputs(const QueryResult& result, Statement* out) const;
  bool IsPlainOrigin(const Value& value) const;
  // analyzer.cc: what piles up.
  void Require(Action action, ResourceKind kind, std::string resource, Oid oid, std::string reason, int32_t location);
  void RequireRelation(Action action, const Relation& relation, int32_t location);
  void RequireWholesale(Action action, std::string reason, int32_t location);
  void Unknown(std::string reason, int32_t location);
  bool Spend(size_t steps, int32_t location);
  void NoteColumn(ColumnId column, Value* value);
  ColumnSet ToSet(const std::vector<ColumnId>& columns);
  void RecordWrite(ColumnId column, const Value& value);
  void RecordKept(const Value& value);
  void KeepResult(const QueryResult& result);
  void AddSetting(std::string name, std::optional<std::vector<std::string>> value, bool reset, bool local,
                  int32_t location);

  // statement.cc
  void Dispatch(const Node& statement);
  void AnalyzeInner(const Node& statement);
  void AnalyzeOptimizable(const Node& statement);
  void AnalyzeHarmless(const Node& statement);
  void AnalyzeWrapper(const Node& statement);
  void AnalyzeExplain(const Node& statement);
  void AnalyzePrepare(const Node& statement);
  void AnalyzeDeclareCursor(const Node& statement);
  void AnalyzeCreateTableAs(const Node& statement);
  void AnalyzeCall(const Node& statement);
  static const Node* FindInto(const Node& statement);
  // An option's value as defGetBoolean reads it.
  static bool OptionIsOn(const Node* argument);

  // statement_session.cc
  void AnalyzeSession(const Node& statement);
  void AnalyzeExecute(const Node& statement);
  void AnalyzeTransaction(const Node& statement);
  void NoteTransactionModes(NodeList modes, std::string_view prefix, bool needs_session);
  void AnalyzeVariableSet(const Node& statement);
  void AnalyzeDiscard(const Node& statement);
  void AnalyzeNotify(const Node& statement);

  // statement_copy.cc
  void AnalyzeCopy(const Node& statement);
  void AnalyzeCopyOptions(NodeList options);
  static bool ReadCopyOption(const Node& option, CopyOptions* copy, bool* has_escape);
  QueryResult CopyColumns(const Relation& relation, NodeList names);

  // statement_ddl.cc
  void AnalyzeDdl(const Node& statement);
  void AnalyzeDrop(const Node& statement);
  void AnalyzeAdmin(const Node& statement);
  void AnalyzeLock(const Node& statement);
  void AnalyzeTruncate(const Node& statement);
  void AnalyzeMaintenance(const Node& statement);
  void AnalyzeCreateSchema(const Node& statement);
  void AnalyzeRenameObject(const Node& statement);
  void RequireCreation(const Node& range_var);
  void RequireOnRelation(Action action, std::string_view schema, std::string_view name, int32_t location);
  void RequireOnRangeVar(Action action, const Node* range_var);
  void RequireDdlObject(pg::ObjectType type, const Node* object);
  void RequireNamed(ResourceKind kind, const QualifiedName& name);
  void RequireNamedList(ResourceKind kind, NodeList parts);
  void RequireNamedTables(const Node& statement);
  void ScanLooseExpressions(const Node& statement);
  std::string NewObjectName(std::string_view schema, std::string_view name, bool temporary) const;

  // query_select.cc
  QueryResult AnalyzeQuery(const Node& statement, const Scope* parent, CommonTables* common_tables);
  QueryResult AnalyzeSelect(const Node& select, const Scope* parent, CommonTables* common_tables);
  QueryResult AnalyzeSimpleSelect(const Node& select, Scope* scope);
  QueryResult AnalyzeValues(const Node& select, Scope* scope);
  QueryResult AnalyzeSetOperation(const Node& select, Scope* scope);
  void AnalyzeTargets(NodeList targets, Scope* scope, QueryResult* result);
  void AnalyzeTarget(const Node& target, Scope* scope, QueryResult* result);
  void ExpandStar(const Node& reference, Scope* scope, QueryResult* result);
  void ExpandRow(const Value& value, QueryResult* result);
  void AnalyzeWindows(NodeList windows, Scope* scope);
  void AnalyzeGrouping(NodeList items, const Scope& scope, const QueryResult& result);
  Value GroupingKey(const Node& item, const Scope& scope, const QueryResult& result);
  void AddKeys(std::span<const Value> keys, std::span<const ScopeEntry> entries);
  void AnalyzeOrdering(NodeList items, const Scope& scope, const QueryResult& result);
  void AnalyzeDistinct(NodeList items, const Scope& scope, const QueryResult& result);
  void AnalyzeLocking(NodeList clauses, const Scope& scope, size_t first_item);
  void AddPredicate(const Value& value);
  void AnalyzePredicate(const Node* condition, const Scope& scope);
  bool AddEquality(const Node& comparison, const Value& value, const Scope& scope);

  // query_with.cc
  CommonTables* OpenWith(const Node* with_clause, const Scope* parent, CommonTables* outer);
  const CommonTable* FindCommonTable(std::string_view name, CommonTables* tables);
  void AnalyzeCommonTable(CommonTable* table, CommonTables* owner);
  void AnalyzeRecursive(CommonTable* table, const Node& select, CommonTables* owner);
  void AppendSearchAndCycle(CommonTable* table);

  // query_from.cc
  void AnalyzeFrom(NodeList from, Scope* scope);
  std::vector<ScopeEntry> AnalyzeFromEntry(const Node& node, Scope* scope);
  std::vector<ScopeEntry> AnalyzeJoinTree(const Node& join, Scope* scope);
  std::vector<ScopeEntry> AnalyzeJoin(const Node& join, std::vector<ScopeEntry> left, std::vector<ScopeEntry> right,
                                      const Scope& scope);
  RangeItem* AnalyzeRangeVar(const Node& node, const Scope& scope);
  RangeItem* AnalyzeSubselect(const Node& node, Scope* scope);
  RangeItem* AnalyzeRangeFunction(const Node& node, Scope* scope);
  RangeItem* AnalyzeTableFunction(const Node& node, Scope* scope);
  void AppendFunctionColumns(const Node& call, NodeList definitions, const Value& value, std::string_view alias,
                             RangeItem* item);
  void AppendDefinedColumns(NodeList definitions, const Value& value, RangeItem* item);
  RangeItem* NewRelationItem(const Relation& relation, const Node* alias);
  void ApplyAlias(const Node* alias, RangeItem* item);
  void Expand(RangeItem* item);
  const Relation* LookUpRelation(const Node& range_var);
  void NoteRead(const Relation& relation);

  // query_dml.cc
  QueryResult AnalyzeInsert(const Node& insert, const Scope* parent, CommonTables* common_tables);
  QueryResult AnalyzeUpdate(const Node& update, const Scope* parent, CommonTables* common_tables);
  QueryResult AnalyzeDelete(const Node& del, const Scope* parent, CommonTables* common_tables);
  QueryResult AnalyzeMerge(const Node& merge, const Scope* parent, CommonTables* common_tables);
  void AnalyzeOnConflict(const Node& clause, const RangeItem& target, Scope* scope);
  void AnalyzeAssignments(NodeList targets, const Relation& relation, Scope* scope);
  QueryResult AnalyzeReturning(NodeList returning, Scope* scope);
  RangeItem* OpenTarget(const Node& range_var);
  void RequireWrite(Action action, const Relation& relation, bool where_absent, int32_t location);
  std::vector<ColumnId> InsertColumns(const Relation& relation, NodeList columns);
  void RequireAssignment(ColumnId column, const Value& value, int32_t location);
  void RequireReadIfUsed(const RangeItem& target, int32_t location);

  // scope.cc
  Value ResolveColumnRef(const Node& reference, const Scope& scope);
  Value LookUpColumnRef(const Node& reference, const Scope& scope);
  void NoteReference(const Value& value);
  bool FindColumn(std::string_view name, const Scope& scope, int32_t location, Value* value);
  bool FindColumnIn(const RangeItem& item, std::string_view name, Value* value);
  const RangeItem* FindItem(std::string_view schema, std::string_view name, const Scope& scope);
  Value ColumnOf(const RangeItem& item, std::string_view name, int32_t location);
  Value RelationColumn(const Relation& relation, const Column& column);
  Value WholeRow(const RangeItem& item);
  bool SelectField(const Value& row, std::string_view field, Value* value);

  // expression.cc
  Value Evaluate(const Node* expression, const Scope& scope);
  void ChildrenOf(const Node& node, std::vector<const Node*>* children);
  Value Combine(const Node& node, std::span<Value> parts, const Scope& scope);
  Value CombineIndirection(const Node& node, std::span<Value> parts);
  Value CombineSubLink(const Node& node, std::span<Value> parts, const Scope& scope);
  Value CombineCase(const Node& node, std::span<Value> parts);
  Value ParameterValue(const Node& parameter);
  Value ConstantValue(const Node& constant) const;
  // The name that PostgreSQL gives an output column without AS (FigureColname).
  std::string_view OutputName(const Node& expression) const;

  // call.cc
  Value CombineCall(const Node& call, std::span<Value> parts);
  Value CallFunction(const QualifiedName& name, const Node* call, std::span<Value> arguments, int32_t location);
  void RequireFunction(const Function& function, const Node* call, std::span<const Value> arguments, int32_t location);
  Value CombineOperator(const Node& node, std::span<Value> parts);
  Oid CallOperator(NodeList name, const Value* left, const Value* right, int32_t location);
  Oid CallOperatorNamed(const QualifiedName& name, const Value* left, const Value* right, int32_t location);
  Oid CallPrefixOperator(NodeList name, const Value* right, int32_t location);
  Oid RequireOperators(const std::vector<const Operator*>& candidates, const QualifiedName& name, int32_t location);
  Value CombineCast(const Node& cast, std::span<Value> parts);
  const Type* ResolveTypeName(const Node& type_name, bool* is_array);
  Oid TypeOf(const Node& type_name);
  void RequireCast(const Value& value, Oid target, int32_t location, bool own_only = false);
  void RequireTypeFunctions(Oid type, bool made, int32_t location);
  void RequireReadFunctions(const Relation& relation, int32_t location);
  void RequireArgumentCasts(const Function& function, std::span<const Value> arguments, int32_t location);
  void RequireOperandCast(const Value* operand, Oid declared, int32_t location);
  void NoteCallEffects(const Function& function, std::span<const Oid> types, const Value& all, int32_t location);
  void AnalyzeSetConfig(const Node& call, std::span<const Value> arguments, int32_t location);
  void AnalyzeSequenceCall(const Function& function, const Node& call, int32_t location);

  const NamePath& path_;
  const Catalog& catalog_;
  const AnalyzeLimits& limits_;
  std::span<const Oid> parameter_types_;
  // PREPARE's own list.
  std::vector<Oid> prepared_types_;
  // How often the statement names each parameter; filled when the first one without a type appears.
  std::unordered_map<int64_t, uint32_t> parameter_uses_;
  const Node* statement_ = nullptr;

  // Valid during AnalyzeStatement and the like.
  Statement* out_ = nullptr;
  ColumnTable columns_;
  ColumnSet equality_;
  struct PendingProbe {
    ColumnSet columns;
    std::vector<std::string> constants;
    std::vector<int64_t> parameters;
  };
  std::vector<PendingProbe> probes_;
  ColumnSet predicates_;
  ColumnSet computed_;
  ColumnSet referenced_;
  ColumnSet kept_;
  std::vector<Oid> reads_;
  struct PendingWrite {
    ColumnId column;
    ColumnSet sources;
    bool unknown;
  };
  std::vector<PendingWrite> writes_;
  // Stable addresses: scopes and values point into them.
  StableVector<RangeItem> items_;
  StableVector<CommonTable> common_tables_;
  StableVector<CommonTables> with_clauses_;
  // Names that the analysis makes up.
  StableVector<std::string> names_;
  // First columns' names of the scalar subqueries seen.
  std::vector<std::pair<const Node*, std::string_view>> subquery_names_;
  size_t steps_ = 0;
  int depth_ = 0;
  int join_depth_ = 0;
  // The function that the last call came to; null when there were several candidates, or none.
  const Function* called_ = nullptr;
  bool failed_ = false;
  size_t unknown_needs_ = 0;
  bool spent_ = false;
};

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_ANALYZER_H_
