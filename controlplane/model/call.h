// Who calls, and what: the part of an RPC that domain code may know.
#ifndef CHAPERONE_CONTROLPLANE_MODEL_CALL_H_
#define CHAPERONE_CONTROLPLANE_MODEL_CALL_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/role.h"

namespace chaperone::model {

// As the client's certificate says.
struct Caller {
  std::string name;
  Roles roles;
  // Approver groups.
  std::vector<std::string> groups;

  bool InGroup(std::string_view group) const { return std::find(groups.begin(), groups.end(), group) != groups.end(); }
};

struct Call {
  Caller caller;
  // "PolicyService.ApplyPolicies".
  std::string method;
  // "ipv4:127.0.0.1:51000".
  std::string peer;
};

}  // namespace chaperone::model

#endif  // CHAPERONE_CONTROLPLANE_MODEL_CALL_H_
