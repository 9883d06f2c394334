// FROM clauses: what each entry is called and which columns it has (parse_clause.c, parse_relation.c).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/oids.h"

namespace chaperone::sql {

namespace {

// Joins nested on their right side; a chain of joins nests on the left and is no recursion.
constexpr int kJoinDepthMax = 64;

const RangeItem* FindColumnItem(const std::vector<ScopeEntry>& entries, std::string_view name, bool* ambiguous) {
  const RangeItem* found = nullptr;
  for (const ScopeEntry& entry : entries) {
    if (!entry.columns_visible) {
      continue;
    }
    for (const ScopeColumn& column : entry.item->columns) {
      if (column.name == name) {
        *ambiguous = *ambiguous || found != nullptr;
        found = entry.item;
      }
    }
  }
  return found;
}

const Value* ColumnValue(const RangeItem* item, std::string_view name) {
  if (item != nullptr) {
    for (const ScopeColumn& column : item->columns) {
      if (column.name == name) {
        return &column.value;
      }
    }
  }
  return nullptr;
}

// The value of a column that USING or NATURAL merges (buildMergedJoinVar).
Value Merge(const Value& left, const Value& right, pg::JoinType type) {
  Value merged = type == pg::JoinType::JOIN_RIGHT ? right : left;
  const bool same_type = left.type == right.type && left.type != 0;
  if (type == pg::JoinType::JOIN_FULL) {
    merged.origin = {};
    merged.origin_known = true;
  } else if (!same_type) {
    // One side is cast to the common type; which one is told by rules that are not followed here.
    merged.origin_known = false;
  }
  merged.typmod = left.typmod == right.typmod ? left.typmod : -1;
  if (!same_type) {
    merged.type = 0;
  }
  merged.flows.Add(left.flows);
  merged.flows.Add(right.flows);
  merged.presence.Add(left.presence);
  merged.presence.Add(right.presence);
  merged.unknown = left.unknown || right.unknown;
  merged.plain = left.plain && right.plain;
  merged.row = nullptr;
  return merged;
}

}  // namespace

const Relation* Analyzer::LookUpRelation(const Node& range_var) {
  const std::string_view catalog = range_var.Get(pg::RangeVar::kCatalogname);
  const std::string_view schema = range_var.Get(pg::RangeVar::kSchemaname);
  const std::string_view name = range_var.Get(pg::RangeVar::kRelname);
  const Relation* relation = nullptr;
  if (catalog.empty() || catalog == catalog_.database().name) {
    relation = path_.FindRelation(schema, name);
  }
  if (relation == nullptr) {
    Unknown(fmt::format("relation \"{}{}{}\" does not exist", schema, schema.empty() ? "" : ".", name),
            range_var.location());
  }
  return relation;
}

void Analyzer::NoteRead(const Relation& relation) {
  if (std::find(reads_.begin(), reads_.end(), relation.oid) != reads_.end()) {
    return;
  }
  reads_.push_back(relation.oid);
  if (relation.view == nullptr) {
    return;
  }
  const ViewFacts& view = *relation.view;
  reads_.insert(reads_.end(), view.reads.begin(), view.reads.end());
  predicates_.Add(ToSet(view.predicates));
  computed_.Add(ToSet(view.computed));
  for (const Need& need : view.needs) {
    out_->needs.push_back(need);
  }
}

RangeItem* Analyzer::NewRelationItem(const Relation& relation, const Node* alias) {
  RangeItem& item = items_.emplace_back();
  item.relation = &relation;
  item.alias = relation.name;
  item.row_type = relation.row_type;
  item.schema_may_qualify = alias == nullptr;
  ApplyAlias(alias, &item);
  return &item;
}

void Analyzer::Expand(RangeItem* item) {
  if (item->expanded || item->relation == nullptr) {
    return;
  }
  item->columns.reserve(item->relation->columns.size());
  for (const Column& column : item->relation->columns) {
    item->columns.push_back({column.name, RelationColumn(*item->relation, column)});
  }
  item->expanded = true;
}

void Analyzer::ApplyAlias(const Node* alias, RangeItem* item) {
  if (alias == nullptr) {
    return;
  }
  item->alias = alias->Get(pg::Alias::kAliasname);
  const NodeList names = alias->Get(pg::Alias::kColnames);
  if (names.empty()) {
    return;
  }
  Expand(item);
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string_view name = names[i]->Get(pg::String::kSval);
    if (i < item->columns.size()) {
      item->columns[i].name = name;
    } else if (!item->complete) {
      item->columns.push_back({name, UnknownValue()});
    } else {
      Unknown(fmt::format("table \"{}\" has {} columns, and more are named", item->alias, item->columns.size()), -1);
      return;
    }
  }
}

