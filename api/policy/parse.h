// The parts of ParseDocument, one file each. Every reader takes the mapping it reads, puts its mistakes on that mapping
// (the first one sticks) and leaves the call of Finish() to whoever opened the mapping.
#ifndef CHAPERONE_API_POLICY_PARSE_H_
#define CHAPERONE_API_POLICY_PARSE_H_

#include <string>
#include <string_view>
#include <vector>

#include "api/policy/document.h"
#include "api/yaml/yaml.h"

namespace chaperone::policy {

// parse_fields.cc

// A name that appears in verdicts, metrics and paths: a-z, 0-9, `-`, `_`, `.`; starts with a letter or digit.
void ReadName(yaml::Mapping* map, std::string_view key, std::string* out, yaml::Presence presence);
// Words for people on one line: line breaks become spaces, other control characters are refused.
void ReadWords(yaml::Mapping* map, std::string_view key, std::string* out);
// A list of patterns, each through `parse` (StatusOr<Pattern>(std::string_view)); a bad one is reported with its line.
template <typename Pattern, typename Parse>
void ReadPatterns(yaml::Mapping* map, std::string_view key, std::vector<Pattern>* out, yaml::Presence presence,
                  Parse parse);
// `present`, `absent`, a glob, or a list of globs.
void ReadAttribute(yaml::Mapping* map, std::string_view key, AttributeMatch* out);
// A list of groups, globs; for principals.
void ReadGroups(yaml::Mapping* map, std::string_view key, AttributeMatch* out);
// The items of a list, checked to be one, not empty and within bounds. Empty after an error.
std::vector<yaml::Value> ReadItems(yaml::Mapping* map, std::string_view key, yaml::Presence presence);

// parse_statement.cc
absl::Status ReadStatement(const yaml::Value& value, StatementRule* out);
// parse_conditions.cc
absl::Status ReadConditions(yaml::Mapping when, Conditions* out);
// parse_masking.cc
absl::Status ReadMasking(const yaml::Value& value, MaskingEntry* out);
// parse_settings.cc
void ReadSettings(yaml::Mapping* root, SessionSettings* out);

template <typename Pattern, typename Parse>
void ReadPatterns(yaml::Mapping* map, std::string_view key, std::vector<Pattern>* out, yaml::Presence presence,
                  Parse parse) {
  for (const yaml::Value& item : ReadItems(map, key, presence)) {
    if (!item.IsScalar()) {
      return map->Check(item.Error(fmt::format("\"{}\" must hold patterns, one string each", key)));
    }
    absl::StatusOr<Pattern> pattern = parse(item.text());
    if (!pattern.ok()) {
      return map->Check(item.Error(base::Message(pattern.status())));
    }
    out->push_back(*std::move(pattern));
  }
}

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_PARSE_H_
