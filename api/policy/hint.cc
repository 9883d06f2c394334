#include "api/policy/hint.h"

#include <absl/time/time.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "api/policy/rule_match.h"
#include "api/yaml/yaml.h"

namespace chaperone::policy {

namespace {

using sql::Action;
using sql::Need;
using sql::ResourceKind;

constexpr size_t kPatternsMax = 5;

Decision DecisionOn(const CompiledView& view, const Need& need, SystemTime now) {
  std::optional<SystemTime> unused;
  return Evaluate(view, need, now, &unused).enforced.decision();
}

void AddSentence(std::string_view sentence, std::string* hint) {
  if (!sentence.empty()) {
    if (!hint->empty()) {
      hint->push_back(' ');
    }
    hint->append(sentence);
  }
}

std::string ApprovalAdvice(const ApprovalDemand& approval) {
  return fmt::format(
      "Approval by {} of {} is asked for. Once it is given, send exactly the same statement again within {}: it then "
      "runs, "
      "once. Changed text or parameters are a new request.",
      approval.count == 1 ? std::string("a member") : fmt::format("{} members", approval.count),
      fmt::join(approval.approvers, " or "),
      yaml::FormatDuration(std::chrono::duration_cast<std::chrono::milliseconds>(approval.expires)));
}

// For a statement without WHERE that would go further with one.
std::string WhereAdvice(const CompiledView& view, const Need& need, SystemTime now) {
  if (need.action != Action::kUpdate && need.action != Action::kDelete && need.action != Action::kTruncate) {
    return "";
  }
  Need narrowed = need;
  narrowed.where_absent = false;
  if (need.action == Action::kTruncate) {
    narrowed.action = Action::kDelete;
  } else if (!need.where_absent) {
    return "";
  }
  const Decision decision = DecisionOn(view, narrowed, now);
  if (decision == Decision::kDeny) {
    return "";
  }
  const std::string statement = need.action == Action::kUpdate
                                    ? fmt::format("UPDATE {} SET … WHERE id = …", need.resource)
                                    : fmt::format("DELETE FROM {} WHERE id = …", need.resource);
  return fmt::format("Name the rows, for example {}{}; a condition that is true for every row counts as none.",
                     statement, decision == Decision::kRequireApproval ? " (this then needs approval)" : "");
}

std::string FormatUtc(SystemTime time) {
  return absl::FormatTime("%Y-%m-%dT%H:%MZ", absl::FromChrono(time), absl::UTCTimeZone());
}

// When the clock stands in the way: a ban that ends, or a permission that begins.
std::string TimeAdvice(const CompiledView& view, const ViewRule* decided, const Need& need, SystemTime now) {
  if (decided != nullptr) {
    const auto& window = decided->rule->when.time;
    const auto ends = window ? StateAt(*window, now).changes_at : std::nullopt;
    return ends ? fmt::format("The rule holds {}; until {} now.", window->Describe(), FormatUtc(*ends)) : "";
  }
  RuleNumbers scratch;
  for (const uint32_t number : view.index().Find(need, &scratch)) {
    const StatementRule& rule = *view.rules()[number].rule;
    if (rule.effect == Decision::kDeny || !rule.when.time || !RuleMatches(rule, need)) {
      continue;
    }
    const auto opens = StateAt(*rule.when.time, now).changes_at;
    return fmt::format("Rule {} lets this through {}{}.", rule.id, rule.when.time->Describe(),
                       opens ? fmt::format(", next from {}", FormatUtc(*opens)) : "");
  }
  return "";
}

// "On public.orders you may: read, insert; with approval: update, for which sending the statement asks."
std::string OtherActions(const CompiledView& view, const Need& need, SystemTime now) {
  if (need.kind != ResourceKind::kRelation) {
    return "";
  }
  std::vector<std::string_view> allowed;
  std::vector<std::string_view> held;
  for (const Action action : {Action::kRead, Action::kInsert, Action::kUpdate, Action::kDelete, Action::kTruncate,
                              Action::kLock, Action::kMaintain, Action::kDdl}) {
    Need other;
    other.action = action;
    other.kind = need.kind;
    other.resource = need.resource;
    const Decision decision = action == need.action ? Decision::kDeny : DecisionOn(view, other, now);
    if (decision != Decision::kDeny) {
      (decision == Decision::kAllow ? allowed : held).push_back(sql::ActionName(action));
    }
  }
  if (allowed.empty() && held.empty()) {
    return "";
  }
  return fmt::format("On {} you may: {}{}{}{}{}.", need.resource, fmt::join(allowed, ", "),
                     allowed.empty() || held.empty() ? "" : "; ",
                     held.empty() ? "" : "with approval: ", fmt::join(held, ", "),
                     held.empty() ? "" : ", for which sending the statement asks");
}

// Looks for the resources on which an action has this effect, as rules name them. Gives up after a number of
// comparisons: a hint is not worth more, however large the policy.
class PatternSearch {
 public:
  PatternSearch(const CompiledView& view, Decision effect, Action action, SystemTime now)
      : view_(view), effect_(effect), action_(static_cast<size_t>(action)), now_(now) {}

