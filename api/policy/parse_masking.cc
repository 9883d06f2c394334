#include <re2/re2.h>

#include <algorithm>

#include "api/policy/detector_kinds.h"
#include "api/policy/mask_method.h"
#include "api/policy/parse.h"

namespace chaperone::policy {

namespace {

constexpr size_t kRegexBytesMax = 1000;
constexpr int64_t kRegexMemoryBytesMax = 1 << 20;
constexpr uint32_t kEqualityBudgetDefault = 100;
constexpr int64_t kEqualityBudgetMax = 1'000'000;

void ReadMethod(yaml::Mapping* map, MaskingEntry* out) {
  const auto value = map->Any("method", yaml::kRequired);
  if (!value) {
    return;
  }
  const auto method = ParseMaskMethod(value->text());
  if (!method.ok()) {
    return map->Check(value->Error(base::Message(method.status())));
  }
  out->rule.method = method->method;
  out->rule.argument = method->argument;
  out->method_text = std::string(value->text());
}

absl::Status CheckKind(const yaml::Value& item) {
  if (!ExpandDetector(item.text()).empty()) {
    return absl::OkStatus();
  }
  std::vector<std::string> known;
  for (const auto* names : {&DetectorGroups(), &DetectorKinds()}) {
    known.insert(known.end(), names->begin(), names->end());
  }
  const auto nearest = yaml::Nearest(item.text(), known);
  return item.Error(nearest ? fmt::format("\"{}\" is no detector; did you mean \"{}\"?", item.text(), *nearest)
                            : fmt::format("\"{}\" is no detector; known are: {}", item.text(), fmt::join(known, ", ")));
}

void ReadDetect(yaml::Mapping* map, MaskingEntry* out) {
  for (const yaml::Value& item : ReadItems(map, "detect", yaml::kOptional)) {
    if (const absl::Status status = CheckKind(item); !status.ok()) {
      return map->Check(status);
    }
    out->detect_text.emplace_back(item.text());
    for (const std::string_view kind : ExpandDetector(item.text())) {
      out->rule.detect.emplace_back(kind);
    }
  }
  std::sort(out->rule.detect.begin(), out->rule.detect.end());
  out->rule.detect.erase(std::unique(out->rule.detect.begin(), out->rule.detect.end()), out->rule.detect.end());
}

absl::Status CheckRegex(const yaml::Value& at, const DetectorPattern& pattern) {
  if (pattern.regex.empty() || pattern.regex.size() > kRegexBytesMax) {
    return at.Error(fmt::format("the regex of \"{}\" has {} bytes; it must have from 1 to {}", pattern.name,
                                pattern.regex.size(), kRegexBytesMax));
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemoryBytesMax);
  const RE2 regex(pattern.regex, options);
  if (!regex.ok()) {
    return at.Error(fmt::format("the regex of \"{}\" is not RE2: {}", pattern.name, regex.error()));
  }
  // A pattern that matches nothing at all would mask every cell.
  if (RE2::PartialMatch("", regex)) {
    return at.Error(fmt::format("the regex of \"{}\" matches the empty string, and with it every value", pattern.name));
  }
  return absl::OkStatus();
}

void ReadRegexes(yaml::Mapping* map, MaskingEntry* out) {
  for (const yaml::Value& item : ReadItems(map, "patterns", yaml::kOptional)) {
    if (!item.IsMapping()) {
      return map->Check(item.Error("each of \"patterns\" must be a mapping: {name: …, regex: …}"));
    }
    yaml::Mapping entry = item.AsMapping("");
    DetectorPattern pattern;
    ReadName(&entry, "name", &pattern.name, yaml::kRequired);
    entry.String("regex", &pattern.regex, yaml::kRequired);
    absl::Status status = entry.Finish();
    if (status.ok()) {
      status = CheckRegex(item, pattern);
    }
    const bool twice = std::any_of(out->rule.patterns.begin(), out->rule.patterns.end(),
                                   [&pattern](const DetectorPattern& other) { return other.name == pattern.name; });
    if (status.ok() && twice) {
      status = item.Error(fmt::format("the pattern name \"{}\" stands twice", pattern.name));
    }
    if (!status.ok()) {
      return map->Check(status);
    }
    out->rule.patterns.push_back(std::move(pattern));
  }
}

absl::StatusOr<ResourcePattern> ParseTable(std::string_view text) {
  CHAPERONE_ASSIGN_OR_RETURN(ResourcePattern pattern, ResourcePattern::Parse(text));
  if (!pattern.any && !pattern.qualified()) {
    return base::InvalidArgument("\"{}\" is not schema.table; write for example *.{}", text, text);
  }
  return pattern;
}

void ReadPredicates(yaml::Mapping* map, MaskingRule* out) {
  int choice = 0;
  map->Choice("in_predicates", {"deny", "equality", "allow"}, &choice);
  out->in_predicates = static_cast<InPredicates>(choice);
  const bool equality = out->in_predicates == InPredicates::kEquality;
  if (const auto value = map->Any("equality_budget"); value && !equality) {
    return map->Check(value->Error("\"equality_budget\" goes with in_predicates: equality only"));
  }
  out->equality_budget = equality ? kEqualityBudgetDefault : 0;
  map->Number("equality_budget", &out->equality_budget, 1, kEqualityBudgetMax);
}

// A rule is either about columns that are known by name or about values that look like something.
absl::Status CheckKeys(const yaml::Value& value, const yaml::Mapping& map) {
  const bool by_value = map.Has("detect") || map.Has("patterns");
  if (map.Has("columns") == by_value) {
    return value.Error(by_value ? "\"columns\" and \"detect\" or \"patterns\" are two rules; split them"
                                : "the rule names neither \"columns\" nor \"detect\" nor \"patterns\"");
  }
  const auto& strange = by_value ? std::vector<std::string_view>{"in_predicates", "equality_budget", "except"}
                                 : std::vector<std::string_view>{"tables"};
  for (const std::string_view key : strange) {
    if (map.Has(key)) {
      return value.Error(
          fmt::format("\"{}\" goes with {} only", key, by_value ? "\"columns\"" : "\"detect\" or \"patterns\""));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadMasking(const yaml::Value& value, MaskingEntry* out) {
  if (!value.IsMapping()) {
    return value.Error("each of \"masking\" must be a mapping: {id: …, columns: […], method: …}");
  }
  yaml::Mapping map = value.AsMapping("");
  out->line = value.line();
  ReadName(&map, "id", &out->rule.id, yaml::kRequired);
  ReadPatterns(&map, "columns", &out->columns, yaml::kOptional, ColumnPattern::Parse);
  ReadPatterns(&map, "except", &out->except, yaml::kOptional, ColumnPattern::Parse);
  ReadMethod(&map, out);
  ReadPredicates(&map, &out->rule);
  ReadDetect(&map, out);
  ReadRegexes(&map, out);
  ReadPatterns(&map, "tables", &out->tables, yaml::kOptional, ParseTable);
  CHAPERONE_RETURN_IF_ERROR(map.Finish());
  return CheckKeys(value, map);
}

}  // namespace chaperone::policy
