#include "api/policy/evaluator.h"

#include <algorithm>

#include "api/policy/hint.h"
#include "api/policy/row_bound.h"
#include "api/policy/rule_match.h"

namespace chaperone::policy {

namespace {

// REQUIRES: rules come by precedence, each once.
void Take(const ViewRule* rule, NeedResult* result) {
  switch (rule->rule->effect) {
    case Decision::kDeny:
      result->deny = result->deny == nullptr ? rule : result->deny;
      return;
    case Decision::kRequireApproval:
      result->approvals.push_back(rule);
      break;
    case Decision::kAllow:
      result->allow = result->allow == nullptr ? rule : result->allow;
      break;
  }
  const auto& rows = rule->rule->when.max_affected_rows;
  if (rows && (result->bound == nullptr || *rows < *result->bound->rule->when.max_affected_rows)) {
    result->bound = rule;
  }
}

// `except`, `where` and `time`. The window comes last: only one that would decide shortens the verdict's life.
bool ConditionsHold(const StatementRule& rule, const sql::Need& need, SystemTime now,
                    std::optional<SystemTime>* valid_until) {
  if (!WhereHolds(rule.when.where, need) || IsExcepted(rule, need)) {
    return false;
  }
  if (!rule.when.time) {
    return true;
  }
  const WindowState state = StateAt(*rule.when.time, now);
  if (state.changes_at && (!*valid_until || *state.changes_at < **valid_until)) {
    *valid_until = state.changes_at;
  }
  return state.open;
}

// A message's verdict in the making, for one way of counting rules.
struct Draft {
  Decision decision = Decision::kAllow;
  const ViewRule* rule = nullptr;
  const sql::Need* need = nullptr;
  absl::InlinedVector<const ViewRule*, 4> approvals;
  const ViewRule* bound = nullptr;
  // What no rule allowed, and mode: observe let through.
  bool let_through = false;

