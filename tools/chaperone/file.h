// Whole files in and out, with errors that name the path.
#ifndef CHAPERONE_TOOLS_CHAPERONE_FILE_H_
#define CHAPERONE_TOOLS_CHAPERONE_FILE_H_

#include <string>

#include "api/base/status.h"

namespace chaperone::cli {

// Errors: NotFound, FailedPrecondition (not readable, a folder), ResourceExhausted past `bytes_max`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_FILE_H_
