#include "dataplane/upstream/credential.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace chaperone::upstream {

absl::StatusOr<base::Secret<std::string>> Credential::Password() {
  if (password_file_.empty()) {
    return base::FailedPrecondition("the database asks for a password and upstream.password_file is not set");
  }
  const std::lock_guard lock(mutex_);
  struct stat file {};
  if (stat(password_file_.c_str(), &file) != 0) {
    return base::FailedPrecondition("cannot read the password file {}: {}", password_file_, std::strerror(errno));
  }
  const bool same = loaded_ && file.st_ino == inode_ && file.st_mtim.tv_sec == changed_at_.tv_sec &&
                    file.st_mtim.tv_nsec == changed_at_.tv_nsec;
  if (same) {
    return password_;
  }
  std::ifstream in(password_file_, std::ios::binary);
  std::string text(kPasswordBytesMax + 2, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  if (!in.is_open() || text.empty() || text.size() > kPasswordBytesMax || text.find('\0') != std::string::npos) {
    return base::FailedPrecondition("the password file {} must hold one password of 1 to {} bytes", password_file_,
                                    kPasswordBytesMax);
  }
  password_ = base::Secret<std::string>(std::move(text));
  keys_ = {};
  loaded_ = true;
  inode_ = file.st_ino;
  changed_at_ = file.st_mtim;
  return password_;
}

wire::postgres::ScramKeys Credential::Keys() {
  const std::lock_guard lock(mutex_);
  return keys_;
}

void Credential::RememberKeys(const wire::postgres::ScramKeys& keys) {
  const std::lock_guard lock(mutex_);
  keys_ = keys;
}

}  // namespace chaperone::upstream
