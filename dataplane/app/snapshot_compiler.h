// A snapshot's parts -> what sessions judge with. All or nothing.
#ifndef CHAPERONE_DATAPLANE_APP_SNAPSHOT_COMPILER_H_
#define CHAPERONE_DATAPLANE_APP_SNAPSHOT_COMPILER_H_

#include "api/base/status.h"
#include "dataplane/control/snapshot_parts.h"
#include "dataplane/session/snapshot.h"

namespace chaperone::app {

// Errors: InvalidArgument with the policy, line and reason, or the issuer whose keys do not decode.
absl::StatusOr<session::SnapshotPtr> CompileSnapshot(const control::SnapshotParts& parts);

}  // namespace chaperone::app

#endif  // CHAPERONE_DATAPLANE_APP_SNAPSHOT_COMPILER_H_
