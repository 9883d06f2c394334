// Why a column is masked or not: which masking rules name it, and which of them spare it. For people; enforcement asks
// the view (policy.h), whose answer is the strictest of the rules that hold.
#ifndef CHAPERONE_API_POLICY_EXPLAIN_H_
#define CHAPERONE_API_POLICY_EXPLAIN_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/policy/policy.h"

namespace chaperone::policy {

// What one masking rule says of one column.
struct MaskReason {
  std::string policy;
  std::string rule;
  // Of the document, 1-based.
  int line = 0;
  // The pattern that names the column, and the exception that spares it all the same, as written; no exception: empty.
  std::string pattern;
  std::string except;
  // "redact", "keep_last_4".
  std::string method;
};

// The rules of those documents that name schema.relation.column, by policy and place.
std::vector<MaskReason> ExplainMask(const std::vector<std::shared_ptr<const Document>>& documents,
                                    std::string_view schema, std::string_view relation, std::string_view column);

// The documents that hold for a principal on a target.
std::vector<std::shared_ptr<const Document>> DocumentsFor(const std::vector<std::shared_ptr<const Document>>& documents,
                                                          const Principal& principal, const Target& target);

// The same documents as if each were for everybody: to ask what holds for any principal whatsoever.
std::vector<std::shared_ptr<const Document>> ForEverybody(
    const std::vector<std::shared_ptr<const Document>>& documents);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_EXPLAIN_H_