RangeItem* Analyzer::AnalyzeRangeVar(const Node& node, const Scope& scope) {
  const Node* alias = node.Get(pg::RangeVar::kAlias);
  if (node.Get(pg::RangeVar::kSchemaname).empty()) {
    if (const CommonTable* table = FindCommonTable(node.Get(pg::RangeVar::kRelname), scope.common_tables)) {
      RangeItem& item = items_.emplace_back();
      item.alias = table->name;
      item.columns = table->columns;
      item.complete = table->complete;
      item.row_type = oids::kRecord;
      ApplyAlias(alias, &item);
      return &item;
    }
  }
  const Relation* relation = LookUpRelation(node);
  if (relation == nullptr) {
    RangeItem& item = items_.emplace_back();
    item.alias = node.Get(pg::RangeVar::kRelname);
    item.complete = false;
    ApplyAlias(alias, &item);
    return &item;
  }
  RequireRelation(Action::kRead, *relation, node.location());
  NoteRead(*relation);
  return NewRelationItem(*relation, alias);
}

RangeItem* Analyzer::AnalyzeSubselect(const Node& node, Scope* scope) {
  const bool outer_lateral = scope->lateral_active;
  scope->lateral_active = node.Get(pg::RangeSubselect::kLateral);
  QueryResult result = AnalyzeQuery(*node.Get(pg::RangeSubselect::kSubquery), scope, scope->common_tables);
  scope->lateral_active = outer_lateral;
  RangeItem& item = items_.emplace_back();
  item.columns = std::move(result.columns);
  item.complete = result.complete;
  item.row_type = oids::kRecord;
  ApplyAlias(node.Get(pg::RangeSubselect::kAlias), &item);
  return &item;
}

void Analyzer::AppendDefinedColumns(NodeList definitions, const Value& value, RangeItem* item) {
  for (const Node* definition : definitions) {
    Value column = value;
    column.plain = false;
    column.origin = {};
    column.row = nullptr;
    const Node* type_name = definition->Get(pg::ColumnDef::kTypeName);
    column.type = type_name == nullptr ? 0 : TypeOf(*type_name);
    column.typmod = -1;
    item->columns.push_back({definition->Get(pg::ColumnDef::kColname), std::move(column)});
  }
}

// The columns of one function in FROM (addRangeTableEntryForFunction). `value` is the call's result.
void Analyzer::AppendFunctionColumns(const Node& call, NodeList definitions, const Value& value, std::string_view alias,
                                     RangeItem* item) {
  if (!definitions.empty()) {
    AppendDefinedColumns(definitions, value, item);
    return;
  }
  Value column = value;
  column.plain = false;
  column.origin = {};
  column.row = nullptr;
  column.typmod = -1;
  const Function* function = called_ != nullptr && call.Is<pg::FuncCall>() ? called_ : nullptr;
  if (function != nullptr && function->out_types.size() > 1) {
    for (size_t i = 0; i < function->out_types.size(); ++i) {
      column.type = oids::IsPolymorphic(function->out_types[i]) ? 0 : function->out_types[i];
      const std::string_view name = function->out_names[i];
      // column1 and so on stand for unnamed ones.
      item->columns.push_back({name.empty() ? names_.emplace_back(fmt::format("column{}", i + 1)) : name, column});
    }
    return;
  }
  const Type* type = catalog_.UndomainedType(value.type);
  if (type == nullptr || type->oid == oids::kRecord || type->kind == TypeKind::kPseudo) {
    // Scalar or composite: the type would tell.
    item->complete = false;
    return;
  }
  if (type->kind == TypeKind::kComposite) {
    const Relation* relation = catalog_.RelationByOid(type->relation);
    if (relation == nullptr) {
      item->complete = false;
      return;
    }
    for (const Column& field : relation->columns) {
      column.type = field.type;
      column.typmod = field.typmod;
      item->columns.push_back({field.name, column});
    }
    item->row_type = type->oid;
    return;
  }
  std::string_view name = OutputName(call);
  if (function != nullptr && function->out_names.size() == 1 && !function->out_names[0].empty()) {
    name = function->out_names[0];
  } else if (!alias.empty()) {
    name = alias;
  }
  item->scalar = item->columns.empty();
  item->columns.push_back({name, std::move(column)});
}

