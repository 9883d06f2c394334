#include "controlplane/identity/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>

namespace chaperone::identity {

namespace {
constexpr size_t kFileBytesMax = 1 << 20;
}  // namespace

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string content;
  if (in) {
    content.resize(kFileBytesMax + 1);
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<size_t>(in.gcount()));
  }
  if (!in.is_open() || in.bad()) {
    const int error_number = errno != 0 ? errno : EIO;
    if (error_number == ENOENT) {
      return base::NotFound("cannot read {}: no such file", path);
    }
    if (error_number == EACCES) {
      return base::PermissionDenied("cannot read {}: permission denied", path);
    }
    return base::ErrnoStatus(error_number, "cannot read " + path);
  }
  if (content.size() > kFileBytesMax) {
    return base::InvalidArgument("{} has more than {} bytes", path, kFileBytesMax);
  }
  return content;
}

absl::Status WriteSmallFile(const std::string& path, std::string_view content, unsigned mode) {
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) {
    return base::ErrnoStatus(errno, "cannot write " + temporary);
  }
  bool good = fchmod(fd, mode) == 0 &&
              write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) && fsync(fd) == 0;
  const int error_number = errno;
  close(fd);
  good = good && rename(temporary.c_str(), path.c_str()) == 0;
  if (!good) {
    unlink(temporary.c_str());
    return base::ErrnoStatus(error_number, "cannot write " + path);
  }
  return absl::OkStatus();
}

}  // namespace chaperone::identity
