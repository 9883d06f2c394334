#include "dataplane/app/state_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace chaperone::app {

absl::StatusOr<StateFolder> StateFolder::Open(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return base::ErrnoStatus(errno, fmt::format("cannot make the state folder {}", path));
  }
  if (access(path.c_str(), W_OK | X_OK) != 0) {
    return base::ErrnoStatus(errno, fmt::format("cannot write to the state folder {}", path));
  }
  runtime::Fd lock(open((path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) {
    return base::ErrnoStatus(errno, fmt::format("cannot open {}/lock", path));
  }
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return base::FailedPrecondition(
          "the state folder {} is in use by another sidecar; every sidecar needs a `state` of its own", path);
    }
    return base::ErrnoStatus(errno, fmt::format("cannot lock the state folder {}", path));
  }
  return StateFolder(std::move(lock));
}

}  // namespace chaperone::app