RangeItem* Analyzer::AnalyzeRangeFunction(const Node& node, Scope* scope) {
  const Node* alias = node.Get(pg::RangeFunction::kAlias);
  const NodeList functions = node.Get(pg::RangeFunction::kFunctions);
  const bool outer_lateral = scope->lateral_active;
  scope->lateral_active = true;
  RangeItem& item = items_.emplace_back();
  item.row_type = oids::kRecord;
  const bool single = functions.size() == 1;
  const std::string_view alias_name =
      alias != nullptr && single ? alias->Get(pg::Alias::kAliasname) : std::string_view();
  for (const Node* function : functions) {
    const NodeList pair = function->Get(pg::List::kItems);
    const Node& call = *pair[0];
    // unnest(a, b) in FROM is as many functions.
    const bool many_arrays = single && call.Is<pg::FuncCall>() && call.Get(pg::FuncCall::kArgs).size() > 1 &&
                             call.Get(pg::FuncCall::kFuncname).back()->Get(pg::String::kSval) == "unnest";
    NodeList definitions = pair.size() > 1 && pair[1] != nullptr ? pair[1]->Get(pg::List::kItems) : NodeList();
    if (definitions.empty() && single) {
      definitions = node.Get(pg::RangeFunction::kColdeflist);
    }
    if (many_arrays) {
      for (const Node* argument : call.Get(pg::FuncCall::kArgs)) {
        Value value = Evaluate(argument, *scope);
        value.plain = false;
        value.origin = {};
        value.row = nullptr;
        const Type* array = catalog_.TypeByOid(value.type);
        value.type = array == nullptr ? 0 : array->element;
        item.columns.push_back({"unnest", std::move(value)});
      }
      continue;
    }
    called_ = nullptr;
    const Value value = Evaluate(&call, *scope);
    AppendFunctionColumns(call, definitions, value, alias_name, &item);
  }
  scope->lateral_active = outer_lateral;
  if (node.Get(pg::RangeFunction::kOrdinality)) {
    Value ordinality;
    ordinality.type = oids::kInt8;
    item.columns.push_back({"ordinality", ordinality});
    item.scalar = false;
    item.row_type = oids::kRecord;
  }
  item.alias = OutputName(*functions[0]->Get(pg::List::kItems)[0]);
  ApplyAlias(alias, &item);
  return &item;
}

// XMLTABLE.
RangeItem* Analyzer::AnalyzeTableFunction(const Node& node, Scope* scope) {
  const bool outer_lateral = scope->lateral_active;
  scope->lateral_active = true;
  Value all;
  const auto add = [&](const Node* expression) {
    if (expression != nullptr) {
      const Value value = Evaluate(expression, *scope);
      all.flows.Add(value.flows);
      all.flows.Add(value.presence);
      computed_.Add(value.flows);
      all.unknown = all.unknown || value.unknown;
    }
  };
  add(node.Get(pg::RangeTableFunc::kDocexpr));
  add(node.Get(pg::RangeTableFunc::kRowexpr));
  for (const Node* space : node.Get(pg::RangeTableFunc::kNamespaces)) {
    add(space->Get(pg::ResTarget::kVal));
  }
  RangeItem& item = items_.emplace_back();
  item.row_type = oids::kRecord;
  for (const Node* column : node.Get(pg::RangeTableFunc::kColumns)) {
    add(column->Get(pg::RangeTableFuncCol::kColexpr));
    add(column->Get(pg::RangeTableFuncCol::kColdefexpr));
  }
  for (const Node* column : node.Get(pg::RangeTableFunc::kColumns)) {
    Value value = all;
    value.type = oids::kInt4;
    if (!column->Get(pg::RangeTableFuncCol::kForOrdinality)) {
      value.type = TypeOf(*column->Get(pg::RangeTableFuncCol::kTypeName));
    }
    item.columns.push_back({column->Get(pg::RangeTableFuncCol::kColname), std::move(value)});
  }
  scope->lateral_active = outer_lateral;
  item.alias = "xmltable";
  ApplyAlias(node.Get(pg::RangeTableFunc::kAlias), &item);
  return &item;
}

