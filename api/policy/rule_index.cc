#include "api/policy/rule_index.h"

#include <algorithm>

#include "api/policy/rule_match.h"

namespace chaperone::policy {

namespace {

using sql::Action;
using sql::ResourceKind;

bool HasFlatIndex(Action action) {
  switch (action) {
    case Action::kDdl:
    case Action::kMaintain:
    case Action::kSession:
    case Action::kNotify:
    case Action::kAdmin:
    case Action::kUnknown:
      return true;
    default:
      return false;
  }
}

// A few rules are found without the memo almost as fast: 8 KiB of slots for them, 128 KiB for more.
constexpr size_t kRulesFew = 100;
constexpr size_t kMemoSlotsFew = 1024;
constexpr size_t kMemoSlotsMany = 16384;

bool Restricts(const ViewRule& rule) { return rule.rule->effect != Decision::kAllow; }

}  // namespace

void RuleList::Add(uint32_t number, const ViewRule& rule) {
  if (!numbers_.empty() && numbers_.back() == number) {
    return;
  }
  const bool settles = rule.rule->effect != Decision::kRequireApproval;
  const auto bit = static_cast<uint8_t>(1U << (static_cast<unsigned>(rule.rule->effect) * 2 + (rule.observe ? 1 : 0)));
  if (settles && (settled_ & bit) != 0 && !rule.rule->when.max_affected_rows) {
    return;
  }
  if (settles && !rule.conditional) {
    settled_ |= bit;
  }
  numbers_.push_back(number);
}

RuleIndex::RuleIndex(const std::vector<ViewRule>& rules)
    : rules_(rules), memo_(rules.size() < kRulesFew ? kMemoSlotsFew : kMemoSlotsMany) {
  for (uint32_t number = 0; number < rules.size(); ++number) {
    const StatementRule& rule = *rules[number].rule;
    for (int i = 0; i < sql::kActionCount; ++i) {
      if (!rule.actions.test(static_cast<size_t>(i))) {
        continue;
      }
      for (const ResourcePattern& pattern : rule.resources) {
        Add(number, rules[number], pattern, static_cast<Action>(i), &by_action_[static_cast<size_t>(i)]);
      }
    }
  }
}

void RuleIndex::Add(uint32_t number, const ViewRule& rule, const ResourcePattern& pattern, Action action,
                    ActionRules* out) {
  if (pattern.any) {
    out->any.Add(number, rule);
    return;
  }
  if (pattern.qualified()) {
    SchemaRules& schema = out->qualified.At(pattern.parts[0]);
    schema.names.At(pattern.parts[1]).Add(number, rule);
    if (Restricts(rule)) {
      schema.restricting.Add(number, rule);
      out->restricting_qualified.Add(number, rule);
    }
  }
  if (HasFlatIndex(action)) {
    out->flat.At(pattern.flat).Add(number, rule);
  }
  if (action == Action::kSession) {
    out->settings.At(pattern.setting).Add(number, rule);
  }
  if (Restricts(rule)) {
    out->restricting.Add(number, rule);
  }
}

void RuleIndex::FindQualified(const ActionRules& rules, std::string_view schema, std::string_view name,
                              RuleNumbers* out) {
  rules.qualified.ForEachMatch(schema, [&](const SchemaRules& matched) {
    matched.names.ForEachMatch(name, [out](const RuleList& list) { list.AppendTo(out); });
  });
}

void RuleIndex::FindOneByOne(const sql::Need& need, RuleNumbers* out) const {
  for (uint32_t number = 0; number < rules_.size(); ++number) {
    const StatementRule& rule = *rules_[number].rule;
    const bool matches = rule.actions.test(static_cast<size_t>(need.action)) &&
                         std::any_of(rule.resources.begin(), rule.resources.end(), [&](const ResourcePattern& pattern) {
                           return PatternMatches(pattern, need, DoubtOf(rule.effect));
                         });
    if (matches) {
      out->push_back(number);
    }
  }
}

std::span<const uint32_t> RuleIndex::Find(const sql::Need& need, RuleNumbers* scratch) const {
  if (const std::vector<uint32_t>* known = memo_.Find(need)) {
    return *known;
  }
  scratch->clear();
  Collect(need, scratch);
  std::sort(scratch->begin(), scratch->end());
  scratch->erase(std::unique(scratch->begin(), scratch->end()), scratch->end());
  memo_.Add(need, *scratch);
  return *scratch;
}

void RuleIndex::Collect(const sql::Need& need, RuleNumbers* out) const {
  const ActionRules& rules = by_action_[static_cast<size_t>(need.action)];
  const auto append = [out](const RuleList& list) { list.AppendTo(out); };
  const std::string_view name = need.resource;
  const bool flat = HasFlatIndex(need.action);
  if (need.kind == ResourceKind::kRelation || need.kind == ResourceKind::kFunction) {
    if (const size_t dot = OnlyDot(name); dot != std::string_view::npos) {
      append(rules.any);
      return FindQualified(rules, name.substr(0, dot), name.substr(dot + 1), out);
    }
  } else if (need.kind == ResourceKind::kNone) {
    append(rules.any);
    if (need.action != Action::kSession && need.action != Action::kNotify) {
      append(rules.restricting);
    }
    return;
  } else if (need.kind == ResourceKind::kSetting && need.action == Action::kSession) {
    append(rules.any);
    return rules.settings.ForEachMatch(name, append);
  } else if (need.kind != ResourceKind::kSetting && flat) {
    append(rules.any);
    rules.flat.ForEachMatch(name, append);
    if (need.kind == ResourceKind::kSchema) {
      rules.qualified.ForEachMatch(name, [&](const SchemaRules& matched) { append(matched.restricting); });
    } else if (need.kind == ResourceKind::kDatabase) {
      append(rules.restricting_qualified);
    }
    return;
  }
  // Rare: a name that can be read in more than one way, or an action on a kind of thing that it is not known for.
  FindOneByOne(need, out);
}

}  // namespace chaperone::policy
