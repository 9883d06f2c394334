#include <algorithm>

#include "api/policy/cover.h"
#include "api/policy/lint_checks.h"
#include "api/sql/settings.h"
#include "api/yaml/yaml.h"

namespace chaperone::policy {

namespace {

using sql::Action;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kDegradedReadLong = std::chrono::hours(24);
constexpr std::chrono::seconds kDegradedWriteLong = std::chrono::minutes(15);
constexpr std::chrono::seconds kExpiresLong = std::chrono::hours(24);

bool Has(const StatementRule& rule, Action action) { return rule.actions.test(static_cast<size_t>(action)); }

bool Grants(const StatementRule& rule) { return rule.effect != Decision::kDeny; }

bool NamesEverything(const StatementRule& rule) {
  return std::any_of(rule.resources.begin(), rule.resources.end(), [](const ResourcePattern& p) { return p.any; });
}

void CheckReach(const Document& document, Findings* findings) {
  const bool grants = std::any_of(document.statements.begin(), document.statements.end(), Grants);
  for (const PrincipalEntry& entry : document.principals) {
    if (grants && IsEverybody(entry)) {
      findings->Warn({&document, "", entry.line}, "everybody",
                     "grants to everybody with a token of any known issuer; name issuer and groups");
    }
  }
  if (document.statements.empty() && document.masking.empty() && document.settings.limits == Limits{}) {
    findings->Warn({&document, "", 0}, "empty-policy", "holds no statements, masks or limits; delete it or fill it");
  }
  if (document.mode == Mode::kObserve) {
    findings->Warn(
        {&document, "", document.mode_line}, "observe-mode",
        "only records: sessions to which no enforced policy grants anything may do everything that is understood; set "
        "mode: enforce when the records look right");
  }
}

void CheckDegraded(const Document& document, Findings* findings) {
  const SessionSettings& settings = document.settings;
  const Place place{&document, "", settings.degraded_line};
  const auto text = [](std::chrono::seconds time) { return yaml::FormatDuration(milliseconds(time)); };
  if (settings.degraded_write.value_or(std::chrono::seconds(0)) > kDegradedWriteLong) {
    findings->Warn(
        place, "degraded-write-long",
        fmt::format("writes go on for {} without the control plane: no revocation, approval or kill reaches them; "
                    "{} at most is advised",
                    text(*settings.degraded_write), text(kDegradedWriteLong)));
  }
  if (settings.degraded_read.value_or(std::chrono::seconds(0)) > kDegradedReadLong) {
    findings->Warn(
        place, "degraded-read-long",
        fmt::format("reads go on for {} without the control plane, revoked tokens included; {} at most is advised",
                    text(*settings.degraded_read), text(kDegradedReadLong)));
  }
}

void CheckGrant(const Document& document, const StatementRule& rule, Findings* findings) {
  const Place place = PlaceOf(document, rule);
  if (Has(rule, Action::kUnknown)) {
    findings->Warn(place, "grants-unknown",
                   "lets through what was not understood: such statements are neither checked nor masked nor bounded");
  }
  if (rule.effect != Decision::kAllow || !IsUnconditional(rule)) {
    return;
  }
  if (NamesEverything(rule) && Has(rule, Action::kDdl) && Has(rule, Action::kDelete)) {
    findings->Warn(place, "allow-everything",
                   "allows every kind of statement on everything; list the actions and schemas that are needed");
    return;
  }
  for (const Action action : {Action::kAdmin, Action::kCopyFile}) {
    if (Has(rule, action)) {
      findings->Warn(place, "allow-dangerous",
                     fmt::format("allows {} without asking anyone; make it require_approval, or leave it out",
                                 sql::ActionName(action)));
    }
  }
}

// What the principals of a document rule out for the conditions of its rules.
bool CanHold(const AttributeMatch& condition, const std::vector<PrincipalEntry>& principals,
             const AttributeMatch PrincipalEntry::*attribute) {
  using Kind = AttributeMatch::Kind;
  if (condition.kind == Kind::kAny) {
    return true;
  }
  return std::any_of(principals.begin(), principals.end(), [&](const PrincipalEntry& entry) {
    const AttributeMatch& match = entry.*attribute;
    if (match.kind == Kind::kAny) {
      return true;
    }
    if ((match.kind == Kind::kAbsent) != (condition.kind == Kind::kAbsent)) {
      return false;
    }
    return match.kind != Kind::kGlobs || condition.kind != Kind::kGlobs ||
           std::any_of(match.globs.begin(), match.globs.end(), [&](const Glob& a) {
             return std::any_of(condition.globs.begin(), condition.globs.end(),
                                [&](const Glob& b) { return a.Overlaps(b); });
           });
  });
}

void CheckConditions(const Document& document, const StatementRule& rule, Findings* findings) {
  const Place place = PlaceOf(document, rule);
  const std::pair<std::string_view, bool> can_hold[] = {
      {"client", CanHold(rule.when.client, document.principals, &PrincipalEntry::client)},
      {"human", CanHold(rule.when.human, document.principals, &PrincipalEntry::human)},
      {"task", CanHold(rule.when.task, document.principals, &PrincipalEntry::task)}};
  for (const auto& [name, holds] : can_hold) {
    if (!holds) {
      findings->Warn(
          place, "never-fires",
          fmt::format("when.{} contradicts {} of every entry of principals: the rule never holds", name, name));
    }
  }
  const auto& time = rule.when.time;
  if (time && time->days == 0x7f && time->from == 0 && time->to == kMinutesOfDay) {
    findings->Warn(place, "time-always", "when.time is open day and night; leave it out or narrow it");
  }
}

void CheckApproval(const Document& document, const StatementRule& rule, Findings* findings) {
  if (rule.effect != Decision::kRequireApproval) {
    return;
  }
  const Place place = PlaceOf(document, rule);
  if (rule.approval.expires > kExpiresLong) {
    findings->Warn(place, "approval-long",
                   fmt::format("an approval stays usable for {}; data may have changed by then",
                               yaml::FormatDuration(milliseconds(rule.approval.expires))));
  }
  for (const PrincipalEntry& entry : document.principals) {
    for (const std::string& group : rule.approval.approvers) {
      if (entry.groups.kind == AttributeMatch::Kind::kGlobs && entry.groups.Matches(group)) {
        findings->Warn(
            place, "approver-is-agent",
            fmt::format("the group {} is among the principals and among the approvers: agents could approve for "
                        "each other; keep approvers in a group of their own",
                        group));
      }
    }
  }
}

// PostgreSQL folds names without quotes to lower case.
void CheckSpelling(const Document& document, const StatementRule& rule, Findings* findings) {
  for (const ResourcePattern& pattern : rule.resources) {
    const bool upper =
        std::any_of(pattern.text.begin(), pattern.text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    if (upper && pattern.qualified() && pattern.text.find('"') == std::string::npos) {
      findings->Warn(
          PlaceOf(document, rule), "upper-case",
          fmt::format("\"{}\" has capital letters, which only names made in double quotes have; if that is meant, "
                      "quote that part",
                      pattern.text));
    }
    if (pattern.parts.size() == 1 &&
        (Has(rule, Action::kRead) || Has(rule, Action::kUpdate) || Has(rule, Action::kDelete) ||
         Has(rule, Action::kInsert) || Has(rule, Action::kTruncate))) {
      findings->Warn(PlaceOf(document, rule), "no-schema",
                     fmt::format("\"{0}\" is no schema.name: the rule's actions on tables never meet it; write *.{0}",
                                 pattern.text));
    }
  }
}

// A rule about `session` alone that names a setting which SET needs `admin` for.
void CheckSettings(const Document& document, const StatementRule& rule, Findings* findings) {
  if (rule.actions.count() != 1 || !Has(rule, Action::kSession)) {
    return;
  }
  for (const ResourcePattern& pattern : rule.resources) {
    const std::string_view name = pattern.text;
    const bool has_dot = name.find('.') != std::string_view::npos;
    const bool is_glob = name.find('*') != std::string_view::npos || name == "all";
    if (has_dot || (!is_glob && sql::ClassifySetting(name) == sql::SettingClass::kAdmin)) {
      findings->Warn(
          PlaceOf(document, rule), "setting-needs-admin",
          fmt::format("changing {} needs admin, as of every setting that is not known to be harmless: a rule "
                      "about session does not meet it",
                      name));
    }
  }
}

}  // namespace

void CheckDocument(const Document& document, Findings* findings) {
  CheckReach(document, findings);
  CheckDegraded(document, findings);
  for (const StatementRule& rule : document.statements) {
    if (Grants(rule)) {
      CheckGrant(document, rule, findings);
    }
    CheckConditions(document, rule, findings);
    CheckApproval(document, rule, findings);
    CheckSpelling(document, rule, findings);
    CheckSettings(document, rule, findings);
  }
}

}  // namespace chaperone::policy
