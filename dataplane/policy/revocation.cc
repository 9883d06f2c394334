#include "dataplane/policy/revocation.h"

#include <algorithm>

namespace chaperone::policy {

namespace {

bool Fits(const std::string& wanted, std::string_view value) { return wanted.empty() || wanted == value; }

bool Matches(const Revocation& revocation, const Principal& principal, std::string_view token_id) {
  const bool in_group = revocation.group.empty() || std::find(principal.groups.begin(), principal.groups.end(),
                                                              revocation.group) != principal.groups.end();
  return in_group && Fits(revocation.issuer, principal.issuer) && Fits(revocation.subject, principal.subject) &&
         Fits(revocation.client, principal.client) && Fits(revocation.human, principal.human) &&
         Fits(revocation.task, principal.task) && Fits(revocation.token_id, token_id);
}

}  // namespace

const Revocation* FindRevocation(const std::vector<Revocation>& revocations, const Principal& principal,
                                 std::string_view token_id, std::chrono::system_clock::time_point now) {
  for (const Revocation& revocation : revocations) {
    if ((!revocation.expires_at || now < *revocation.expires_at) && Matches(revocation, principal, token_id)) {
      return &revocation;
    }
  }
  return nullptr;
}

}  // namespace chaperone::policy
