// Which policies apply to anybody who was really seen. Pure; uses the evaluator that sidecars enforce with.
#ifndef CHAPERONE_TOOLS_CHAPERONE_COMMANDS_POLICY_REACH_H_
#define CHAPERONE_TOOLS_CHAPERONE_COMMANDS_POLICY_REACH_H_

#include <string>
#include <vector>

#include "chaperone/v1/fleet.pb.h"
#include "chaperone/v1/policy.pb.h"
#include "chaperone/v1/session.pb.h"

namespace chaperone::cli {

// Names of the policies that grant something, none of which reached a session: mostly a misspelt issuer, group or
// database. Policies that only deny, mask or limit are left out, and so are documents that this version cannot read.
// Empty when no session was seen.
std::vector<std::string> PoliciesThatReachNobody(const v1::ListPoliciesResponse& bundle,
                                                 const v1::ListSessionsResponse& seen,
                                                 const v1::ListSidecarsResponse& fleet);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_COMMANDS_POLICY_REACH_H_
