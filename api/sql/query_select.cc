// SELECT: targets, clauses, set operations, VALUES (analyze.c, parse_target.c, parse_clause.c).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/oids.h"

namespace chaperone::sql {

namespace {

// Counts a level of queries within queries for as long as it lives.
class Level {
 public:
  explicit Level(int* depth) : depth_(depth) { ++*depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;
  ~Level() { --*depth_; }

 private:
  int* depth_;
};

// The one name of a ColumnRef that is nothing but a name.
std::string_view BareName(const Node& node) {
  if (!node.Is<pg::ColumnRef>()) {
    return {};
  }
  const NodeList fields = node.Get(pg::ColumnRef::kFields);
  return fields.size() == 1 && fields[0]->Is<pg::String>() ? fields[0]->Get(pg::String::kSval) : std::string_view();
}

// The position that an integer constant names, from 1; 0 for anything else.
size_t Position(const Node& node) {
  if (!node.Is<pg::A_Const>() || node.Get(pg::A_Const::kIsnull)) {
    return 0;
  }
  const Node* value = node.Get(pg::A_Const::kVal);
  const int64_t number = value->Is<pg::Integer>() ? value->Get(pg::Integer::kIval) : 0;
  return number > 0 ? static_cast<size_t>(number) : 0;
}

const ScopeColumn* FindOutput(const QueryResult& result, std::string_view name) {
  for (const ScopeColumn& column : result.columns) {
    if (column.name == name) {
      return &column;
    }
  }
  return nullptr;
}

// The keys hold the whole primary key of the table, which then decides by itself which rows are alike. A key does not
// hold over the tables that inherit from its own.
bool HoldPrimaryKey(std::span<const Value> keys, const RangeItem& item) {
  const Relation* const relation = item.relation;
  if (relation == nullptr || (!relation->children.empty() && relation->kind != RelationKind::kPartitionedTable)) {
    return false;
  }
  bool has_key = false;
  for (const Column& column : relation->columns) {
    if (!column.in_primary_key) {
      continue;
    }
    has_key = true;
    const bool given = std::any_of(keys.begin(), keys.end(), [&](const Value& key) {
      return key.table == &item && key.origin == ColumnId{relation->oid, column.attnum};
    });
    if (!given) {
      return false;
    }
  }
  return has_key;
}

bool IsOfPrimaryKey(const Value& key) {
  const Column* const column = key.table->relation->ColumnByNumber(key.origin.attnum);
  return column == nullptr || column->in_primary_key;
}

// A set operation as this level sees it: one with clauses of its own is a query by itself.
bool IsBareSetOperation(const Node& select) {
  return select.Get(pg::SelectStmt::kOp) != pg::SetOperation::SETOP_NONE &&
         select.Get(pg::SelectStmt::kSortClause).empty() && select.Get(pg::SelectStmt::kLimitCount) == nullptr &&
         select.Get(pg::SelectStmt::kLimitOffset) == nullptr && select.Get(pg::SelectStmt::kLockingClause).empty() &&
         select.Get(pg::SelectStmt::kWithClause) == nullptr;
}

void MergeArm(const Value& arm, Value* into) {
  into->flows.Add(arm.flows);
  into->presence.Add(arm.presence);
  into->unknown = into->unknown || arm.unknown;
  into->plain = into->plain && arm.plain;
  if (into->type != arm.type) {
    into->type = arm.type == oids::kUnknown ? into->type : into->type == oids::kUnknown ? arm.type : 0;
  }
  into->typmod = into->typmod == arm.typmod ? into->typmod : -1;
}

}  // namespace

// That there is a value may show in an output (OutputColumn::presence), row by row: a condition on it says no more.
void Analyzer::AddPredicate(const Value& value) { predicates_.Add(value.flows); }

QueryResult Analyzer::AnalyzeQuery(const Node& statement, const Scope* parent, CommonTables* common_tables) {
  const Level level(&depth_);
  if (depth_ > limits_.query_depth_max) {
    Unknown(fmt::format("queries nest deeper than {} levels", limits_.query_depth_max), statement.location());
    return {.complete = false};
  }
  if (!Spend(1, statement.location())) {
    return {.complete = false};
  }
  switch (statement.tag()) {
    case NodeTag::kSelectStmt:
      return AnalyzeSelect(statement, parent, common_tables);
    case NodeTag::kInsertStmt:
      return AnalyzeInsert(statement, parent, common_tables);
    case NodeTag::kUpdateStmt:
      return AnalyzeUpdate(statement, parent, common_tables);
    case NodeTag::kDeleteStmt:
      return AnalyzeDelete(statement, parent, common_tables);
    case NodeTag::kMergeStmt:
      return AnalyzeMerge(statement, parent, common_tables);
    default:
      Unknown(fmt::format("{} within a query is not understood", NodeName(statement.tag())), statement.location());
      return {.complete = false};
  }
}

QueryResult Analyzer::AnalyzeSelect(const Node& select, const Scope* parent, CommonTables* common_tables) {
  Scope scope{.parent = parent};
  scope.common_tables = OpenWith(select.Get(pg::SelectStmt::kWithClause), parent, common_tables);
  QueryResult result;
  if (!select.Get(pg::SelectStmt::kValuesLists).empty()) {
    result = AnalyzeValues(select, &scope);
  } else if (select.Get(pg::SelectStmt::kOp) != pg::SetOperation::SETOP_NONE) {
    result = AnalyzeSetOperation(select, &scope);
  } else {
    result = AnalyzeSimpleSelect(select, &scope);
  }
  for (const Node* limit : {select.Get(pg::SelectStmt::kLimitCount), select.Get(pg::SelectStmt::kLimitOffset)}) {
    if (limit != nullptr) {
      AddPredicate(Evaluate(limit, scope));
    }
  }
  for (ScopeColumn& column : result.columns) {
    // A literal whose type nothing has settled is text to whoever uses it.
    if (column.value.type == oids::kUnknown) {
      column.value.type = oids::kText;
    }
  }
  return result;
}

QueryResult Analyzer::AnalyzeSimpleSelect(const Node& select, Scope* scope) {
  const size_t first_item = items_.size();
  AnalyzeFrom(select.Get(pg::SelectStmt::kFromClause), scope);
  AnalyzeWindows(select.Get(pg::SelectStmt::kWindowClause), scope);
  QueryResult result;
  AnalyzeTargets(select.Get(pg::SelectStmt::kTargetList), scope, &result);
  AnalyzePredicate(select.Get(pg::SelectStmt::kWhereClause), *scope);
  AnalyzeGrouping(select.Get(pg::SelectStmt::kGroupClause), *scope, result);
  AnalyzePredicate(select.Get(pg::SelectStmt::kHavingClause), *scope);
  AnalyzeDistinct(select.Get(pg::SelectStmt::kDistinctClause), *scope, result);
  AnalyzeOrdering(select.Get(pg::SelectStmt::kSortClause), *scope, result);
  AnalyzeLocking(select.Get(pg::SelectStmt::kLockingClause), *scope, first_item);
  return result;
}

QueryResult Analyzer::AnalyzeValues(const Node& select, Scope* scope) {
  QueryResult result;
  bool first = true;
  for (const Node* row : select.Get(pg::SelectStmt::kValuesLists)) {
    size_t i = 0;
    for (const Node* cell : row->Get(pg::List::kItems)) {
      Value value = Evaluate(cell, *scope);
      value.origin = {};
      value.origin_known = true;
      value.row = nullptr;
      if (first) {
        static constexpr std::string_view kNames[] = {"column1", "column2", "column3", "column4", "column5", "column6"};
        const std::string_view name =
            i < std::size(kNames) ? kNames[i] : names_.emplace_back(fmt::format("column{}", i + 1));
        result.columns.push_back({name, std::move(value)});
      } else if (i < result.columns.size()) {
        MergeArm(value, &result.columns[i].value);
      }
      ++i;
    }
    first = false;
  }
  AnalyzeOrdering(select.Get(pg::SelectStmt::kSortClause), *scope, result);
  return result;
}

QueryResult Analyzer::AnalyzeSetOperation(const Node& select, Scope* scope) {
  // The arms in reading order, without recursion down the left side; and whether any operation drops rows by value.
  std::vector<const Node*> arms;
  std::vector<const Node*> pending = {&select};
  bool drops = false;
  while (!pending.empty()) {
    const Node* node = pending.back();
    pending.pop_back();
    if (node == &select || IsBareSetOperation(*node)) {
      drops =
          drops || node->Get(pg::SelectStmt::kOp) != pg::SetOperation::SETOP_UNION || !node->Get(pg::SelectStmt::kAll);
      pending.push_back(node->Get(pg::SelectStmt::kRarg));
      pending.push_back(node->Get(pg::SelectStmt::kLarg));
    } else {
      arms.push_back(node);
    }
  }
  QueryResult result;
  for (size_t i = 0; i < arms.size(); ++i) {
    QueryResult arm = AnalyzeQuery(*arms[i], scope->parent, scope->common_tables);
    if (i == 0) {
      result = std::move(arm);
      continue;
    }
    result.complete = result.complete && arm.complete && arm.columns.size() == result.columns.size();
    for (size_t k = 0; k < result.columns.size() && k < arm.columns.size(); ++k) {
      MergeArm(arm.columns[k].value, &result.columns[k].value);
    }
  }
  for (ScopeColumn& column : result.columns) {
    column.value.origin = {};
    column.value.origin_known = true;
    column.value.row = nullptr;
    if (drops) {
      AddPredicate(column.value);
    }
  }
  AnalyzeOrdering(select.Get(pg::SelectStmt::kSortClause), *scope, result);
  if (!select.Get(pg::SelectStmt::kLockingClause).empty()) {
    Unknown("FOR UPDATE is not allowed with set operations", select.location());
  }
  return result;
}

void Analyzer::AnalyzeTargets(NodeList targets, Scope* scope, QueryResult* result) {
  result->columns.reserve(targets.size());
  for (const Node* target : targets) {
    AnalyzeTarget(*target, scope, result);
  }
}

void Analyzer::AnalyzeTarget(const Node& target, Scope* scope, QueryResult* result) {
  const Node* expression = target.Get(pg::ResTarget::kVal);
  if (expression == nullptr) {
    Unknown("a target has no expression", target.location());
    return;
  }
  if (expression->Is<pg::ColumnRef>()) {
    const Node* last = expression->Get(pg::ColumnRef::kFields).back();
    if (last != nullptr && last->Is<pg::A_Star>()) {
      ExpandStar(*expression, scope, result);
      return;
    }
  } else if (expression->Is<pg::A_Indirection>()) {
    const Node* last = expression->Get(pg::A_Indirection::kIndirection).back();
    if (last != nullptr && last->Is<pg::A_Star>()) {
      // Evaluate() leaves a last star to us.
      ExpandRow(Evaluate(expression, *scope), result);
      return;
    }
  }
  Value value = Evaluate(expression, *scope);
  value.table = expression->Is<pg::ColumnRef>() ? value.table : nullptr;
  const std::string_view name =
      target.Has(pg::ResTarget::kName) ? target.Get(pg::ResTarget::kName) : OutputName(*expression);
  result->columns.push_back({name, std::move(value)});
}

void Analyzer::ExpandStar(const Node& reference, Scope* scope, QueryResult* result) {
  const auto expand = [&](const RangeItem& item) {
    item.used = true;
    if (!item.expanded && item.relation != nullptr) {
      for (const Column& column : item.relation->columns) {
        result->columns.push_back({column.name, RelationColumn(*item.relation, column)});
        NoteReference(result->columns.back().value);
      }
      return;
    }
    for (const ScopeColumn& column : item.columns) {
      result->columns.push_back(column);
      result->columns.back().value.table = nullptr;
      NoteReference(column.value);
    }
    result->complete = result->complete && item.complete;
  };
  if (reference.Get(pg::ColumnRef::kFields).size() == 1) {
    for (const ScopeEntry& entry : scope->entries) {
      if (entry.columns_visible) {
        expand(*entry.item);
      }
    }
    return;
  }
  const Value row = ResolveColumnRef(reference, *scope);
  if (row.row != nullptr) {
    expand(*row.row);
    return;
  }
  ExpandRow(row, result);
}

// (value).*
void Analyzer::ExpandRow(const Value& value, QueryResult* result) {
  if (value.row != nullptr) {
    const size_t first = result->columns.size();
    for (const ScopeColumn& column : value.row->columns) {
      result->columns.push_back(column);
      result->columns.back().value.table = nullptr;
    }
    if (!value.row->expanded && value.row->relation != nullptr) {
      for (const Column& column : value.row->relation->columns) {
        result->columns.push_back({column.name, RelationColumn(*value.row->relation, column)});
      }
    }
    for (size_t i = first; i < result->columns.size() && value.row_in_column; ++i) {
      result->columns[i].value.origin = {};
    }
    result->complete = result->complete && value.row->complete;
    return;
  }
  const Type* type = catalog_.UndomainedType(value.type);
  const Relation* relation =
      type != nullptr && type->kind == TypeKind::kComposite ? catalog_.RelationByOid(type->relation) : nullptr;
  Value field = value;
  field.plain = false;
  field.origin = {};
  field.origin_known = true;
  if (relation != nullptr) {
    for (const Column& column : relation->columns) {
      field.type = column.type;
      field.typmod = column.typmod;
      result->columns.push_back({column.name, field});
    }
    return;
  }
  if (called_ != nullptr && called_->out_types.size() > 1 && value.type == oids::kRecord) {
    for (size_t i = 0; i < called_->out_types.size(); ++i) {
      field.type = oids::IsPolymorphic(called_->out_types[i]) ? 0 : called_->out_types[i];
      result->columns.push_back({called_->out_names[i], field});
    }
    return;
  }
  field.type = 0;
  result->columns.push_back({"?column?", field});
  result->complete = false;
}

void Analyzer::AnalyzeWindows(NodeList windows, Scope* scope) {
  for (const Node* window : windows) {
    const Value value = Evaluate(window, *scope);
    AddPredicate(value);
    scope->windows.push_back({window->Get(pg::WindowDef::kName), value});
  }
}

// GROUP BY: a name is an input column first, an output column otherwise; an integer is a position.
void Analyzer::AnalyzeGrouping(NodeList items, const Scope& scope, const QueryResult& result) {
  std::vector<const Node*> pending(items.rbegin(), items.rend());
  std::vector<Value> keys;
  bool has_sets = false;
  while (!pending.empty()) {
    const Node* item = pending.back();
    pending.pop_back();
    if (item->Is<pg::GroupingSet>()) {
      has_sets = true;
      for (const Node* inner : item->Get(pg::GroupingSet::kContent)) {
        pending.push_back(inner);
      }
      continue;
    }
    keys.push_back(GroupingKey(*item, scope, result));
  }
  // Each set groups by keys of its own.
  AddKeys(keys, has_sets ? std::span<const ScopeEntry>() : std::span<const ScopeEntry>(scope.entries));
}

// A name is a column first, then an output.
Value Analyzer::GroupingKey(const Node& item, const Scope& scope, const QueryResult& result) {
  if (const size_t position = Position(item); position >= 1 && position <= result.columns.size()) {
    return result.columns[position - 1].value;
  }
  const std::string_view name = BareName(item);
  const ScopeColumn* output = name.empty() ? nullptr : FindOutput(result, name);
  if (output != nullptr) {
    Scope here{.entries = scope.entries};
    Value value;
    if (!FindColumn(name, here, item.location(), &value)) {
      return output->value;
    }
  }
  Value value = Evaluate(&item, scope);
  value.table = item.Is<pg::ColumnRef>() ? value.table : nullptr;
  return value;
}

// What rows are told apart by. `entries`: the tables of the FROM clause; columns that a table's primary key among the
// keys determines tell nothing apart.
void Analyzer::AddKeys(std::span<const Value> keys, std::span<const ScopeEntry> entries) {
  std::vector<const RangeItem*> determined;
  for (const ScopeEntry& entry : entries) {
    if (HoldPrimaryKey(keys, *entry.item)) {
      determined.push_back(entry.item);
    }
  }
  for (const Value& key : keys) {
    const bool is_determined = key.table != nullptr &&
                               std::find(determined.begin(), determined.end(), key.table) != determined.end() &&
                               key.origin.relation == key.table->relation->oid && !IsOfPrimaryKey(key);
    if (!is_determined) {
      AddPredicate(key);
    }
  }
}

// ORDER BY: a name is an output column first.
void Analyzer::AnalyzeOrdering(NodeList items, const Scope& scope, const QueryResult& result) {
  for (const Node* item : items) {
    const Node* expression = item->Get(pg::SortBy::kNode);
    if (const NodeList op = item->Get(pg::SortBy::kUseOp); !op.empty()) {
      CallOperator(op, nullptr, nullptr, item->location());
    }
    if (const size_t position = Position(*expression); position >= 1 && position <= result.columns.size()) {
      AddPredicate(result.columns[position - 1].value);
      continue;
    }
    const std::string_view name = BareName(*expression);
    const ScopeColumn* output = name.empty() ? nullptr : FindOutput(result, name);
    AddPredicate(output != nullptr ? output->value : Evaluate(expression, scope));
  }
}

void Analyzer::AnalyzeDistinct(NodeList items, const Scope& scope, const QueryResult& result) {
  std::vector<Value> keys;
  if (items.size() == 1 && items[0] == nullptr) {
    for (const ScopeColumn& column : result.columns) {
      keys.push_back(column.value);
    }
    AddKeys(keys, scope.entries);
    return;
  }
  for (const Node* item : items) {
    if (const size_t position = Position(*item); position >= 1 && position <= result.columns.size()) {
      AddPredicate(result.columns[position - 1].value);
      continue;
    }
    const std::string_view name = BareName(*item);
    const ScopeColumn* output = name.empty() ? nullptr : FindOutput(result, name);
    AddPredicate(output != nullptr ? output->value : Evaluate(item, scope));
  }
}

// FOR UPDATE and the like lock every table of the FROM clause, those in its subqueries too, or those that OF names.
void Analyzer::AnalyzeLocking(NodeList clauses, const Scope& scope, size_t first_item) {
  for (const Node* clause : clauses) {
    const NodeList names = clause->Get(pg::LockingClause::kLockedRels);
    bool all = names.empty();
    for (const Node* name : names) {
      const std::string_view wanted = name->Get(pg::RangeVar::kRelname);
      const RangeItem* item = nullptr;
      for (const ScopeEntry& entry : scope.entries) {
        if (entry.item->alias == wanted) {
          item = entry.item;
        }
      }
      if (item == nullptr) {
        Unknown(fmt::format("relation \"{}\" in the FOR UPDATE clause is not in the FROM clause", wanted),
                name->location());
      } else if (item->relation != nullptr) {
        RequireRelation(Action::kLock, *item->relation, name->location());
      } else {
        all = true;
      }
    }
    for (size_t i = first_item; all && i < items_.size(); ++i) {
      if (items_[i].relation != nullptr) {
        RequireRelation(Action::kLock, *items_[i].relation, -1);
      }
    }
  }
}

}  // namespace chaperone::sql
