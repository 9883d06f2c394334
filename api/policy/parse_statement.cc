#include <algorithm>
#include <chrono>

#include "api/policy/parse.h"

namespace chaperone::policy {

namespace {

using sql::Action;

constexpr int kApprovalCountMax = 20;
constexpr size_t kApproversMax = 50;

ActionSet Actions(std::initializer_list<Action> actions) {
  ActionSet set;
  for (const Action action : actions) {
    set.set(static_cast<size_t>(action));
  }
  return set;
}

// Actions whose resource is always schema.name (or the statement as a whole).
const ActionSet& QualifiedActions() {
  static const ActionSet set = Actions({Action::kRead, Action::kInsert, Action::kUpdate, Action::kDelete,
                                        Action::kTruncate, Action::kExecute, Action::kLock});
  return set;
}

// Actions whose resource may be a name with dots that are no separators.
const ActionSet& FreeNameActions() {
  static const ActionSet set = Actions({Action::kSession, Action::kNotify, Action::kUnknown});
  return set;
}

const ActionSet& WhereActions() {
  static const ActionSet set = Actions({Action::kUpdate, Action::kDelete, Action::kTruncate});
  return set;
}

const ActionSet& RowActions() {
  static const ActionSet set = Actions({Action::kInsert, Action::kUpdate, Action::kDelete});
  return set;
}

bool Within(const ActionSet& inner, const ActionSet& outer) { return (inner & ~outer).none(); }

std::string UnknownAction(std::string_view text) {
  std::vector<std::string> known = {"*"};
  for (int i = 0; i < sql::kActionCount; ++i) {
    known.emplace_back(sql::ActionName(static_cast<Action>(i)));
  }
  std::string message = fmt::format("\"{}\" is no action; known are: {}", text, fmt::join(known, ", "));
  if (const auto nearest = yaml::Nearest(text, known)) {
    message += fmt::format("; did you mean \"{}\"?", *nearest);
  }
  return message;
}

void ReadActions(yaml::Mapping* map, StatementRule* out) {
  std::vector<std::string_view> texts;
  const std::vector<yaml::Value> items = ReadItems(map, "actions", yaml::kRequired);
  for (const yaml::Value& item : items) {
    Action action = Action::kUnknown;
    if (item.text() == "*") {
      ActionSet all;
      all.set();
      // What nobody understood is granted by name only; but a ban on everything bans it.
      all.set(static_cast<size_t>(Action::kUnknown), out->effect == Decision::kDeny);
      out->actions |= all;
    } else if (sql::ParseAction(item.text(), &action)) {
      out->actions.set(static_cast<size_t>(action));
    } else {
      return map->Check(item.Error(UnknownAction(item.text())));
    }
    texts.push_back(item.text());
  }
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  out->actions_text = fmt::format("[{}]", fmt::join(texts, ", "));
}

// A pattern that the rule's actions can never meet is a mistake that would fail silently.
absl::Status CheckShape(const ResourcePattern& pattern, const ActionSet& actions) {
  if (pattern.any) {
    return absl::OkStatus();
  }
  if (pattern.parts.size() == 1 && Within(actions, QualifiedActions())) {
    return base::InvalidArgument("\"{}\" lacks a schema; write schema.name, for example public.{} or *.{}",
                                 pattern.text, pattern.text, pattern.text);
  }
  if (pattern.parts.size() > 2 && (actions & FreeNameActions()).none()) {
    return base::InvalidArgument(
        "\"{}\" has {} parts; a resource is schema.name (columns are hidden under masking, databases chosen under "
        "databases; a name with a dot in it stands in double quotes)",
        pattern.text, pattern.parts.size());
  }
  return absl::OkStatus();
}

void ReadResources(yaml::Mapping* map, std::string_view key, yaml::Presence presence, const ActionSet& actions,
                   std::vector<ResourcePattern>* out) {
  ReadPatterns(map, key, out, presence, [&actions](std::string_view text) -> absl::StatusOr<ResourcePattern> {
    CHAPERONE_ASSIGN_OR_RETURN(ResourcePattern pattern, ResourcePattern::Parse(text));
    CHAPERONE_RETURN_IF_ERROR(CheckShape(pattern, actions));
    return pattern;
  });
}

absl::StatusOr<std::string> ParseGroup(std::string_view text) {
  CHAPERONE_RETURN_IF_ERROR(CheckPatternText(text));
  if (text.find('*') != std::string_view::npos) {
    return base::InvalidArgument("\"{}\": approvers are groups by name; globs are not allowed here", text);
  }
  return std::string(text);
}

absl::Status ReadApproval(yaml::Mapping approval, ApprovalDemand* out) {
  ReadPatterns(&approval, "approvers", &out->approvers, yaml::kRequired, ParseGroup);
  if (out->approvers.size() > kApproversMax) {
    return approval.Error(
        fmt::format("\"approvers\" names {} groups; at most {} are allowed", out->approvers.size(), kApproversMax));
  }
  std::sort(out->approvers.begin(), out->approvers.end());
  out->approvers.erase(std::unique(out->approvers.begin(), out->approvers.end()), out->approvers.end());
  approval.Number("count", &out->count, 1, kApprovalCountMax);
  std::chrono::milliseconds expires = out->expires;
  approval.Duration("expires", &expires, std::chrono::seconds(10), std::chrono::hours(24 * 7));
  out->expires = std::chrono::duration_cast<std::chrono::seconds>(expires);
  int blast_radius = 1;
  approval.Choice("blast_radius", {"estimate", "none"}, &blast_radius);
  out->estimate_blast_radius = blast_radius == 0;
  return approval.Finish();
}

void ReadApprovalOf(yaml::Mapping* map, StatementRule* out) {
  if (out->effect == Decision::kRequireApproval) {
    if (auto approval = map->Child("approval", yaml::kRequired)) {
      map->Check(ReadApproval(*approval, &out->approval));
    }
  } else if (const auto value = map->Any("approval")) {
    map->Check(value->Error("\"approval\" goes with effect: require_approval only"));
  }
}

absl::Status CheckConditions(const yaml::Value& value, const StatementRule& rule) {
  if (rule.when.where != WhereCondition::kAny && !Within(rule.actions, WhereActions())) {
    return value.Error(
        "\"when.where\" concerns update, delete and truncate; give the other actions a statement of their own");
  }
  if (!rule.when.max_affected_rows) {
    return absl::OkStatus();
  }
  if (rule.effect == Decision::kDeny) {
    return value.Error(
        "\"when.max_affected_rows\" bounds what a rule lets through; write it on an allow or require_approval rule, "
        "and what "
        "exceeds it is rolled back");
  }
  if (!Within(rule.actions, RowActions())) {
    return value.Error(
        "\"when.max_affected_rows\" concerns insert, update and delete; give the other actions a statement of their "
        "own");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadStatement(const yaml::Value& value, StatementRule* out) {
  if (!value.IsMapping()) {
    return value.Error("each of \"statements\" must be a mapping: {id: …, effect: …, actions: […], resources: […]}");
  }
  yaml::Mapping map = value.AsMapping("");
  out->line = value.line();
  ReadName(&map, "id", &out->id, yaml::kRequired);
  int effect = 0;
  map.Choice("effect", {"allow", "require_approval", "deny"}, &effect, yaml::kRequired);
  out->effect = static_cast<Decision>(effect);
  ReadActions(&map, out);
  ReadResources(&map, "resources", yaml::kRequired, out->actions, &out->resources);
  ReadResources(&map, "except", yaml::kOptional, out->actions, &out->except);
  ReadWords(&map, "reason", &out->reason);
  ReadWords(&map, "hint", &out->hint);
  if (auto when = map.Child("when")) {
    map.Check(ReadConditions(*when, &out->when));
  }
  ReadApprovalOf(&map, out);
  CHAPERONE_RETURN_IF_ERROR(map.Finish());
  return CheckConditions(value, *out);
}

}  // namespace chaperone::policy
