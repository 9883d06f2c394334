// The difference between two sets of documents in words, one line for each change: for `policy diff` and for the
// history. Comments, order and layout of the YAML are no change.
#ifndef CHAPERONE_API_POLICY_CHANGES_H_
#define CHAPERONE_API_POLICY_CHANGES_H_

#include <memory>
#include <string>
#include <vector>

#include "api/policy/policy.h"

namespace chaperone::policy {

// By policy, in the order of the documents: "added night-batch", "deleted old",
// "changed coding-agents: statement no-bulk-delete: effect allow -> deny",
// "changed coding-agents: databases: +shop-prod/* -shop-test/*". Empty when both mean the same.
std::vector<std::string> DescribeChanges(const std::vector<std::shared_ptr<const Document>>& before,
                                         const std::vector<std::shared_ptr<const Document>>& after);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_CHANGES_H_
