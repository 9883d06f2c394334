// Answers for policy documents with api/policy, the evaluator that sidecars enforce with.
#ifndef CHAPERONE_CONTROLPLANE_POLICIES_EVALUATOR_CHECKER_H_
#define CHAPERONE_CONTROLPLANE_POLICIES_EVALUATOR_CHECKER_H_

#include <memory>

#include "controlplane/policies/checker.h"

namespace chaperone::policies {

std::unique_ptr<BundleChecker> NewEvaluatorChecker();

}  // namespace chaperone::policies

#endif  // CHAPERONE_CONTROLPLANE_POLICIES_EVALUATOR_CHECKER_H_
