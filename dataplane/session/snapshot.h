// Everything that the control plane decides, as one immutable value: a session judges with one snapshot or the next,
// never with parts of two.
#ifndef CHAPERONE_DATAPLANE_SESSION_SNAPSHOT_H_
#define CHAPERONE_DATAPLANE_SESSION_SNAPSHOT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "api/policy/policy.h"
#include "dataplane/auth/key_ring.h"
#include "dataplane/masking/result.h"
#include "dataplane/policy/revocation.h"

namespace chaperone::session {

struct Snapshot {
  uint64_t version = 0;
  uint64_t policy_revision = 0;
  std::shared_ptr<const policy::Bundle> bundle;
  std::shared_ptr<const auth::KeyRing> keys;
  std::vector<policy::Revocation> revocations;
  masking::DeploymentKey masking_key;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_SNAPSHOT_H_
