#include "api/policy/mask_index.h"

#include <algorithm>
#include <utility>

#include "api/policy/mask_method.h"

namespace chaperone::policy {

namespace {

bool Stricter(const MaskingRule& a, const MaskingRule& b) {
  return StrictnessOf(a.method, a.argument) < StrictnessOf(b.method, b.argument);
}

}  // namespace

bool Spares(const ColumnPattern& except, const ColumnPattern& pattern, std::string_view schema,
            std::string_view relation, std::string_view column) {
  return except.Matches(schema, relation, column) && (except.path.empty() || except.path == pattern.path);
}

MaskIndex::MaskIndex(std::vector<const MaskingEntry*> entries) {
  for (const MaskingEntry* entry : entries) {
    for (const ColumnPattern& pattern : entry->columns) {
      schemas_.At(pattern.schema).At(pattern.table).At(pattern.column).push_back(Ref{entry, &pattern});
    }
    has_masks_ |= !entry->columns.empty();
    if (entry->columns.empty()) {
      detector_entries_.push_back(entry);
      detectors_.push_back(entry->rule);
    }
  }
}

std::vector<MaskIndex::Ref> MaskIndex::Find(std::string_view schema, std::string_view relation,
                                            std::string_view column) const {
  std::vector<Ref> found;
  const auto take = [&](const std::vector<Ref>& refs) {
    for (const Ref& ref : refs) {
      const bool spared = std::any_of(
          ref.entry->except.begin(), ref.entry->except.end(),
          [&](const ColumnPattern& except) { return Spares(except, *ref.pattern, schema, relation, column); });
      if (!spared) {
        found.push_back(ref);
      }
    }
  };
  schemas_.ForEachMatch(schema, [&](const Tables& tables) {
    tables.ForEachMatch(relation, [&](const Columns& columns) { columns.ForEachMatch(column, take); });
  });
  std::sort(found.begin(), found.end(), [](const Ref& a, const Ref& b) {
    return std::tie(a.entry->rule.policy, a.entry->line, a.pattern->text) <
           std::tie(b.entry->rule.policy, b.entry->line, b.pattern->text);
  });
  return found;
}

const MaskingRule* MaskIndex::Merge(const std::vector<const MaskingRule*>& rules) const {
  const MaskingRule* strictest = rules.front();
  InPredicates in_predicates = InPredicates::kAllow;
  uint32_t budget = UINT32_MAX;
  for (const MaskingRule* rule : rules) {
    strictest = Stricter(*rule, *strictest) ? rule : strictest;
    in_predicates = std::min(in_predicates, rule->in_predicates);
    if (rule->in_predicates == InPredicates::kEquality) {
      budget = std::min(budget, rule->equality_budget);
    }
  }
  if (in_predicates != InPredicates::kEquality) {
    budget = 0;
  }
  if (strictest->in_predicates == in_predicates && strictest->equality_budget == budget) {
    return strictest;
  }
  const base::MutexLock lock(mutex_);
  std::unique_ptr<const MaskingRule>& slot = merged_[MergedKey(strictest, in_predicates, budget)];
  if (slot == nullptr) {
    auto merged = std::make_unique<MaskingRule>(*strictest);
    merged->in_predicates = in_predicates;
    merged->equality_budget = budget;
    slot = std::move(merged);
  }
  return slot.get();
}

const MaskingRule* MaskIndex::MaskFor(std::string_view schema, std::string_view relation,
                                      std::string_view column) const {
  std::vector<const MaskingRule*> rules;
  for (const Ref& ref : Find(schema, relation, column)) {
    if (ref.pattern->path.empty()) {
      rules.push_back(&ref.entry->rule);
    }
  }
  return rules.empty() ? nullptr : Merge(rules);
}

std::vector<JsonPathMask> MaskIndex::JsonPathMasksFor(std::string_view schema, std::string_view relation,
                                                      std::string_view column) const {
  std::vector<std::pair<const std::vector<JsonStep>*, std::vector<const MaskingRule*>>> by_path;
  for (const Ref& ref : Find(schema, relation, column)) {
    if (ref.pattern->path.empty()) {
      continue;
    }
    const auto same = std::find_if(by_path.begin(), by_path.end(),
                                   [&](const auto& entry) { return *entry.first == ref.pattern->path; });
    if (same == by_path.end()) {
      by_path.push_back({&ref.pattern->path, {&ref.entry->rule}});
    } else {
      same->second.push_back(&ref.entry->rule);
    }
  }
  std::vector<JsonPathMask> masks;
  for (const auto& [path, rules] : by_path) {
    masks.push_back(JsonPathMask{*path, Merge(rules)});
  }
  return masks;
}

bool MaskIndex::MasksRelation(std::string_view schema, std::string_view relation) const {
  bool masks = false;
  schemas_.ForEachMatch(
      schema, [&](const Tables& tables) { tables.ForEachMatch(relation, [&](const Columns&) { masks = true; }); });
  return masks;
}

std::vector<const MaskingRule*> MaskIndex::DetectorsFor(std::string_view schema, std::string_view relation) const {
  std::vector<const MaskingRule*> rules;
  for (size_t i = 0; i < detectors_.size(); ++i) {
    const std::vector<ResourcePattern>& tables = detector_entries_[i]->tables;
    const bool covered = tables.empty() || std::any_of(tables.begin(), tables.end(), [&](const ResourcePattern& table) {
                           return table.MatchesQualified(schema, relation);
                         });
    if (covered) {
      rules.push_back(&detectors_[i]);
    }
  }
  return rules;
}

}  // namespace chaperone::policy
