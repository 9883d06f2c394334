#include "controlplane/identity/authorization.h"

#include <algorithm>
#include <array>

namespace chaperone::identity {

namespace {

using model::Role;
using model::Roles;

constexpr Roles kAdmin = {Role::kAdmin};
constexpr Roles kAdminOrAuditor = {Role::kAdmin, Role::kAuditor};
constexpr Roles kOperators = {Role::kAdmin, Role::kApprover, Role::kAuditor};
constexpr Roles kApprover = {Role::kApprover};
constexpr Roles kSidecar = {Role::kSidecar};

constexpr std::array kPermissions = {
    Permission{"ApprovalService.Approve", kApprover},
    Permission{"ApprovalService.GetApproval", kOperators},
    Permission{"ApprovalService.ListApprovals", kOperators},
    Permission{"ApprovalService.Reject", kApprover},
    Permission{"ApprovalService.WatchApprovals", kOperators},
    Permission{"AuditService.ListAuditEntries", kAdminOrAuditor},
    Permission{"FleetService.GetSidecar", kAdminOrAuditor},
    Permission{"FleetService.ListSidecars", kAdminOrAuditor},
    Permission{"IdentityService.ListIssuers", kAdminOrAuditor},
    Permission{"IdentityService.MintToken", kAdmin},
    Permission{"IdentityService.WhoAmI", {}, /*anyone=*/true},
    Permission{"PolicyService.ApplyPolicies", kAdmin},
    Permission{"PolicyService.DeletePolicy", kAdmin},
    Permission{"PolicyService.ExplainMask", kAdminOrAuditor},
    Permission{"PolicyService.GetPolicy", kOperators},
    Permission{"PolicyService.LintPolicies", kAdminOrAuditor},
    Permission{"PolicyService.ListPolicies", kOperators},
    Permission{"PolicyService.ListPolicyRevisions", kAdminOrAuditor},
    Permission{"PolicyService.RollbackPolicies", kAdmin},
    Permission{"PolicyService.SimulatePolicy", kAdminOrAuditor},
    Permission{"PolicyService.SuggestPolicy", kAdminOrAuditor},
    Permission{"PolicyService.WatchRollout", kAdminOrAuditor},
    Permission{"RevocationService.LiftRevocation", kAdmin},
    Permission{"RevocationService.ListRevocations", kAdminOrAuditor},
    Permission{"RevocationService.Revoke", kAdmin},
    Permission{"SessionService.GetSession", kAdminOrAuditor},
    Permission{"SessionService.KillSession", kAdmin},
    Permission{"SessionService.ListSessions", kAdminOrAuditor},
    Permission{"SessionService.ReadRecording", kAdminOrAuditor},
    Permission{"SidecarService.ConsumeApproval", kSidecar},
    Permission{"SidecarService.OpenApproval", kSidecar},
    Permission{"SidecarService.Record", kSidecar},
    Permission{"SidecarService.Sync", kSidecar},
};

}  // namespace

std::span<const Permission> Permissions() { return kPermissions; }

absl::Status Authorize(const model::Caller& caller, std::string_view method) {
  const auto at =
      std::lower_bound(kPermissions.begin(), kPermissions.end(), method,
                       [](const Permission& entry, std::string_view wanted) { return entry.method < wanted; });
  if (at == kPermissions.end() || at->method != method) {
    return base::PermissionDenied("{} may be called by nobody", method);
  }
  if (at->anyone || caller.roles.HasAnyOf(at->roles)) {
    return absl::OkStatus();
  }
  return base::PermissionDenied(
      "{} needs the role {}; {} has {}", method, fmt::join(at->roles.Names(), " or "), caller.name,
      caller.roles.empty() ? "none" : fmt::format("{}", fmt::join(caller.roles.Names(), ", ")));
}

}  // namespace chaperone::identity
