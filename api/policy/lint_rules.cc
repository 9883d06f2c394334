#include <algorithm>
#include <functional>
#include <optional>

#include "api/policy/cover.h"
#include "api/policy/lint_checks.h"
#include "api/policy/rule_index.h"

namespace chaperone::policy {

namespace {

using sql::Action;
using Filter = std::function<bool(const ViewRule&)>;

std::string NameOf(const ViewRule& rule, const Document& seen_from) {
  return rule.document == &seen_from ? fmt::format("rule {}", rule.rule->id)
                                     : fmt::format("rule {} of {}", rule.rule->id, rule.document->name);
}

// A need that stands for all that a pattern matches: a rule that matches it covers the pattern, for the stars became
// bytes that only a star takes up. Whoever uses it checks with ResourcePattern::Covers.
sql::Need Stand(Action action, const ResourcePattern& pattern) {
  sql::Need need;
  need.action = action;
  if (pattern.any || !pattern.qualified()) {
    need.kind = pattern.any ? sql::ResourceKind::kRelation : sql::ResourceKind::kRole;
    need.resource = pattern.any ? std::string("\0.\0", 3) : pattern.flat.Key();
  } else {
    need.kind = sql::ResourceKind::kRelation;
    need.resource = pattern.parts[0].Key() + "." + pattern.parts[1].Key();
  }
  return need;
}

// The rules of one effect that hold always, to find which of them cover another.
class Coverers {
 public:
  Coverers(const std::vector<ViewRule>& all, Decision effect) : rules_(Select(all, effect)), index_(rules_) {}

  // A rule that covers this action and pattern, reaches as far as `narrow` and passes the filter.
  const ViewRule* Find(const ViewRule& narrow, Action action, const ResourcePattern& pattern, const Filter& filter,
                       Budget* budget) const {
    RuleNumbers scratch;
    for (const uint32_t number : index_.Find(Stand(action, pattern), &scratch)) {
      const ViewRule& wide = rules_[number];
      if (!budget->Spend()) {
        return nullptr;
      }
      const bool covers = wide.rule != narrow.rule && filter(wide) && ReachCovers(*wide.document, *narrow.document) &&
                          std::any_of(wide.rule->resources.begin(), wide.rule->resources.end(),
                                      [&](const ResourcePattern& other) { return other.Covers(pattern); });
      if (covers) {
        return &wide;
      }
    }
    return nullptr;
  }

  // A rule of those that cover the whole of `narrow` between them; null when something is left.
  const ViewRule* FindForAll(const ViewRule& narrow, const Filter& filter, Budget* budget) const {
    const ViewRule* coverer = nullptr;
    for (int i = 0; i < sql::kActionCount; ++i) {
      for (const ResourcePattern& pattern : narrow.rule->resources) {
        if (!narrow.rule->actions.test(static_cast<size_t>(i))) {
          continue;
        }
        coverer = Find(narrow, static_cast<Action>(i), pattern, filter, budget);
        if (coverer == nullptr) {
          return nullptr;
        }
      }
    }
    return coverer;
  }

 private:
  static std::vector<ViewRule> Select(const std::vector<ViewRule>& all, Decision effect) {
    std::vector<ViewRule> selected;
    for (const ViewRule& rule : all) {
      if (rule.rule->effect == effect && IsUnconditional(*rule.rule)) {
        // As if it were conditional: the index then keeps rules that others make pointless.
        selected.push_back(ViewRule{rule.document, rule.rule, rule.observe, true});
      }
    }
    return selected;
  }

