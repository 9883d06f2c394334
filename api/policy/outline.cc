#include "api/policy/outline.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "api/yaml/yaml.h"

namespace chaperone::policy {

namespace {

using std::chrono::milliseconds;

Field One(std::string_view name, std::string_view value) {
  Field field{std::string(name), {}, false};
  if (!value.empty()) {
    field.values.emplace_back(value);
  }
  return field;
}

Field Count(std::string_view name, uint64_t value) { return One(name, value == 0 ? "" : std::to_string(value)); }

Field Time(std::string_view name, std::optional<milliseconds> value) {
  return One(name, value ? yaml::FormatDuration(*value) : "");
}

template <typename T, typename Text>
Field List(std::string_view name, const std::vector<T>& items, Text text) {
  Field field{std::string(name), {}, true};
  for (const T& item : items) {
    field.values.push_back(text(item));
  }
  std::sort(field.values.begin(), field.values.end());
  field.values.erase(std::unique(field.values.begin(), field.values.end()), field.values.end());
  return field;
}

// For types that keep their text.
template <typename T>
Field Texts(std::string_view name, const std::vector<T>& items) {
  return List(name, items, [](const T& item) { return item.text; });
}

std::string EntryText(const PrincipalEntry& entry) {
  std::vector<std::string> parts;
  const std::pair<std::string_view, const AttributeMatch*> attributes[] = {
      {"issuer", &entry.issuer}, {"subject", &entry.subject}, {"groups", &entry.groups},
      {"client", &entry.client}, {"human", &entry.human},     {"task", &entry.task}};
  for (const auto& [name, match] : attributes) {
    if (match->kind != AttributeMatch::Kind::kAny) {
      parts.push_back(fmt::format("{}: {}", name, match->text));
    }
  }
  return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

std::string_view WhereText(WhereCondition where) {
  switch (where) {
    case WhereCondition::kAny:
      return "";
    case WhereCondition::kAbsent:
      return "absent";
    case WhereCondition::kPresent:
      return "present";
  }
  return "";
}

std::string_view PredicatesText(InPredicates in_predicates) {
  switch (in_predicates) {
    case InPredicates::kDeny:
      return "deny";
    case InPredicates::kEquality:
      return "equality";
    case InPredicates::kAllow:
      return "allow";
  }
  return "";
}

void AddConditions(const Conditions& when, std::vector<Field>* fields) {
  fields->push_back(One("when.where", WhereText(when.where)));
  fields->push_back(
      One("when.max_affected_rows", when.max_affected_rows ? std::to_string(*when.max_affected_rows) : ""));
  fields->push_back(One("when.time", when.time ? when.time->Describe() : ""));
  fields->push_back(
      List("when.labels", when.labels, [](const LabelMatch& label) { return label.name + "=" + label.text; }));
  fields->push_back(One("when.client", when.client.text));
  fields->push_back(One("when.human", when.human.text));
  fields->push_back(One("when.task", when.task.text));
}

void AddApproval(const StatementRule& rule, std::vector<Field>* fields) {
  const bool held = rule.effect == Decision::kRequireApproval;
  const ApprovalDemand& approval = rule.approval;
  fields->push_back(List("approval.approvers", approval.approvers, [](const std::string& group) { return group; }));
  fields->push_back(Count("approval.count", held ? static_cast<uint64_t>(approval.count) : 0));
  fields->push_back(Time("approval.expires", held ? std::optional<milliseconds>(approval.expires) : std::nullopt));
  fields->push_back(One("approval.blast_radius", held && approval.estimate_blast_radius ? "estimate" : ""));
}

Section StatementSection(const StatementRule& rule) {
  Section section{"statement " + rule.id, "", {}};
  section.fields = {One("effect", DecisionName(rule.effect)),
                    One("actions", rule.actions_text),
                    Texts("resources", rule.resources),
                    Texts("except", rule.except),
                    One("reason", rule.reason),
                    One("hint", rule.hint)};
  section.summary = fmt::format("{} {} on {}", DecisionName(rule.effect), rule.actions_text,
                                fmt::join(section.fields[2].values, ", "));
  AddConditions(rule.when, &section.fields);
  AddApproval(rule, &section.fields);
  return section;
}

Section MaskSection(const MaskingEntry& entry) {
  const auto itself = [](const std::string& text) { return text; };
  const bool by_column = !entry.columns.empty();
  const std::string method = MaskMethodName(entry.rule.method, entry.rule.argument);
  Section section{"mask " + entry.rule.id, "", {}};
  section.fields = {Texts("columns", entry.columns),
                    Texts("except", entry.except),
                    One("method", method),
                    One("in_predicates", by_column ? PredicatesText(entry.rule.in_predicates) : ""),
                    Count("equality_budget", entry.rule.equality_budget),
                    List("detect", entry.detect_text, itself),
                    List("patterns", entry.rule.patterns,
                         [](const DetectorPattern& p) { return fmt::format("{}: {}", p.name, p.regex); }),
                    Texts("tables", entry.tables)};
  const std::vector<std::string>& what = by_column                    ? section.fields[0].values
                                         : !entry.detect_text.empty() ? section.fields[5].values
                                                                      : section.fields[6].values;
  section.summary = fmt::format("{} {}", method, fmt::join(what, ", "));
  return section;
}

void AddQuota(std::string_view name, const Quota& quota, std::vector<Field>* fields) {
  fields->push_back(Count(fmt::format("{}.rows", name), quota.rows));
  fields->push_back(Count(fmt::format("{}.bytes", name), quota.bytes));
  fields->push_back(Count(fmt::format("{}.statements", name), quota.statements));
  fields->push_back(Count(fmt::format("{}.masked_values", name), quota.masked_values));
}

void AddWindowedQuota(std::string_view name, const std::vector<WindowedQuota>& quotas, std::vector<Field>* fields) {
  const WindowedQuota quota = quotas.empty() ? WindowedQuota() : quotas.front();
  AddQuota(name, quota.quota, fields);
  fields->push_back(
      Time(fmt::format("{}.window", name), quotas.empty() ? std::nullopt : std::optional<milliseconds>(quota.window)));
}

void AddSettings(const SessionSettings& settings, std::vector<Field>* fields) {
  const Limits& limits = settings.limits;
  fields->push_back(Count("limits.rows_per_statement", limits.rows_per_statement));
  fields->push_back(Count("limits.bytes_per_statement", limits.bytes_per_statement));
  fields->push_back(Count("limits.masked_values_per_statement", limits.masked_values_per_statement));
  fields->push_back(Time("limits.statement_timeout", limits.statement_timeout == milliseconds(0)
                                                         ? std::nullopt
                                                         : std::optional<milliseconds>(limits.statement_timeout)));
  fields->push_back(Count("limits.sessions", limits.sessions));
  AddQuota("limits.per_session", limits.per_session, fields);
  AddWindowedQuota("limits.per_principal", limits.per_principal, fields);
  AddWindowedQuota("limits.per_task", limits.per_task, fields);
  const auto& results = settings.recording_results;
  fields->push_back(One("recording.results", !results                                       ? ""
                                             : *results == RecordingOptions::Results::kNone ? "none"
                                                                                            : "masked"));
  fields->push_back(
      One("recording.rows_per_statement", settings.recording_rows ? std::to_string(*settings.recording_rows) : ""));
  fields->push_back(Time("degraded.read", settings.degraded_read));
  fields->push_back(Time("degraded.write", settings.degraded_write));
}

}  // namespace

std::vector<Section> OutlineOf(const Document& document) {
  std::vector<Section> sections(1);
  std::vector<Field>& fields = sections[0].fields;
  fields = {One("mode", document.mode == Mode::kObserve ? "observe" : "enforce"),
            One("description", document.description), List("principals", document.principals, EntryText),
            Texts("databases", document.databases)};
  AddSettings(document.settings, &fields);
  for (const StatementRule& rule : document.statements) {
    sections.push_back(StatementSection(rule));
  }
  for (const MaskingEntry& entry : document.masking) {
    sections.push_back(MaskSection(entry));
  }
  return sections;
}

}  // namespace chaperone::policy
