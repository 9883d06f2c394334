// WITH: common tables, recursive ones by fixpoint (parse_cte.c). A table is analysed when it is first referred to, so
// that WITH RECURSIVE may refer forwards, and once at the end of the list in any case.
#include <fmt/format.h>

#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/oids.h"

namespace chaperone::sql {

namespace {

// Each round adds a column to a set or is the last; real queries need two or three.
constexpr int kRoundsMax = 64;

void RenameColumns(NodeList names, std::vector<ScopeColumn>* columns) {
  for (size_t i = 0; i < names.size() && i < columns->size(); ++i) {
    (*columns)[i].name = names[i]->Get(pg::String::kSval);
  }
}

// Adds what flows into `from` to `to`, column by column. True when something was new.
bool Widen(const std::vector<ScopeColumn>& from, std::vector<ScopeColumn>* to) {
  bool changed = false;
  for (size_t i = 0; i < from.size() && i < to->size(); ++i) {
    Value& value = (*to)[i].value;
    const Value& more = from[i].value;
    if (!value.flows.Contains(more.flows) || !value.presence.Contains(more.presence) ||
        (more.unknown && !value.unknown)) {
      value.flows.Add(more.flows);
      value.presence.Add(more.presence);
      value.unknown = value.unknown || more.unknown;
      changed = true;
    }
    value.plain = value.plain && more.plain;
    value.origin = {};
    value.origin_known = true;
    if (value.type != more.type) {
      value.type = more.type == oids::kUnknown ? value.type : value.type == oids::kUnknown ? more.type : 0;
    }
    value.typmod = value.typmod == more.typmod ? value.typmod : -1;
    value.row = nullptr;
  }
  return changed;
}

}  // namespace

CommonTables* Analyzer::OpenWith(const Node* with_clause, const Scope* parent, CommonTables* outer) {
  if (with_clause == nullptr) {
    return outer;
  }
  CommonTables& tables = with_clauses_.emplace_back();
  tables.parent = outer;
  tables.scope = parent;
  tables.recursive = with_clause->Get(pg::WithClause::kRecursive);
  for (const Node* node : with_clause->Get(pg::WithClause::kCtes)) {
    CommonTable& table = common_tables_.emplace_back();
    table.name = node->Get(pg::CommonTableExpr::kCtename);
    table.node = node;
    tables.tables.push_back(&table);
  }
  if (tables.recursive) {
    tables.visible = tables.tables.size();
  }
  for (size_t i = 0; i < tables.tables.size(); ++i) {
    if (!tables.recursive) {
      // It sees those before it.
      tables.visible = i;
    }
    AnalyzeCommonTable(tables.tables[i], &tables);
  }
  tables.visible = tables.tables.size();
  return &tables;
}

const CommonTable* Analyzer::FindCommonTable(std::string_view name, CommonTables* tables) {
  for (CommonTables* level = tables; level != nullptr; level = level->parent) {
    for (size_t i = 0; i < level->visible; ++i) {
      CommonTable* table = level->tables[i];
      if (table->name == name) {
        if (table->state == CommonTable::State::kPending) {
          AnalyzeCommonTable(table, level);
        }
        return table;
      }
    }
  }
  return nullptr;
}

void Analyzer::AnalyzeCommonTable(CommonTable* table, CommonTables* owner) {
  if (table->state != CommonTable::State::kPending) {
    return;
  }
  table->state = CommonTable::State::kRunning;
  // While it runs, a reference to it is a recursive one; without a first arm that is an error of the server's.
  table->complete = false;
  const Node& query = *table->node->Get(pg::CommonTableExpr::kCtequery);
  const bool may_recurse =
      owner->recursive && query.Is<pg::SelectStmt>() && query.Get(pg::SelectStmt::kOp) == pg::SetOperation::SETOP_UNION;
  if (may_recurse) {
    AnalyzeRecursive(table, query, owner);
  } else {
    out_->writes_uncounted = out_->writes_uncounted || !query.Is<pg::SelectStmt>();
    QueryResult result = AnalyzeQuery(query, owner->scope, owner);
    table->columns = std::move(result.columns);
    table->complete = result.complete;
    RenameColumns(table->node->Get(pg::CommonTableExpr::kAliascolnames), &table->columns);
  }
  AppendSearchAndCycle(table);
  table->state = CommonTable::State::kDone;
}

void Analyzer::AnalyzeRecursive(CommonTable* table, const Node& select, CommonTables* owner) {
  const NodeList names = table->node->Get(pg::CommonTableExpr::kAliascolnames);
  // The query's own WITH, ORDER BY and LIMIT.
  Scope scope{.parent = owner->scope};
  scope.common_tables = OpenWith(select.Get(pg::SelectStmt::kWithClause), owner->scope, owner);
  QueryResult first = AnalyzeQuery(*select.Get(pg::SelectStmt::kLarg), owner->scope, scope.common_tables);
  table->columns = std::move(first.columns);
  table->complete = first.complete;
  RenameColumns(names, &table->columns);
  const bool deduplicates = !select.Get(pg::SelectStmt::kAll);
  for (int round = 0; round < kRoundsMax; ++round) {
    const QueryResult next = AnalyzeQuery(*select.Get(pg::SelectStmt::kRarg), owner->scope, scope.common_tables);
    table->complete = table->complete && next.complete && next.columns.size() == table->columns.size();
    if (!Widen(next.columns, &table->columns)) {
      QueryResult result{table->columns, table->complete};
      AnalyzeOrdering(select.Get(pg::SelectStmt::kSortClause), scope, result);
      for (const ScopeColumn& column : table->columns) {
        if (deduplicates) {
          AddPredicate(column.value);
        }
      }
      for (const Node* limit : {select.Get(pg::SelectStmt::kLimitCount), select.Get(pg::SelectStmt::kLimitOffset)}) {
        if (limit != nullptr) {
          AddPredicate(Evaluate(limit, scope));
        }
      }
      return;
    }
  }
  Unknown(fmt::format("the recursive query \"{}\" does not settle", table->name), table->node->location());
}

void Analyzer::AppendSearchAndCycle(CommonTable* table) {
  const Node* search = table->node->Get(pg::CommonTableExpr::kSearchClause);
  const Node* cycle = table->node->Get(pg::CommonTableExpr::kCycleClause);
  if (search == nullptr && cycle == nullptr) {
    return;
  }
  Value all;
  for (const ScopeColumn& column : table->columns) {
    all.flows.Add(column.value.flows);
    all.flows.Add(column.value.presence);
    all.unknown = all.unknown || column.value.unknown;
  }
  const auto append = [&](std::string_view name) { table->columns.push_back({name, all}); };
  if (search != nullptr) {
    append(search->Get(pg::CTESearchClause::kSearchSeqColumn));
  }
  if (cycle != nullptr) {
    append(cycle->Get(pg::CTECycleClause::kCycleMarkColumn));
    append(cycle->Get(pg::CTECycleClause::kCyclePathColumn));
  }
}

}  // namespace chaperone::sql
