// A snapshot as it came over the wire: verified and decoded, not compiled. The wiring makes a session::Snapshot of it.
#ifndef CHAPERONE_DATAPLANE_CONTROL_SNAPSHOT_PARTS_H_
#define CHAPERONE_DATAPLANE_CONTROL_SNAPSHOT_PARTS_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "dataplane/policy/revocation.h"

namespace chaperone::v1 {
class SignedSnapshot;
}

namespace chaperone::control {

struct SnapshotParts {
  struct PolicyText {
    std::string name;
    std::string document;
  };
  struct IssuerText {
    std::string issuer;
    std::vector<std::string> audiences;
    std::string jwks;
  };
  uint64_t version = 0;
  uint64_t policy_revision = 0;
  std::vector<PolicyText> policies;
  std::vector<IssuerText> issuers;
  std::vector<policy::Revocation> revocations;
  std::array<uint8_t, 32> masking_key{};
};

// Checks that the snapshot was signed by a control plane whose certificate chains to `ca_pem`, and decodes it. Errors:
// Unauthenticated (signature, certificate, role), DataLoss (does not decode, or a field is malformed).
absl::StatusOr<SnapshotParts> OpenSnapshot(const v1::SignedSnapshot& signed_snapshot, std::string_view ca_pem);

}  // namespace chaperone::control

#endif  // CHAPERONE_DATAPLANE_CONTROL_SNAPSHOT_PARTS_H_
