#include "controlplane/approvals/request_check.h"

#include <algorithm>
#include <set>
#include <string>

#include "controlplane/model/proto_time.h"

namespace chaperone::approvals {

namespace {

constexpr size_t kDigestBytes = 32;
constexpr int kApproversMax = 32;
constexpr int kRequiredCountMax = 10;
constexpr size_t kRequestBytesMax = 2 << 20;
constexpr std::chrono::seconds kExpiresInDefault(15 * 60);
constexpr std::chrono::seconds kExpiresInMin(1);
constexpr std::chrono::seconds kExpiresInMax(7 * 24 * 3600);

}  // namespace

std::chrono::nanoseconds ExpiresIn(const v1::OpenApprovalRequest& request) {
  return request.has_expires_in() ? model::FromProto(request.expires_in()) : kExpiresInDefault;
}

absl::StatusOr<v1::Approval> ApprovalFromRequest(const v1::OpenApprovalRequest& request) {
  const v1::ApprovalSubject& subject = request.subject();
  if (const size_t bytes = request.ByteSizeLong(); bytes > kRequestBytesMax) {
    return base::InvalidArgument("the request has {} bytes; at most {}", bytes, kRequestBytesMax);
  }
  if (subject.digest().size() != kDigestBytes) {
    return base::InvalidArgument("subject.digest has {} bytes; it must have {}", subject.digest().size(), kDigestBytes);
  }
  if (subject.principal().issuer().empty() || subject.principal().subject().empty()) {
    return base::InvalidArgument("subject.principal must name issuer and subject");
  }
  if (request.approvers().empty() || request.approvers_size() > kApproversMax) {
    return base::InvalidArgument("approvers names {} groups; it must name 1 to {}", request.approvers_size(),
                                 kApproversMax);
  }
  if (std::count(request.approvers().begin(), request.approvers().end(), "") > 0) {
    return base::InvalidArgument("approvers names an empty group");
  }
  if (request.required_count() < 0 || request.required_count() > kRequiredCountMax) {
    return base::InvalidArgument("required_count is {}; it must be from 1 to {}", request.required_count(),
                                 kRequiredCountMax);
  }
  if (const auto expires = ExpiresIn(request); expires < kExpiresInMin || expires > kExpiresInMax) {
    return base::InvalidArgument("expires_in is {} s; it must be from {} to {} s",
                                 std::chrono::duration_cast<std::chrono::seconds>(expires).count(),
                                 kExpiresInMin.count(), kExpiresInMax.count());
  }
  v1::Approval approval;
  *approval.mutable_subject() = subject;
  approval.set_policy(request.policy());
  approval.set_rule(request.rule());
  approval.set_reason(request.reason());
  *approval.mutable_approvers() = request.approvers();
  approval.set_required_count(std::max(1, request.required_count()));
  return approval;
}

bool SameDemand(const v1::Approval& a, const v1::Approval& b) {
  const std::set<std::string> groups_a(a.approvers().begin(), a.approvers().end());
  const std::set<std::string> groups_b(b.approvers().begin(), b.approvers().end());
  return groups_a == groups_b && a.required_count() == b.required_count() && a.policy() == b.policy() &&
         a.rule() == b.rule();
}

}  // namespace chaperone::approvals
