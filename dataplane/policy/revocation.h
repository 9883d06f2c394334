// Revocations: identities that may not act any more. Pure.
#ifndef CHAPERONE_DATAPLANE_POLICY_REVOCATION_H_
#define CHAPERONE_DATAPLANE_POLICY_REVOCATION_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/policy/policy.h"

namespace chaperone::policy {

// As chaperone.v1.Revocation: every field that is set has to match.
struct Revocation {
  std::string id;
  std::string issuer, subject, group, client, human, task, token_id;
  std::string reason;
  std::optional<std::chrono::system_clock::time_point> expires_at;
};

// The first revocation that holds for the principal (with the token `token_id`) at `now`, or null. A revocation without
// any field matches everybody: one that does not decode must not let anybody in.
const Revocation* FindRevocation(const std::vector<Revocation>& revocations, const Principal& principal,
                                 std::string_view token_id, std::chrono::system_clock::time_point now);

}  // namespace chaperone::policy

#endif  // CHAPERONE_DATAPLANE_POLICY_REVOCATION_H_
