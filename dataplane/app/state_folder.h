// The folder that a sidecar keeps its spool and its last snapshot in. One sidecar at a time uses it: a second one would
// take the spool that the first one is writing for one that was left behind, send it up and delete it.
#ifndef CHAPERONE_DATAPLANE_APP_STATE_FOLDER_H_
#define CHAPERONE_DATAPLANE_APP_STATE_FOLDER_H_

#include <string>
#include <utility>

#include "api/base/status.h"
#include "dataplane/runtime/stream.h"

namespace chaperone::app {

class StateFolder {
 public:
  StateFolder() = default;

  // Makes the folder, if it is not there, and locks it until this is destroyed or the process ends, however it ends.
  // Errors: FailedPrecondition when another process has it; Internal when it cannot be made, written or locked.
  static absl::StatusOr<StateFolder> Open(const std::string& path);

 private:
  explicit StateFolder(runtime::Fd lock) : lock_(std::move(lock)) {}

  runtime::Fd lock_;
};

}  // namespace chaperone::app

#endif  // CHAPERONE_DATAPLANE_APP_STATE_FOLDER_H_