  std::vector<ViewRule> rules_;
  RuleIndex index_;
};

std::vector<ViewRule> AllRules(const Documents& documents) {
  std::vector<ViewRule> rules;
  for (const auto& document : documents) {
    for (const StatementRule& rule : document->statements) {
      rules.push_back(ViewRule{document.get(), &rule, document->mode == Mode::kObserve, true});
    }
  }
  return rules;
}

bool IsEnforced(const ViewRule& rule) { return !rule.observe; }

// Of two rules that say the same, the one that comes later is the redundant one.
bool ComesFirst(const ViewRule& a, const ViewRule& b) {
  return a.document == b.document ? a.rule->line < b.rule->line : a.document->name < b.document->name;
}

bool SameDemand(const ApprovalDemand& a, const ApprovalDemand& b) {
  return a.approvers == b.approvers && a.count == b.count && a.expires == b.expires &&
         a.estimate_blast_radius == b.estimate_blast_radius;
}

Filter MakesRedundant(const ViewRule& narrow) {
  return [&narrow](const ViewRule& wide) {
    const bool mutual = IsUnconditional(*narrow.rule) && RuleCovers(*narrow.rule, *wide.rule) &&
                        ReachCovers(*narrow.document, *wide.document);
    const bool same =
        narrow.rule->effect != Decision::kRequireApproval || SameDemand(narrow.rule->approval, wide.rule->approval);
    return wide.observe == narrow.observe && same && (!mutual || ComesFirst(wide, narrow));
  };
}

struct CoverersByEffect {
  Coverers allow;
  Coverers held;
  Coverers deny;

