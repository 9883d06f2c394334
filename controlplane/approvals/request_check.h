// What a sidecar may ask for when it opens an approval. Pure.
#ifndef CHAPERONE_CONTROLPLANE_APPROVALS_REQUEST_CHECK_H_
#define CHAPERONE_CONTROLPLANE_APPROVALS_REQUEST_CHECK_H_

#include <chrono>

#include "api/base/status.h"
#include "chaperone/v1/approval.pb.h"
#include "chaperone/v1/sidecar.pb.h"

namespace chaperone::approvals {

// The approval asked for, without id, state and times. Errors: InvalidArgument that names the field and its bound.
absl::StatusOr<v1::Approval> ApprovalFromRequest(const v1::OpenApprovalRequest& request);

// How long it may stay undecided, and then unused; 15 minutes when the request does not say.
std::chrono::nanoseconds ExpiresIn(const v1::OpenApprovalRequest& request);

// Whether two approvals ask the same of people: groups, count and the rule that demands it.
bool SameDemand(const v1::Approval& a, const v1::Approval& b);

}  // namespace chaperone::approvals

#endif  // CHAPERONE_CONTROLPLANE_APPROVALS_REQUEST_CHECK_H_
