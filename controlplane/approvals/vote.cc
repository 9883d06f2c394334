#include "controlplane/approvals/vote.h"

#include <strings.h>

#include <algorithm>
#include <set>
#include <string>

namespace chaperone::approvals {

namespace {

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

bool SamePerson(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) {
    return false;
  }
  const size_t at_a = a.find('@');
  const size_t at_b = b.find('@');
  if ((at_a == std::string_view::npos) != (at_b == std::string_view::npos)) {
    return EqualIgnoringCase(a.substr(0, at_a), b.substr(0, at_b));
  }
  return EqualIgnoringCase(a, b);
}

absl::Status MayVote(const model::Caller& caller, const v1::Approval& approval) {
  const v1::Principal& principal = approval.subject().principal();
  if (SamePerson(caller.name, principal.human())) {
    return base::PermissionDenied("{} may not vote on {}: the agent acts for {}; somebody else has to", caller.name,
                                  approval.id(), principal.human());
  }
  if (SamePerson(caller.name, principal.subject())) {
    return base::PermissionDenied("{} may not vote on a statement of its own", caller.name);
  }
  const bool in_group = std::any_of(approval.approvers().begin(), approval.approvers().end(),
                                    [&](const std::string& group) { return caller.InGroup(group); });
  if (!in_group) {
    return base::PermissionDenied("{} is in none of the groups that may vote on {}: {}", caller.name, approval.id(),
                                  fmt::join(approval.approvers(), ", "));
  }
  const bool has_voted =
      std::any_of(approval.votes().begin(), approval.votes().end(),
                  [&](const v1::ApprovalVote& vote) { return SamePerson(vote.approver(), caller.name); });
  if (has_voted) {
    return base::FailedPrecondition("{} has voted on {} already; it takes {} different approvers", caller.name,
                                    approval.id(), approval.required_count());
  }
  return absl::OkStatus();
}

int ApprovingVoters(const v1::Approval& approval) {
  std::set<std::string_view> voters;
  for (const v1::ApprovalVote& vote : approval.votes()) {
    if (vote.approve()) {
      voters.insert(vote.approver());
    }
  }
  return static_cast<int>(voters.size());
}

}  // namespace chaperone::approvals
