#include "api/base/status.h"

#include <system_error>

namespace chaperone::base {

namespace internal {

absl::Status Make(absl::StatusCode code, std::string message) { return absl::Status(code, ToAbsl(message)); }

}  // namespace internal

std::string Describe(const absl::Status& status) {
  return fmt::format("{}: {}", absl::StatusCodeToString(status.code()), Message(status));
}

absl::Status Annotate(const absl::Status& status, std::string_view prefix) {
  if (status.ok()) {
    return status;
  }
  return internal::Make(status.code(), fmt::format("{}: {}", prefix, Message(status)));
}

absl::Status ErrnoStatus(int error_number, std::string_view what) {
  return Internal("{}: {}", what, std::generic_category().message(error_number));
}

}  // namespace chaperone::base
