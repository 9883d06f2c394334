// What this module asks of the policy language: a name, and a verdict on a whole bundle. `evaluator_checker.h` answers
// with the evaluator that sidecars enforce with.
#ifndef CHAPERONE_CONTROLPLANE_POLICIES_CHECKER_H_
#define CHAPERONE_CONTROLPLANE_POLICIES_CHECKER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "chaperone/v1/policy.pb.h"

namespace chaperone::policies {

struct NamedDocument {
  std::string name;
  std::string text;
};

// Threading: every function may be called from any thread.
class BundleChecker {
 public:
  virtual ~BundleChecker() = default;

  // metadata.name of a document. `label` stands for the file name in messages. Errors: InvalidArgument with the line
  // for a document that sidecars would not read.
  virtual absl::StatusOr<std::string> NameOf(std::string_view text, std::string_view label) const = 0;

  // Whether sidecars could enforce the documents together, and the linter's remarks. Errors: InvalidArgument when not.
  virtual absl::StatusOr<std::vector<v1::PolicyFinding>> Check(const std::vector<NamedDocument>& documents,
                                                               uint64_t revision) const = 0;
};

}  // namespace chaperone::policies

#endif  // CHAPERONE_CONTROLPLANE_POLICIES_CHECKER_H_
