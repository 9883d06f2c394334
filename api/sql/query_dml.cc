// INSERT, UPDATE, DELETE, MERGE: what is written, from what, and whether a WHERE keeps rows out.
#include <fmt/format.h>

#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/oids.h"
#include "api/sql/where.h"

namespace chaperone::sql {

namespace {

uint8_t EventOf(Action action) {
  switch (action) {
    case Action::kInsert:
      return kOnInsert;
    case Action::kUpdate:
      return kOnUpdate;
    case Action::kDelete:
      return kOnDelete;
    case Action::kTruncate:
      return kOnTruncate;
    default:
      return 0;
  }
}

}  // namespace

// The target of a write is always a table, never a common table of that name.
RangeItem* Analyzer::OpenTarget(const Node& range_var) {
  const Relation* relation = LookUpRelation(range_var);
  if (relation == nullptr) {
    RangeItem& item = items_.emplace_back();
    item.alias = range_var.Get(pg::RangeVar::kRelname);
    item.complete = false;
    ApplyAlias(range_var.Get(pg::RangeVar::kAlias), &item);
    return &item;
  }
  return NewRelationItem(*relation, range_var.Get(pg::RangeVar::kAlias));
}

void Analyzer::RequireWrite(Action action, const Relation& relation, bool where_absent, int32_t location) {
  RequireRelation(action, relation, location);
  out_->needs.back().where_absent = where_absent;
  const uint8_t event = EventOf(action);
  for (const Trigger& trigger : relation.triggers) {
    const bool fires = (trigger.events & event) != 0;
    out_->runs_triggers = out_->runs_triggers || fires;
    out_->writes_uncounted = out_->writes_uncounted || (fires && (trigger.events & kInstead) != 0);
  }
  if ((relation.rule_events & event) != 0) {
    out_->runs_triggers = true;
    Unknown(fmt::format("a rule of {} replaces this statement by another", relation.name), location);
  }
  if (relation.view != nullptr) {
    // A simple view passes the write on to its table.
    for (const Oid oid : relation.view->reads) {
      const Relation* base = catalog_.RelationByOid(oid);
      if (base != nullptr && !base->is_view()) {
        RequireRelation(action, *base, location);
        out_->needs.back().via = relation.oid;
        out_->needs.back().where_absent = where_absent;
      }
    }
    out_->runs_triggers = out_->runs_triggers || !relation.view->reads.empty();
  }
}

// Reading a column of the table that is written reads the table.
void Analyzer::RequireReadIfUsed(const RangeItem& target, int32_t location) {
  if (target.used && target.relation != nullptr) {
    RequireRelation(Action::kRead, *target.relation, location);
    NoteRead(*target.relation);
  }
}

std::vector<ColumnId> Analyzer::InsertColumns(const Relation& relation, NodeList columns) {
  std::vector<ColumnId> out;
  for (const Node* node : columns) {
    const std::string_view name = node->Get(pg::ResTarget::kName);
    const Column* column = relation.FindColumn(name);
    if (column == nullptr) {
      Unknown(fmt::format("column \"{}\" of relation \"{}\" does not exist", name, relation.name), node->location());
    }
    out.push_back({relation.oid, column == nullptr ? int16_t{0} : column->attnum});
  }
  if (columns.empty()) {
    for (const Column& column : relation.columns) {
      out.push_back({relation.oid, column.attnum});
    }
  }
  return out;
}

QueryResult Analyzer::AnalyzeInsert(const Node& insert, const Scope* parent, CommonTables* common_tables) {
  Scope scope{.parent = parent};
  scope.common_tables = OpenWith(insert.Get(pg::InsertStmt::kWithClause), parent, common_tables);
  const Node& range_var = *insert.Get(pg::InsertStmt::kRelation);
  RangeItem* target = OpenTarget(range_var);
  const Relation* relation = target->relation;
  std::vector<ColumnId> columns;
  if (relation != nullptr) {
    RequireWrite(Action::kInsert, *relation, false, range_var.location());
    columns = InsertColumns(*relation, insert.Get(pg::InsertStmt::kCols));
  }
  if (const Node* select = insert.Get(pg::InsertStmt::kSelectStmt)) {
    // An INSERT's own WITH is seen by its query, the query's FROM by nothing else.
    const QueryResult source = AnalyzeQuery(*select, parent, scope.common_tables);
    for (size_t i = 0; i < source.columns.size(); ++i) {
      if (i < columns.size()) {
        RecordWrite(columns[i], source.columns[i].value);
        RequireAssignment(columns[i], source.columns[i].value, range_var.location());
      } else {
        RecordKept(source.columns[i].value);
      }
    }
    if (!source.complete) {
      out_->write_unknown = true;
    }
  }
  scope.entries.push_back({.item = target});
  if (const Node* conflict = insert.Get(pg::InsertStmt::kOnConflictClause);
      conflict != nullptr && relation != nullptr) {
    AnalyzeOnConflict(*conflict, *target, &scope);
  }
  QueryResult result = AnalyzeReturning(insert.Get(pg::InsertStmt::kReturningList), &scope);
  RequireReadIfUsed(*target, range_var.location());
  return result;
}

void Analyzer::AnalyzeOnConflict(const Node& clause, const RangeItem& target, Scope* scope) {
  const Relation& relation = *target.relation;
  if (const Node* infer = clause.Get(pg::OnConflictClause::kInfer)) {
    for (const Node* element : infer->Get(pg::InferClause::kIndexElems)) {
      const Node* expression = element->Get(pg::IndexElem::kExpr);
      if (expression != nullptr) {
        AddPredicate(Evaluate(expression, *scope));
        continue;
      }
      // Whether a row has that value decides what happens; what the value is does not stand here.
      if (const Column* column = relation.FindColumn(element->Get(pg::IndexElem::kName))) {
        const Value value = RelationColumn(relation, *column);
        NoteReference(value);
        AddPredicate(value);
      }
    }
    AnalyzePredicate(infer->Get(pg::InferClause::kWhereClause), *scope);
  }
  if (clause.Get(pg::OnConflictClause::kAction) != pg::OnConflictAction::ONCONFLICT_UPDATE) {
    return;
  }
  RequireWrite(Action::kUpdate, relation, false, clause.location());
  RangeItem* excluded = NewRelationItem(relation, nullptr);
  excluded->alias = "excluded";
  excluded->schema_may_qualify = false;
  Scope inner{.parent = scope->parent, .entries = scope->entries, .common_tables = scope->common_tables};
  inner.entries.push_back({.item = excluded, .columns_visible = false});
  AnalyzeAssignments(clause.Get(pg::OnConflictClause::kTargetList), relation, &inner);
  AnalyzePredicate(clause.Get(pg::OnConflictClause::kWhereClause), inner);
}

// SET a = …, (b, c) = …, d.field = …, e[1] = …
void Analyzer::AnalyzeAssignments(NodeList targets, const Relation& relation, Scope* scope) {
  const Node* shared_source = nullptr;
  Value shared;
  for (const Node* target : targets) {
    const std::string_view name = target->Get(pg::ResTarget::kName);
    const Column* column = relation.FindColumn(name);
    if (column == nullptr) {
      Unknown(fmt::format("column \"{}\" of relation \"{}\" does not exist", name, relation.name), target->location());
    }
    for (const Node* step : target->Get(pg::ResTarget::kIndirection)) {
      if (step->Is<pg::A_Indices>()) {
        for (const Node* bound : {step->Get(pg::A_Indices::kLidx), step->Get(pg::A_Indices::kUidx)}) {
          if (bound != nullptr) {
            RecordKept(Evaluate(bound, *scope));
          }
        }
      }
    }
    const Node* expression = target->Get(pg::ResTarget::kVal);
    Value value;
    if (expression != nullptr && expression->Is<pg::MultiAssignRef>()) {
      // The columns of (a, b) = … share one source; each may get any of it.
      const Node* source = expression->Get(pg::MultiAssignRef::kSource);
      if (source != shared_source) {
        shared = Evaluate(source, *scope);
        shared.type = 0;
        shared_source = source;
      }
      value = shared;
    } else {
      value = Evaluate(expression, *scope);
    }
    if (column != nullptr) {
      RecordWrite({relation.oid, column->attnum}, value);
      RequireAssignment({relation.oid, column->attnum}, value, target->location());
    }
  }
}

QueryResult Analyzer::AnalyzeReturning(NodeList returning, Scope* scope) {
  QueryResult result;
  AnalyzeTargets(returning, scope, &result);
  return result;
}

QueryResult Analyzer::AnalyzeUpdate(const Node& update, const Scope* parent, CommonTables* common_tables) {
  Scope scope{.parent = parent};
  scope.common_tables = OpenWith(update.Get(pg::UpdateStmt::kWithClause), parent, common_tables);
  const Node& range_var = *update.Get(pg::UpdateStmt::kRelation);
  RangeItem* target = OpenTarget(range_var);
  // Not seen from within FROM, where it only hides what is outside.
  scope.entries.push_back({.item = target, .lateral_only = true});
  AnalyzeFrom(update.Get(pg::UpdateStmt::kFromClause), &scope);
  const Node* where = update.Get(pg::UpdateStmt::kWhereClause);
  if (target->relation != nullptr) {
    RequireWrite(Action::kUpdate, *target->relation, WhereJudge(*target).IsAbsent(where), range_var.location());
    AnalyzeAssignments(update.Get(pg::UpdateStmt::kTargetList), *target->relation, &scope);
  }
  AnalyzePredicate(where, scope);
  QueryResult result = AnalyzeReturning(update.Get(pg::UpdateStmt::kReturningList), &scope);
  RequireReadIfUsed(*target, range_var.location());
  return result;
}

QueryResult Analyzer::AnalyzeDelete(const Node& del, const Scope* parent, CommonTables* common_tables) {
  Scope scope{.parent = parent};
  scope.common_tables = OpenWith(del.Get(pg::DeleteStmt::kWithClause), parent, common_tables);
  const Node& range_var = *del.Get(pg::DeleteStmt::kRelation);
  RangeItem* target = OpenTarget(range_var);
  // Not seen from within FROM, where it only hides what is outside.
  scope.entries.push_back({.item = target, .lateral_only = true});
  AnalyzeFrom(del.Get(pg::DeleteStmt::kUsingClause), &scope);
  const Node* where = del.Get(pg::DeleteStmt::kWhereClause);
  if (target->relation != nullptr) {
    RequireWrite(Action::kDelete, *target->relation, WhereJudge(*target).IsAbsent(where), range_var.location());
  }
  AnalyzePredicate(where, scope);
  QueryResult result = AnalyzeReturning(del.Get(pg::DeleteStmt::kReturningList), &scope);
  RequireReadIfUsed(*target, range_var.location());
  return result;
}

QueryResult Analyzer::AnalyzeMerge(const Node& merge, const Scope* parent, CommonTables* common_tables) {
  Scope scope{.parent = parent};
  scope.common_tables = OpenWith(merge.Get(pg::MergeStmt::kWithClause), parent, common_tables);
  const Node& range_var = *merge.Get(pg::MergeStmt::kRelation);
  RangeItem* target = OpenTarget(range_var);
  // The source is analysed like a FROM entry without sight of the target.
  std::vector<ScopeEntry> source = AnalyzeFromEntry(*merge.Get(pg::MergeStmt::kSourceRelation), &scope);
  scope.entries.push_back({.item = target});
  scope.entries.insert(scope.entries.end(), source.begin(), source.end());
  const Node* condition = merge.Get(pg::MergeStmt::kJoinCondition);
  AnalyzePredicate(condition, scope);
  const bool joins_all = WhereJudge(*target).IsAbsent(condition);
  for (const Node* clause : merge.Get(pg::MergeStmt::kMergeWhenClauses)) {
    const Node* when = clause->Get(pg::MergeWhenClause::kCondition);
    AnalyzePredicate(when, scope);
    if (target->relation == nullptr) {
      continue;
    }
    const Relation& relation = *target->relation;
    const bool absent = joins_all && WhereJudge(*target).IsAbsent(when);
    switch (clause->Get(pg::MergeWhenClause::kCommandType)) {
      case pg::CmdType::CMD_UPDATE:
        RequireWrite(Action::kUpdate, relation, absent, range_var.location());
        AnalyzeAssignments(clause->Get(pg::MergeWhenClause::kTargetList), relation, &scope);
        break;
      case pg::CmdType::CMD_DELETE:
        RequireWrite(Action::kDelete, relation, absent, range_var.location());
        break;
      case pg::CmdType::CMD_INSERT: {
        RequireWrite(Action::kInsert, relation, false, range_var.location());
        const std::vector<ColumnId> columns = InsertColumns(relation, clause->Get(pg::MergeWhenClause::kTargetList));
        size_t i = 0;
        for (const Node* cell : clause->Get(pg::MergeWhenClause::kValues)) {
          const Value value = Evaluate(cell, scope);
          if (i < columns.size()) {
            RecordWrite(columns[i], value);
            RequireAssignment(columns[i], value, cell->location());
          } else {
            RecordKept(value);
          }
          ++i;
        }
        break;
      }
      case pg::CmdType::CMD_NOTHING:
        break;
      default:
        Unknown("a branch of MERGE is not understood", range_var.location());
        break;
    }
  }
  RequireReadIfUsed(*target, range_var.location());
  return {};
}

}  // namespace chaperone::sql