  const Coverers& Of(Decision effect) const {
    return effect == Decision::kAllow ? allow : effect == Decision::kDeny ? deny : held;
  }
};

void CheckCovered(const ViewRule& rule, const CoverersByEffect& coverers, Budget* budget, Findings* findings) {
  const Place place = PlaceOf(*rule.document, *rule.rule);
  const Decision effect = rule.rule->effect;
  const ViewRule* ban = effect == Decision::kDeny ? nullptr : coverers.deny.FindForAll(rule, IsEnforced, budget);
  if (ban != nullptr) {
    return findings->Warn(place, "shadowed-by-deny",
                          fmt::format("never takes effect: {} denies all that it lets through; delete one of them",
                                      NameOf(*ban, *rule.document)));
  }
  const ViewRule* demand = effect == Decision::kAllow ? coverers.held.FindForAll(rule, IsEnforced, budget) : nullptr;
  if (demand != nullptr && !rule.rule->when.max_affected_rows) {
    return findings->Warn(place, "shadowed-by-approval",
                          fmt::format("never lets anything through by itself: {} demands approval for all of it",
                                      NameOf(*demand, *rule.document)));
  }
  const ViewRule* same =
      rule.rule->when.max_affected_rows ? nullptr : coverers.Of(effect).FindForAll(rule, MakesRedundant(rule), budget);
  if (same != nullptr) {
    findings->Warn(place, "redundant",
                   fmt::format("says nothing that {} does not say already; delete it", NameOf(*same, *rule.document)));
  }
}

bool MayMeet(const ViewRule& a, const ViewRule& b) {
  return (a.rule->actions & b.rule->actions).any() &&
         std::any_of(a.rule->resources.begin(), a.rule->resources.end(),
                     [&](const ResourcePattern& p) {
                       return std::any_of(b.rule->resources.begin(), b.rule->resources.end(),
                                          [&](const ResourcePattern& other) { return p.Overlaps(other); });
                     }) &&
         ReachMayOverlap(*a.document, *b.document);
}

// Demands for approval that meet and have no group in common deny what both are about.
void CheckConflicts(const std::vector<const ViewRule*>& held, Budget* budget, Findings* findings) {
  for (size_t i = 0; i < held.size(); ++i) {
    for (size_t j = 0; j < i && budget->Spend(); ++j) {
      const auto& a = held[i]->rule->approval.approvers;
      const auto& b = held[j]->rule->approval.approvers;
      const bool common = std::any_of(a.begin(), a.end(), [&](const std::string& group) {
        return std::find(b.begin(), b.end(), group) != b.end();
      });
      if (!common && MayMeet(*held[i], *held[j])) {
        findings->Warn(
            PlaceOf(*held[i]->document, *held[i]->rule), "approval-conflict",
            fmt::format("meets {}, and no group may approve for both: what both are about is denied; name a common "
                        "group",
                        NameOf(*held[j], *held[i]->document)));
      }
    }
  }
}

// The smallest bound holds: a bounded allowance bounds what a wider one lets through as well.
void CheckBounds(const std::vector<ViewRule>& rules, const std::vector<const ViewRule*>& bounded, Budget* budget,
                 Findings* findings) {
  for (const ViewRule* narrow : bounded) {
    for (const ViewRule& wide : rules) {
      if (!budget->Spend()) {
        return;
      }
      if (wide.rule->effect == Decision::kAllow && !wide.rule->when.max_affected_rows && MayMeet(*narrow, wide)) {
        findings->Warn(PlaceOf(*narrow->document, *narrow->rule), "bound-reaches-further",
                       fmt::format("its bound of {} rows holds for what {} lets through as well, where both match",
                                   *narrow->rule->when.max_affected_rows, NameOf(wide, *narrow->document)));
        break;
      }
    }
  }
}

bool ChangesRows(const StatementRule& rule) {
  return rule.actions.test(static_cast<size_t>(Action::kUpdate)) ||
         rule.actions.test(static_cast<size_t>(Action::kDelete));
}

// An allowance to change rows that neither asks for a WHERE nor bounds the rows, and no rule beside it that stops bulk
// changes.
void CheckBulk(const std::vector<ViewRule>& rules, const std::vector<const ViewRule*>& guards, Budget* budget,
               Findings* findings) {
  for (const ViewRule& rule : rules) {
    if (rule.rule->effect != Decision::kAllow || !ChangesRows(*rule.rule) || rule.rule->when.max_affected_rows ||
        rule.rule->when.where == WhereCondition::kPresent) {
      continue;
    }
    StatementRule writes = *rule.rule;
    for (int i = 0; i < sql::kActionCount; ++i) {
      const auto action = static_cast<Action>(i);
      writes.actions.set(static_cast<size_t>(i), writes.actions.test(static_cast<size_t>(i)) &&
                                                     (action == Action::kUpdate || action == Action::kDelete));
    }
    const bool guarded = std::any_of(guards.begin(), guards.end(), [&](const ViewRule* guard) {
      return budget->Spend() && RuleCovers(*guard->rule, writes) && ReachCovers(*guard->document, *rule.document);
    });
    if (!guarded && !budget->spent()) {
      findings->Warn(
          PlaceOf(*rule.document, *rule.rule), "unbounded-write",
          "allows changing all rows of a table at once; add when: {where: present} or {max_affected_rows: N}, or a "
          "deny rule with {where: absent}");
    }
  }
}

bool StopsBulk(const ViewRule& rule) {
  StatementRule otherwise = *rule.rule;
  const bool where = otherwise.when.where == WhereCondition::kAbsent;
  otherwise.when.where = WhereCondition::kAny;
  return where && IsEnforced(rule) && rule.rule->effect != Decision::kAllow && IsUnconditional(otherwise);
}

}  // namespace

void CheckRules(const Documents& documents, Budget* budget, Findings* findings) {
  const std::vector<ViewRule> rules = AllRules(documents);
  const CoverersByEffect coverers{Coverers(rules, Decision::kAllow), Coverers(rules, Decision::kRequireApproval),
                                  Coverers(rules, Decision::kDeny)};
  std::vector<const ViewRule*> held;
  std::vector<const ViewRule*> bounded;
  std::vector<const ViewRule*> guards;
  for (const ViewRule& rule : rules) {
    CheckCovered(rule, coverers, budget, findings);
    if (rule.rule->effect == Decision::kRequireApproval) {
      held.push_back(&rule);
    }
    if (rule.rule->when.max_affected_rows && rule.rule->effect == Decision::kAllow) {
      bounded.push_back(&rule);
    }
    if (StopsBulk(rule)) {
      guards.push_back(&rule);
    }
  }
  CheckConflicts(held, budget, findings);
  CheckBounds(rules, bounded, budget, findings);
  CheckBulk(rules, guards, budget, findings);
}

}  // namespace chaperone::policy
