#include "api/policy/explain.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "api/policy/document.h"
#include "api/policy/mask_index.h"

namespace chaperone::policy {

std::vector<MaskReason> ExplainMask(const std::vector<std::shared_ptr<const Document>>& documents,
                                    std::string_view schema, std::string_view relation, std::string_view column) {
  std::vector<MaskReason> reasons;
  for (const auto& document : documents) {
    for (const MaskingEntry& entry : document->masking) {
      for (const ColumnPattern& pattern : entry.columns) {
        if (!pattern.Matches(schema, relation, column)) {
          continue;
        }
        const auto except = std::find_if(entry.except.begin(), entry.except.end(), [&](const ColumnPattern& each) {
          return Spares(each, pattern, schema, relation, column);
        });
        reasons.push_back({.policy = document->name,
                           .rule = entry.rule.id,
                           .line = entry.line,
                           .pattern = pattern.text,
                           .except = except == entry.except.end() ? "" : except->text,
                           .method = MaskMethodName(entry.rule.method, entry.rule.argument)});
      }
    }
  }
  std::stable_sort(reasons.begin(), reasons.end(), [](const MaskReason& a, const MaskReason& b) {
    return std::tie(a.policy, a.line) < std::tie(b.policy, b.line);
  });
  return reasons;
}

std::vector<std::shared_ptr<const Document>> DocumentsFor(const std::vector<std::shared_ptr<const Document>>& documents,
                                                          const Principal& principal, const Target& target) {
  std::vector<std::shared_ptr<const Document>> matching;
  std::copy_if(documents.begin(), documents.end(), std::back_inserter(matching),
               [&](const auto& document) { return document->AppliesTo(principal, target); });
  return matching;
}

std::vector<std::shared_ptr<const Document>> ForEverybody(
    const std::vector<std::shared_ptr<const Document>>& documents) {
  std::vector<std::shared_ptr<const Document>> open;
  for (const auto& document : documents) {
    auto copy = std::make_shared<Document>(*document);
    // An entry that asks for nothing matches everybody; no document can say so itself.
    copy->principals = {PrincipalEntry()};
    open.push_back(std::move(copy));
  }
  return open;
}

}  // namespace chaperone::policy