  void Add(const NeedResult& result, const sql::Need& of, bool lets_through) {
    Decision next = result.decision();
    if (lets_through && result.rule() == nullptr && of.action != sql::Action::kUnknown) {
      next = Decision::kAllow;
      let_through = true;
    }
    if (need == nullptr || next > decision) {
      decision = next;
      rule = result.rule();
      need = &of;
    }
    approvals.insert(approvals.end(), result.approvals.begin(), result.approvals.end());
    if (result.bound != nullptr &&
        (bound == nullptr || *result.bound->rule->when.max_affected_rows < *bound->rule->when.max_affected_rows)) {
      bound = result.bound;
    }
  }
};

// Makes one demand of all. False when no group is named by every rule; `conflict` is then the rule that ended it.
bool MergeApprovals(const Draft& draft, ApprovalDemand* out, const ViewRule** conflict) {
  *out = draft.approvals.front()->rule->approval;
  for (const ViewRule* rule : draft.approvals) {
    const ApprovalDemand& other = rule->rule->approval;
    std::vector<std::string> both;
    std::set_intersection(out->approvers.begin(), out->approvers.end(), other.approvers.begin(), other.approvers.end(),
                          std::back_inserter(both));
    if (both.empty()) {
      *conflict = rule;
      return false;
    }
    out->approvers = std::move(both);
    out->count = std::max(out->count, other.count);
    out->expires = std::min(out->expires, other.expires);
    out->estimate_blast_radius |= other.estimate_blast_radius;
  }
  return true;
}

std::string WhyUnnamed(const sql::Need& need) {
  std::string words = need.action == sql::Action::kUnknown
                          ? std::string("the statement is not understood and nothing allows it")
                          : fmt::format("no policy allows {}", Describe(need));
  if (!need.reason.empty()) {
    words += fmt::format(": {}", need.reason);
  }
  return words;
}

std::string ReasonOf(const Draft& draft) {
  if (draft.rule == nullptr) {
    return draft.decision == Decision::kDeny ? WhyUnnamed(*draft.need) : "";
  }
  if (!draft.rule->rule->reason.empty() || draft.decision == Decision::kAllow) {
    return draft.rule->rule->reason;
  }
  const bool no_where = draft.rule->rule->when.where == WhereCondition::kAbsent;
  std::string words = fmt::format("{}{} {}", Describe(*draft.need), no_where ? " without WHERE" : "",
                                  draft.decision == Decision::kDeny ? "is denied" : "needs approval");
  if (!draft.need->reason.empty()) {
    words += fmt::format(": {}", draft.need->reason);
  }
  return words;
}

void FillApproval(const Draft& draft, Verdict* verdict) {
  const ViewRule* conflict = nullptr;
  if (MergeApprovals(draft, &verdict->approval, &conflict)) {
    return;
  }
  const ViewRule* first = draft.approvals.front();
  verdict->decision = Decision::kDeny;
  verdict->policy = conflict->document->name;
  verdict->rule = conflict->rule->id;
  verdict->reason = fmt::format("{}/{} and {}/{} both demand approval, and no group may give both",
                                first->document->name, first->rule->id, conflict->document->name, conflict->rule->id);
  verdict->approval = ApprovalDemand();
}

void FillObserved(const Draft& draft, Verdict* verdict) {
  verdict->observed = draft.decision;
  verdict->observed_reason = ReasonOf(draft);
  if (draft.rule != nullptr) {
    verdict->observed_policy = draft.rule->document->name;
    verdict->observed_rule = draft.rule->rule->id;
  }
}

Verdict ToVerdict(const Draft& draft) {
  Verdict verdict;
  verdict.decision = draft.decision;
  if (draft.need == nullptr) {
    return verdict;
  }
  if (draft.rule != nullptr) {
    verdict.policy = draft.rule->document->name;
    verdict.rule = draft.rule->rule->id;
  }
  verdict.action = std::string(sql::ActionName(draft.need->action));
  verdict.resource = draft.need->resource;
  verdict.reason = ReasonOf(draft);
  if (draft.decision == Decision::kRequireApproval) {
    FillApproval(draft, &verdict);
  }
  if (verdict.decision != Decision::kDeny && draft.bound != nullptr) {
    verdict.max_affected_rows = draft.bound->rule->when.max_affected_rows;
    verdict.max_affected_rows_rule = fmt::format("{}/{}", draft.bound->document->name, draft.bound->rule->id);
  }
  if (verdict.decision == Decision::kAllow && draft.rule == nullptr && draft.let_through) {
    verdict.reason = "mode: observe";
  }
  return verdict;
}

// Both drafts over all needs of the message. Ends at the first denial: nothing that follows is stricter.
std::optional<SystemTime> DraftMessage(const CompiledView& view, const sql::Facts& facts, SystemTime now,
                                       Draft* enforced, Draft* all) {
  std::optional<SystemTime> valid_until;
  for (const sql::Statement& statement : facts.statements) {
    for (const sql::Need& need : statement.needs) {
      const NeedResults results = Evaluate(view, need, now, &valid_until);
      enforced->Add(results.enforced, need, /*lets_through=*/!view.enforced_grants());
      if (view.has_observed_rules()) {
        all->Add(results.all, need, /*lets_through=*/false);
      } else if (enforced->decision == Decision::kDeny) {
        return valid_until;
      }
    }
  }
  return valid_until;
}

// A bound that could not be kept denies: a promise that is silently broken would be worse. True when it did.
bool DenyUncountable(const Draft& draft, const sql::Facts& facts, Verdict* verdict) {
  if (!verdict->max_affected_rows) {
    return false;
  }
  const auto uncountable = WhyUncountable(facts);
  if (!uncountable) {
    return false;
  }
  verdict->decision = Decision::kDeny;
  verdict->policy = draft.bound->document->name;
  verdict->rule = draft.bound->rule->id;
  verdict->reason =
      fmt::format("at most {} rows may be changed, and {}", *verdict->max_affected_rows, uncountable->reason);
  verdict->hint = uncountable->hint;
  verdict->approval = ApprovalDemand();
  verdict->max_affected_rows.reset();
  verdict->max_affected_rows_rule.clear();
  return true;
}

Verdict NothingApplies() {
  Verdict verdict;
  verdict.reason = "no policy grants anything to this principal on this database";
  verdict.hint =
      "Ask whoever administers Chaperone for a policy whose principals and databases name you and this database; "
      "\"chaperone policy simulate\" shows which policies apply.";
  return verdict;
}

}  // namespace

std::string_view DecisionName(Decision decision) {
  switch (decision) {
    case Decision::kAllow:
      return "allow";
    case Decision::kRequireApproval:
      return "require_approval";
    case Decision::kDeny:
      return "deny";
  }
  return "deny";
}

std::string Describe(const sql::Need& need) {
  return need.kind == sql::ResourceKind::kNone ? std::string(sql::ActionName(need.action))
                                               : fmt::format("{} on {}", sql::ActionName(need.action), need.resource);
}

Decision NeedResult::decision() const {
  if (deny != nullptr) {
    return Decision::kDeny;
  }
  if (!approvals.empty()) {
    return Decision::kRequireApproval;
  }
  return allow != nullptr ? Decision::kAllow : Decision::kDeny;
}

const ViewRule* NeedResult::rule() const {
  if (deny != nullptr) {
    return deny;
  }
  return approvals.empty() ? allow : approvals.front();
}

NeedResults Evaluate(const CompiledView& view, const sql::Need& need, SystemTime now,
                     std::optional<SystemTime>* valid_until) {
  RuleNumbers scratch;
  NeedResults results;
  for (const uint32_t number : view.index().Find(need, &scratch)) {
    const ViewRule& rule = view.rules()[number];
    if (rule.conditional && !ConditionsHold(*rule.rule, need, now, valid_until)) {
      continue;
    }
    if (!rule.observe) {
      Take(&rule, &results.enforced);
    }
    if (view.has_observed_rules()) {
      Take(&rule, &results.all);
    }
  }
  return results;
}

Verdict CompiledView::Judge(const sql::Facts& facts, std::chrono::system_clock::time_point now) const {
  if (!Applies()) {
    return NothingApplies();
  }
  Draft enforced;
  Draft all;
  const std::optional<SystemTime> valid_until = DraftMessage(*this, facts, now, &enforced, &all);
  Verdict verdict = ToVerdict(enforced);
  verdict.valid_until = valid_until;
  if (has_observed_rules_) {
    FillObserved(all, &verdict);
  }
  if (!DenyUncountable(enforced, facts, &verdict) && verdict.decision != Decision::kAllow) {
    AddHint(*this, enforced.rule, *enforced.need, now, &verdict);
  }
  return verdict;
}

}  // namespace chaperone::policy
