// Answers for policy documents with api/policy, the evaluator and linter that the whole product shares.
#ifndef CHAPERONE_CONTROLPLANE_POLICIES_EVALUATOR_CHECKER_H_
#define CHAPERONE_CONTROLPLANE_POLICIES_EVALUATOR_CHECKER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chaperone/v1/fleet.pb.h"
#include "controlplane/policies/checker.h"

namespace chaperone::policies {

// A database that a connected sidecar has read: what the linter holds resources and masks against.
struct ConnectedDatabase {
  std::string endpoint;
  std::shared_ptr<const v1::DatabaseCatalog> catalog;
};

// `databases` is asked at each check, on the caller's thread.
std::unique_ptr<BundleChecker> NewEvaluatorChecker(std::function<std::vector<ConnectedDatabase>()> databases);

}  // namespace chaperone::policies

#endif  // CHAPERONE_CONTROLPLANE_POLICIES_EVALUATOR_CHECKER_H_
