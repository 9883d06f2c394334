// A document as sections of named fields in words: what a comparison compares, and nothing that has no effect.
#ifndef CHAPERONE_API_POLICY_OUTLINE_H_
#define CHAPERONE_API_POLICY_OUTLINE_H_

#include <string>
#include <vector>

#include "api/policy/document.h"

namespace chaperone::policy {

struct Field {
  std::string name;
  // A single value; none when it is not set.
  std::vector<std::string> values;
  // The values are a set rather than one.
  bool is_list = false;

  bool operator==(const Field&) const = default;
};

struct Section {
  // "statement read-shop", "mask card"; empty for the document itself.
  std::string title;
  // What the section does, for lines that say that it came or went: "allow [read] on public.*".
  std::string summary;
  // The same fields in the same order in every section of a kind.
  std::vector<Field> fields;
};

std::vector<Section> OutlineOf(const Document& document);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_OUTLINE_H_
