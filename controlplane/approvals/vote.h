// Who may vote on an approval. Pure.
#ifndef CHAPERONE_CONTROLPLANE_APPROVALS_VOTE_H_
#define CHAPERONE_CONTROLPLANE_APPROVALS_VOTE_H_

#include <string_view>

#include "api/base/status.h"
#include "chaperone/v1/approval.pb.h"
#include "controlplane/model/call.h"

namespace chaperone::approvals {

// Whether two names mean one person: equal but for case, or one the local part of the other's mail address. Errs
// towards "yes", since the answer keeps somebody from approving their own request.
bool SamePerson(std::string_view a, std::string_view b);

// Whether the caller may vote now. Errors: PermissionDenied for one who is in none of the approvers' groups, and for
// the human whom the agent acts for (or the agent itself); FailedPrecondition for one who has voted.
absl::Status MayVote(const model::Caller& caller, const v1::Approval& approval);

// Approving votes of distinct people.
int ApprovingVoters(const v1::Approval& approval);

}  // namespace chaperone::approvals

#endif  // CHAPERONE_CONTROLPLANE_APPROVALS_VOTE_H_