  std::vector<std::string_view> Find() {
    std::vector<std::string_view> patterns;
    for (const ViewRule& candidate : view_.rules()) {
      if (patterns.size() == kPatternsMax || !Spend()) {
        break;
      }
      if (!Grants(candidate)) {
        continue;
      }
      for (const ResourcePattern& pattern : candidate.rule->resources) {
        const bool known = std::find(patterns.begin(), patterns.end(), pattern.text) != patterns.end();
        if (patterns.size() < kPatternsMax && !known && !IsBanned(pattern) && comparisons_left_ > 0) {
          patterns.push_back(pattern.text);
        }
      }
    }
    return patterns;
  }

 private:
  bool Spend() { return comparisons_left_ > 0 && comparisons_left_-- > 0; }

  bool Grants(const ViewRule& candidate) const {
    const StatementRule& rule = *candidate.rule;
    return !candidate.observe && rule.effect == effect_ && rule.actions.test(action_) &&
           (!rule.when.time || StateAt(*rule.when.time, now_).open);
  }

  // A ban that leaves nothing of the pattern.
  bool IsBanned(const ResourcePattern& pattern) {
    return std::any_of(view_.bans().begin(), view_.bans().end(), [&](const ViewRule* ban_rule) {
      return Spend() && ban_rule->rule->actions.test(action_) &&
             std::any_of(ban_rule->rule->resources.begin(), ban_rule->rule->resources.end(),
                         [&](const ResourcePattern& ban) { return ban.Covers(pattern); });
    });
  }

  const CompiledView& view_;
  const Decision effect_;
  const size_t action_;
  const SystemTime now_;
  int comparisons_left_ = 5000;
};

std::string OtherResources(const CompiledView& view, const Need& need, SystemTime now) {
  std::string_view verb;
  switch (need.action) {
    case Action::kRead:
    case Action::kInsert:
    case Action::kUpdate:
    case Action::kDelete:
    case Action::kExecute:
      verb = sql::ActionName(need.action);
      break;
    case Action::kSession:
      verb = "set";
      break;
    case Action::kNotify:
      verb = "use channels";
      break;
    default:
      return "";
  }
  const std::vector<std::string_view> allowed = PatternSearch(view, Decision::kAllow, need.action, now).Find();
  const std::vector<std::string_view> held = PatternSearch(view, Decision::kRequireApproval, need.action, now).Find();
  std::string hint = allowed.empty() ? "" : fmt::format("You may {}: {}.", verb, fmt::join(allowed, ", "));
  if (!held.empty()) {
    AddSentence(
        fmt::format("With approval you may {}: {}; sending the statement asks for it.", verb, fmt::join(held, ", ")),
        &hint);
  }
  return hint;
}

std::string_view ActionAdvice(Action action) {
  switch (action) {
    case Action::kDdl:
      return "Write the change as a migration and hand it in for review instead of running it here.";
    case Action::kTruncate:
      return "TRUNCATE takes every row; delete the rows that have to go.";
    case Action::kCopyFile:
      return "COPY through the client instead: COPY … FROM STDIN or COPY … TO STDOUT.";
    case Action::kAdmin:
      return "Roles, rights and server settings are changed by an administrator, not through this connection.";
    case Action::kUnknown:
      return "Use plain SQL with names that exist, one statement at a time, to see which part is refused.";
    case Action::kLock:
      return "Leave the lock out (FOR UPDATE, FOR SHARE, LOCK TABLE).";
    case Action::kMaintain:
      return "Leave maintenance to autovacuum, or ask an administrator.";
    case Action::kSession:
      return "Go on with the session's settings as they are.";
    case Action::kExecute:
      return "Use PostgreSQL's built-in functions.";
    default:
      return "";
  }
}

std::string DenialAdvice(const CompiledView& view, const ViewRule* rule, const Need& need, SystemTime now) {
  if (rule != nullptr && !rule->rule->hint.empty()) {
    return rule->rule->hint;
  }
  std::string hint;
  AddSentence(TimeAdvice(view, rule, need, now), &hint);
  const std::string where = WhereAdvice(view, need, now);
  AddSentence(where.empty() ? ActionAdvice(need.action) : std::string_view(where), &hint);
  const std::string actions = OtherActions(view, need, now);
  AddSentence(actions.empty() ? OtherResources(view, need, now) : actions, &hint);
  if (hint.empty()) {
    hint = fmt::format("Do without {}, or ask an administrator for a rule that allows it.", Describe(need));
  }
  return hint;
}

}  // namespace

void AddHint(const CompiledView& view, const ViewRule* rule, const Need& need, SystemTime now, Verdict* verdict) {
  if (verdict->decision == Decision::kRequireApproval) {
    verdict->hint = rule == nullptr ? "" : rule->rule->hint;
    AddSentence(ApprovalAdvice(verdict->approval), &verdict->hint);
    return;
  }
  const bool conflict = rule != nullptr && rule->rule->effect == Decision::kRequireApproval;
  verdict->hint = conflict ? "Do in separate statements what the two rules are about; each can then be approved."
                           : DenialAdvice(view, rule, need, now);
}

}  // namespace chaperone::policy