std::vector<ScopeEntry> Analyzer::AnalyzeJoin(const Node& join, std::vector<ScopeEntry> left,
                                              std::vector<ScopeEntry> right, const Scope& scope) {
  const pg::JoinType type = join.Get(pg::JoinExpr::kJointype);
  const Node* alias = join.Get(pg::JoinExpr::kAlias);
  const Node* using_alias = join.Get(pg::JoinExpr::kJoinUsingAlias);
  NodeList using_clause = join.Get(pg::JoinExpr::kUsingClause);
  const bool natural = join.Get(pg::JoinExpr::kIsNatural);
  std::vector<ScopeEntry> both = left;
  both.insert(both.end(), right.begin(), right.end());
  if (const Node* condition = join.Get(pg::JoinExpr::kQuals)) {
    Scope inner{.parent = scope.parent, .entries = both, .common_tables = scope.common_tables};
    AnalyzePredicate(condition, inner);
  }
  if (!natural && using_clause.empty() && alias == nullptr) {
    return both;
  }

  for (const ScopeEntry& entry : both) {
    Expand(const_cast<RangeItem*>(entry.item));
  }
  RangeItem& item = items_.emplace_back();
  item.row_type = oids::kRecord;
  std::vector<std::string_view> merged;
  for (const Node* name : using_clause) {
    merged.push_back(name->Get(pg::String::kSval));
  }
  if (natural) {
    for (const ScopeEntry& entry : left) {
      for (const ScopeColumn& column : entry.columns_visible ? entry.item->columns : std::vector<ScopeColumn>()) {
        bool ambiguous = false;
        if (FindColumnItem(right, column.name, &ambiguous) != nullptr) {
          merged.push_back(column.name);
        }
      }
    }
  }
  bool complete = true;
  for (const ScopeEntry& entry : both) {
    complete = complete && (entry.item->complete || !entry.columns_visible);
  }
  item.complete = complete;
  for (const std::string_view name : merged) {
    bool ambiguous = false;
    const Value* l = ColumnValue(FindColumnItem(left, name, &ambiguous), name);
    const Value* r = ColumnValue(FindColumnItem(right, name, &ambiguous), name);
    if (l == nullptr || r == nullptr || ambiguous) {
      if (complete || ambiguous) {
        Unknown(fmt::format("column \"{}\" of USING is missing or ambiguous", name), -1);
      }
      item.columns.push_back({name, UnknownValue()});
      continue;
    }
    NoteReference(*l);
    NoteReference(*r);
    // They are compared by what = means here, like any other two columns.
    CallOperatorNamed({.name = "="}, l, r, join.location());
    AddPredicate(*l);
    AddPredicate(*r);
    item.columns.push_back({name, Merge(*l, *r, type)});
  }
  const size_t merged_count = item.columns.size();
  for (const ScopeEntry& entry : both) {
    for (const ScopeColumn& column : entry.columns_visible ? entry.item->columns : std::vector<ScopeColumn>()) {
      if (std::find(merged.begin(), merged.end(), column.name) == merged.end()) {
        item.columns.push_back(column);
      }
    }
  }

  std::vector<ScopeEntry> entries;
  if (alias != nullptr) {
    // An alias hides what is inside; the join's alias for the USING columns goes with it.
    ApplyAlias(alias, &item);
    entries.push_back({.item = &item});
    return entries;
  }
  entries = std::move(both);
  for (ScopeEntry& entry : entries) {
    entry.columns_visible = false;
  }
  entries.push_back({.item = &item, .name_visible = false});
  if (using_alias != nullptr) {
    RangeItem& names = items_.emplace_back();
    names.row_type = oids::kRecord;
    names.alias = using_alias->Get(pg::Alias::kAliasname);
    names.columns.assign(item.columns.begin(), item.columns.begin() + static_cast<std::ptrdiff_t>(merged_count));
    entries.push_back({.item = &names, .columns_visible = false});
  }
  return entries;
}

