#include "api/policy/changes.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>

#include "api/policy/outline.h"

namespace chaperone::policy {

namespace {

using Documents = std::vector<std::shared_ptr<const Document>>;

std::string OneValue(const Field& field) { return field.values.empty() ? "unset" : field.values.front(); }

// "effect allow -> deny", "resources: +public.* -shop.*".
std::string FieldChange(const Field& before, const Field& after) {
  if (!before.is_list) {
    return fmt::format("{} {} -> {}", before.name, OneValue(before), OneValue(after));
  }
  std::vector<std::string> came;
  std::vector<std::string> went;
  std::set_difference(after.values.begin(), after.values.end(), before.values.begin(), before.values.end(),
                      std::back_inserter(came));
  std::set_difference(before.values.begin(), before.values.end(), after.values.begin(), after.values.end(),
                      std::back_inserter(went));
  std::string text = before.name + ":";
  for (const std::string& value : came) {
    text += " +" + value;
  }
  for (const std::string& value : went) {
    text += " -" + value;
  }
  return text;
}

void CompareSections(std::string_view prefix, const Section& before, const Section& after,
                     std::vector<std::string>* lines) {
  const std::string title = before.title.empty() ? "" : before.title + ": ";
  for (size_t i = 0; i < before.fields.size(); ++i) {
    if (before.fields[i] != after.fields[i]) {
      lines->push_back(fmt::format("{}{}{}", prefix, title, FieldChange(before.fields[i], after.fields[i])));
    }
  }
}

std::map<std::string_view, const Section*> ByTitle(const std::vector<Section>& sections) {
  std::map<std::string_view, const Section*> by_title;
  for (const Section& section : sections) {
    by_title.emplace(section.title, &section);
  }
  return by_title;
}

void CompareDocuments(const Document& before, const Document& after, std::vector<std::string>* lines) {
  const std::string prefix = fmt::format("changed {}: ", after.name);
  const std::vector<Section> old_sections = OutlineOf(before);
  const std::vector<Section> new_sections = OutlineOf(after);
  const auto old_by_title = ByTitle(old_sections);
  const auto new_by_title = ByTitle(new_sections);
  for (const Section& section : new_sections) {
    const auto old = old_by_title.find(section.title);
    if (old == old_by_title.end()) {
      lines->push_back(fmt::format("{}{} added: {}", prefix, section.title, section.summary));
    } else {
      CompareSections(prefix, *old->second, section, lines);
    }
  }
  for (const Section& section : old_sections) {
    if (!new_by_title.contains(section.title)) {
      lines->push_back(fmt::format("{}{} deleted: {}", prefix, section.title, section.summary));
    }
  }
}

const Document* FindDocument(const Documents& documents, std::string_view name) {
  const auto found =
      std::find_if(documents.begin(), documents.end(), [&](const auto& document) { return document->name == name; });
  return found == documents.end() ? nullptr : found->get();
}

}  // namespace

std::vector<std::string> DescribeChanges(const Documents& before, const Documents& after) {
  std::vector<std::string> lines;
  for (const auto& document : after) {
    if (const Document* old = FindDocument(before, document->name)) {
      CompareDocuments(*old, *document, &lines);
    } else {
      lines.push_back(fmt::format("added {}", document->name));
    }
  }
  for (const auto& document : before) {
    if (FindDocument(after, document->name) == nullptr) {
      lines.push_back(fmt::format("deleted {}", document->name));
    }
  }
  return lines;
}

}  // namespace chaperone::policy
