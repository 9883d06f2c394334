// Who may call what: one table, default deny. A test holds it against the descriptors of every service.
#ifndef CHAPERONE_CONTROLPLANE_IDENTITY_AUTHORIZATION_H_
#define CHAPERONE_CONTROLPLANE_IDENTITY_AUTHORIZATION_H_

#include <span>
#include <string_view>

#include "api/base/status.h"
#include "controlplane/model/call.h"

namespace chaperone::identity {

struct Permission {
  // "PolicyService.ApplyPolicies".
  std::string_view method;
  // Any one of these suffices.
  model::Roles roles;
  // Whoever has a certificate that names a user.
  bool anyone = false;
};

// The whole table, sorted by method.
std::span<const Permission> Permissions();

// Errors: PermissionDenied with the roles that may.
absl::Status Authorize(const model::Caller& caller, std::string_view method);

}  // namespace chaperone::identity

#endif  // CHAPERONE_CONTROLPLANE_IDENTITY_AUTHORIZATION_H_
