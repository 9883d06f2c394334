// The database password: read from a file, read again when the file changes (Kubernetes replaces mounted secrets),
// never logged.
#ifndef CHAPERONE_DATAPLANE_UPSTREAM_CREDENTIAL_H_
#define CHAPERONE_DATAPLANE_UPSTREAM_CREDENTIAL_H_

#include <sys/types.h>

#include <ctime>
#include <mutex>
#include <string>

#include "api/base/secret.h"
#include "api/base/status.h"
#include "dataplane/wire/postgres/scram.h"

namespace chaperone::upstream {

// Thread-safe.
class Credential {
 public:
  static constexpr size_t kPasswordBytesMax = 1024;

  // `password_file` may be empty: then there is no password, and a server that asks for one is refused.
  explicit Credential(std::string password_file) : password_file_(std::move(password_file)) {}

  // The password as the file has it now, without a trailing line end. Errors: FailedPrecondition with the path when it
  // cannot be read, is empty or too long.
  absl::StatusOr<base::Secret<std::string>> Password();

  // Keys that an earlier exchange worked out for this password; empty after the file has changed.
  wire::postgres::ScramKeys Keys();
  void RememberKeys(const wire::postgres::ScramKeys& keys);

 private:
  const std::string password_file_;
  std::mutex mutex_;
  // All guarded by mutex_.
  base::Secret<std::string> password_;
  wire::postgres::ScramKeys keys_;
  bool loaded_ = false;
  timespec changed_at_{};
  ino_t inode_ = 0;
};

}  // namespace chaperone::upstream

#endif  // CHAPERONE_DATAPLANE_UPSTREAM_CREDENTIAL_H_
