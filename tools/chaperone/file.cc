#include "tools/chaperone/file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace chaperone::cli {

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  if (file == nullptr) {
    const int error = errno;
    return error == ENOENT ? base::NotFound("{} does not exist", path)
                           : base::FailedPrecondition("cannot read {}: {}", path, std::strerror(error));
  }
  std::string text;
  char buffer[16 << 10];
  size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof(buffer), file.get())) > 0) {
    text.append(buffer, count);
    if (text.size() > bytes_max) {
      return base::ResourceExhausted("{} is larger than {} KiB", path, bytes_max >> 10);
    }
  }
  if (std::ferror(file.get()) != 0) {
    return base::FailedPrecondition("cannot read {}: {}", path, std::strerror(errno));
  }
  return text;
}

}  // namespace chaperone::cli
