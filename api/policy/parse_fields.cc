#include <algorithm>

#include "api/policy/parse.h"

namespace chaperone::policy {

namespace {

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax && IsNameStart(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsNameStart(c) || c == '-' || c == '_' || c == '.'; });
}

absl::StatusOr<Glob> ParseGlob(std::string_view text) {
  CHAPERONE_RETURN_IF_ERROR(CheckPatternText(text));
  return Glob::Parse(text);
}

// The globs of a list as one text, for comparison.
std::string JoinTexts(const std::vector<yaml::Value>& items) {
  std::vector<std::string_view> texts;
  for (const yaml::Value& item : items) {
    texts.push_back(item.text());
  }
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

}  // namespace

void ReadName(yaml::Mapping* map, std::string_view key, std::string* out, yaml::Presence presence) {
  const auto value = map->Any(key, presence);
  if (!value) {
    return;
  }
  if (!value->IsScalar() || !IsName(value->text())) {
    return map->Check(value->Error(fmt::format(
        "\"{}\" must be a name: lower-case letters, digits, \"-\", \"_\" and \".\", starting with a letter or digit, "
        "at most {} characters",
        key, kNameBytesMax)));
  }
  *out = std::string(value->text());
}

void ReadWords(yaml::Mapping* map, std::string_view key, std::string* out) {
  const auto value = map->Any(key);
  if (!value) {
    return;
  }
  if (!value->IsScalar()) {
    return map->Check(value->Error(fmt::format("\"{}\" must be a string", key)));
  }
  std::string words(value->text());
  std::replace(words.begin(), words.end(), '\n', ' ');
  words.erase(words.find_last_not_of(' ') + 1);
  if (words.size() > kWordsBytesMax) {
    return map->Check(
        value->Error(fmt::format("\"{}\" is {} bytes long; at most {} are shown", key, words.size(), kWordsBytesMax)));
  }
  const bool control =
      std::any_of(words.begin(), words.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (control) {
    return map->Check(value->Error(fmt::format("\"{}\" holds a control character", key)));
  }
  *out = std::move(words);
}

std::vector<yaml::Value> ReadItems(yaml::Mapping* map, std::string_view key, yaml::Presence presence) {
  const auto value = map->Any(key, presence);
  if (!value) {
    return {};
  }
  if (!value->IsSequence()) {
    map->Check(value->Error(fmt::format("\"{}\" must be a list", key)));
    return {};
  }
  std::vector<yaml::Value> items = value->Items();
  if (items.empty()) {
    map->Check(value->Error(fmt::format("\"{}\" is an empty list; name at least one, or leave the key out", key)));
  } else if (items.size() > kListItemsMax) {
    map->Check(
        value->Error(fmt::format("\"{}\" holds {} items; at most {} are read", key, items.size(), kListItemsMax)));
    items.clear();
  }
  return items;
}

void ReadAttribute(yaml::Mapping* map, std::string_view key, AttributeMatch* out) {
  const auto value = map->Any(key);
  if (!value) {
    return;
  }
  if (value->IsSequence()) {
    out->kind = AttributeMatch::Kind::kGlobs;
    ReadPatterns(map, key, &out->globs, yaml::kOptional, ParseGlob);
    out->text = JoinTexts(value->Items());
    return;
  }
  if (!value->IsScalar()) {
    return map->Check(value->Error(fmt::format("\"{}\" must be present, absent, a glob or a list of globs", key)));
  }
  out->text = std::string(value->text());
  if (value->text() == "present" || value->text() == "absent") {
    out->kind = value->text() == "present" ? AttributeMatch::Kind::kPresent : AttributeMatch::Kind::kAbsent;
    return;
  }
  auto glob = ParseGlob(value->text());
  if (!glob.ok()) {
    return map->Check(value->Error(base::Message(glob.status())));
  }
  out->kind = AttributeMatch::Kind::kGlobs;
  out->globs.push_back(*std::move(glob));
}

void ReadGroups(yaml::Mapping* map, std::string_view key, AttributeMatch* out) {
  const auto value = map->Any(key);
  if (!value) {
    return;
  }
  out->kind = AttributeMatch::Kind::kGlobs;
  ReadPatterns(map, key, &out->globs, yaml::kOptional, ParseGlob);
  out->text = JoinTexts(value->Items());
}

}  // namespace chaperone::policy
