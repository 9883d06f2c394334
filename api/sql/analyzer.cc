// What piles up during an analysis, and how it becomes a Statement.
#include "api/sql/analyzer.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "api/sql/oids.h"
#include "api/sql/sensitive_columns.h"
#include "api/sql/settings.h"

namespace chaperone::sql {

namespace {

template <typename T>
void SortUnique(std::vector<T>* items) {
  std::sort(items->begin(), items->end());
  items->erase(std::unique(items->begin(), items->end()), items->end());
}

// One need for each action and resource; one without WHERE stands for both, and one that the text names for one that a
// view brings.
void MergeNeeds(std::vector<Need>* needs) {
  std::stable_sort(needs->begin(), needs->end(), [](const Need& a, const Need& b) {
    return std::tie(a.action, a.resource, a.kind) < std::tie(b.action, b.resource, b.kind);
  });
  std::vector<Need> merged;
  for (Need& need : *needs) {
    Need* last = merged.empty() ? nullptr : &merged.back();
    if (last == nullptr || last->action != need.action || last->resource != need.resource || last->kind != need.kind) {
      merged.push_back(std::move(need));
      continue;
    }
    last->where_absent = last->where_absent || need.where_absent;
    if (last->via != 0 && need.via == 0) {
      last->via = 0;
      last->location = need.location;
    }
    if (last->reason.empty()) {
      last->reason = std::move(need.reason);
    }
  }
  *needs = std::move(merged);
}

}  // namespace

void Analyzer::Require(Action action, ResourceKind kind, std::string resource, Oid oid, std::string reason,
                       int32_t location) {
  out_->needs.push_back({.action = action,
                         .kind = kind,
                         .resource = std::move(resource),
                         .oid = oid,
                         .reason = std::move(reason),
                         .location = location});
}

void Analyzer::RequireRelation(Action action, const Relation& relation, int32_t location) {
  std::string resource;
  const std::string_view schema = catalog_.SchemaName(relation.schema);
  // The session's own temporary schema goes by its alias, which is the same in every session.
  resource += !path_.temp_schema().empty() && schema == path_.temp_schema() ? "pg_temp" : schema;
  resource += '.';
  resource += relation.name;
  Require(action, ResourceKind::kRelation, std::move(resource), relation.oid, "", location);
  if (action == Action::kRead) {
    RequireReadFunctions(relation, location);
  }
}

void Analyzer::RequireWholesale(Action action, std::string reason, int32_t location) {
  Require(action, ResourceKind::kNone, "*", 0, std::move(reason), location);
}

void Analyzer::Unknown(std::string reason, int32_t location) {
  // A hostile text could give a reason for each of its nodes; the first few tell enough.
  constexpr size_t kReasonsMax = 8;
  failed_ = true;
  if (unknown_needs_++ < kReasonsMax) {
    RequireWholesale(Action::kUnknown, std::move(reason), location);
  }
}

bool Analyzer::Spend(size_t steps, int32_t location) {
  steps_ += steps;
  if (steps_ <= limits_.steps_max) {
    return true;
  }
  if (!spent_) {
    spent_ = true;
    Unknown(fmt::format("the statement takes more than {} steps to analyse", limits_.steps_max), location);
  }
  return false;
}

ColumnSet Analyzer::ToSet(const std::vector<ColumnId>& columns) {
  ColumnSet set;
  for (const ColumnId column : columns) {
    set.Add(columns_.IndexOf(column));
  }
  return set;
}

void Analyzer::RecordWrite(ColumnId column, const Value& value) {
  ColumnSet sources = value.flows;
  sources.Add(value.presence);
  writes_.push_back({column, std::move(sources), value.unknown});
  kept_.Add(writes_.back().sources);
  out_->write_unknown = out_->write_unknown || value.unknown;
}

void Analyzer::RecordKept(const Value& value) {
  kept_.Add(value.flows);
  kept_.Add(value.presence);
  out_->write_unknown = out_->write_unknown || value.unknown;
}

void Analyzer::AddSetting(std::string name, std::optional<std::vector<std::string>> value, bool reset, bool local,
                          int32_t location) {
  const SettingClass setting_class = ClassifySetting(name);
  const std::string_view only = value && value->size() == 1 ? std::string_view((*value)[0]) : std::string_view();
  switch (setting_class) {
    case SettingClass::kHarmless:
      if (reset || IsHarmlessValue(name, only)) {
        Require(Action::kSession, ResourceKind::kSetting, name, 0, "", location);
      } else {
        Require(Action::kAdmin, ResourceKind::kSetting, name, 0, fmt::format("{} may not be set to this value", name),
                location);
      }
      break;
    case SettingClass::kNames:
      Require(Action::kSession, ResourceKind::kSetting, name, 0, "", location);
      out_->is_barrier = true;
      break;
    case SettingClass::kPinned:
      out_->is_barrier = true;
      // RESET goes back to what the session began with, which is the pinned value.
      if (reset || IsPinnedValue(name, only)) {
        Require(Action::kSession, ResourceKind::kSetting, name, 0, "", location);
      } else {
        Unknown(fmt::format("{} decides how statements are read and is pinned", name), location);
      }
      break;
    case SettingClass::kAdmin:
      out_->is_barrier = true;
      Require(Action::kAdmin, ResourceKind::kSetting, name, 0,
              fmt::format("{} is not on the list of harmless settings", name), location);
      break;
  }
  out_->settings.push_back({std::move(name), std::move(value), reset, local});
}

void Analyzer::ResolveColumns(const ColumnSet& set, std::vector<ColumnId>* out, bool* unknown) const {
  set.ForEach([&](size_t index) { catalog_.AppendOrigins(columns_[index], out, unknown); });
  SortUnique(out);
}

void Analyzer::FillOutputs(const QueryResult& result, Statement* out) const {
  out->outputs.reserve(result.columns.size());
  for (const ScopeColumn& column : result.columns) {
    OutputColumn& output = out->outputs.emplace_back();
    output.name = column.name;
    output.unknown = column.value.unknown;
    ResolveColumns(column.value.flows, &output.sources, &output.unknown);
    ResolveColumns(column.value.presence, &output.presence, &output.unknown);
    std::erase_if(output.presence, [&](const ColumnId& id) {
      return std::binary_search(output.sources.begin(), output.sources.end(), id);
    });
    output.plain = column.value.plain && IsPlainOrigin(column.value);
    output.origin = column.value.origin;
    output.origin_known = column.value.origin_known;
    output.type = column.value.type;
    output.typmod = column.value.typmod;
  }
  out->outputs_known = result.complete;
}

// A view's column is as plain as its definition makes it; a generated column is computed.
bool Analyzer::IsPlainOrigin(const Value& value) const {
  bool plain = true;
  value.flows.ForEach([&](size_t index) {
    const ColumnId column = columns_[index];
    const Relation* relation = catalog_.RelationByOid(column.relation);
    if (relation == nullptr) {
      plain = false;
      return;
    }
    const std::vector<DerivedColumn>& derived =
        relation->view != nullptr ? relation->view->columns : relation->generated;
    for (const DerivedColumn& entry : derived) {
      plain = plain && (entry.attnum != column.attnum || entry.plain);
    }
    plain = plain && !(relation->is_view() && relation->view == nullptr);
  });
  return plain;
}

void Analyzer::Finish(Statement* out) {
  bool unknown = false;
  ColumnSet only_equality = equality_;
  only_equality.Remove(predicates_);
  predicates_.Add(equality_);
  ResolveColumns(predicates_, &out->predicates, &unknown);
  ResolveColumns(only_equality, &out->equality_predicates, &unknown);
  for (PendingProbe& probe : probes_) {
    EqualityProbe& entry = out->equality_probes.emplace_back();
    ResolveColumns(probe.columns, &entry.columns, &unknown);
    entry.constants = std::move(probe.constants);
    entry.parameters = std::move(probe.parameters);
  }
  ResolveColumns(computed_, &out->computed, &unknown);
  ResolveColumns(referenced_, &out->referenced, &unknown);
  ResolveColumns(kept_, &out->write_sources, &out->write_unknown);
  for (const PendingWrite& write : writes_) {
    ColumnWrite& entry = out->writes.emplace_back();
    entry.column = write.column;
    entry.unknown = write.unknown;
    ResolveColumns(write.sources, &entry.sources, &entry.unknown);
    bool ignored = false;
    catalog_.AppendOrigins(write.column, &out->written, &ignored);
  }
  SortUnique(&out->written);
  for (const ColumnId column : out->referenced) {
    const Relation* relation = catalog_.RelationByOid(column.relation);
    const Column* named = relation == nullptr ? nullptr : relation->ColumnByNumber(column.attnum);
    const SensitiveColumn* sensitive = named == nullptr ? nullptr : FindSensitiveColumn(*relation, named->name);
    if (sensitive != nullptr && sensitive->secret) {
      out_->needs.push_back({.action = Action::kAdmin,
                             .kind = ResourceKind::kRelation,
                             .resource = catalog_.RelationName(relation->oid),
                             .oid = relation->oid,
                             .reason = fmt::format("{} {}", named->name, sensitive->reason)});
    }
  }
  SortUnique(&reads_);
  out->reads = reads_;
  MergeNeeds(&out->needs);
}

void Analyzer::AnalyzeStatement(const Node& statement, Statement* out) {
  out_ = out;
  statement_ = &statement;
  for (const Oid type : parameter_types_) {
    RequireTypeFunctions(type, true, -1);
  }
  Dispatch(statement);
  Finish(out);
}

bool Analyzer::AnalyzeDefinition(const Node& select, Statement* out) {
  out_ = out;
  FillOutputs(AnalyzeQuery(select, nullptr, nullptr), out);
  Finish(out);
  return !failed_;
}

bool Analyzer::AnalyzeGenerated(const Node& select, const Relation& relation, Statement* out) {
  out_ = out;
  Scope scope{.entries = {{.item = NewRelationItem(relation, nullptr)}}};
  FillOutputs(AnalyzeSimpleSelect(select, &scope), out);
  Finish(out);
  return !failed_;
}

void Analyzer::KeepResult(const QueryResult& result) {
  for (const ScopeColumn& column : result.columns) {
    RecordKept(column.value);
  }
  out_->write_unknown = out_->write_unknown || !result.complete;
}

}  // namespace chaperone::sql