// A join's left side may be a join, and so on: that chain is walked down and then joined upwards.
std::vector<ScopeEntry> Analyzer::AnalyzeJoinTree(const Node& join, Scope* scope) {
  std::vector<const Node*> chain;
  const Node* node = &join;
  while (node->Is<pg::JoinExpr>()) {
    chain.push_back(node);
    node = node->Get(pg::JoinExpr::kLarg);
  }
  std::vector<ScopeEntry> left = AnalyzeFromEntry(*node, scope);
  for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
    const size_t visible = scope->entries.size();
    for (ScopeEntry entry : left) {
      entry.lateral_only = true;
      scope->entries.push_back(entry);
    }
    std::vector<ScopeEntry> right = AnalyzeFromEntry(*(*it)->Get(pg::JoinExpr::kRarg), scope);
    scope->entries.resize(visible);
    left = AnalyzeJoin(**it, std::move(left), std::move(right), *scope);
  }
  return left;
}

std::vector<ScopeEntry> Analyzer::AnalyzeFromEntry(const Node& node, Scope* scope) {
  if (!Spend(1, node.location())) {
    return {};
  }
  switch (node.tag()) {
    case NodeTag::kRangeVar:
      return {{.item = AnalyzeRangeVar(node, *scope)}};
    case NodeTag::kRangeSubselect: {
      RangeItem* item = AnalyzeSubselect(node, scope);
      return {{.item = item, .name_visible = !item->alias.empty()}};
    }
    case NodeTag::kRangeFunction:
      return {{.item = AnalyzeRangeFunction(node, scope)}};
    case NodeTag::kRangeTableFunc:
      return {{.item = AnalyzeTableFunction(node, scope)}};
    case NodeTag::kRangeTableSample: {
      std::vector<ScopeEntry> entries = AnalyzeFromEntry(*node.Get(pg::RangeTableSample::kRelation), scope);
      QualifiedName method;
      if (!ReadQualifiedName(node.Get(pg::RangeTableSample::kMethod), &method) ||
          (!method.schema.empty() && method.schema != "pg_catalog") ||
          (method.name != "bernoulli" && method.name != "system")) {
        Unknown("the TABLESAMPLE method is not PostgreSQL's own", node.location());
      }
      const bool outer_lateral = std::exchange(scope->lateral_active, true);
      for (const Node* argument : node.Get(pg::RangeTableSample::kArgs)) {
        AddPredicate(Evaluate(argument, *scope));
      }
      if (const Node* repeatable = node.Get(pg::RangeTableSample::kRepeatable)) {
        AddPredicate(Evaluate(repeatable, *scope));
      }
      scope->lateral_active = outer_lateral;
      return entries;
    }
    case NodeTag::kJoinExpr: {
      if (depth_ + ++join_depth_ > kJoinDepthMax) {
        --join_depth_;
        Unknown(fmt::format("joins nest deeper than {} levels", kJoinDepthMax), node.location());
        return {};
      }
      std::vector<ScopeEntry> entries = AnalyzeJoinTree(node, scope);
      --join_depth_;
      return entries;
    }
    default:
      Unknown(fmt::format("{} in FROM is not understood", NodeName(node.tag())), node.location());
      return {};
  }
}

void Analyzer::AnalyzeFrom(NodeList from, Scope* scope) {
  for (const Node* node : from) {
    std::vector<ScopeEntry> entries = AnalyzeFromEntry(*node, scope);
    for (ScopeEntry& entry : entries) {
      entry.lateral_only = true;
      scope->entries.push_back(entry);
    }
  }
  for (ScopeEntry& entry : scope->entries) {
    entry.lateral_only = false;
  }
}

}  // namespace chaperone::sql
