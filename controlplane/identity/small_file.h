// Keys and certificates as files: read with a bound, written whole or not at all.
#ifndef CHAPERONE_CONTROLPLANE_IDENTITY_SMALL_FILE_H_
#define CHAPERONE_CONTROLPLANE_IDENTITY_SMALL_FILE_H_

#include <string>
#include <string_view>

#include "api/base/status.h"

namespace chaperone::identity {

// Errors: NotFound, PermissionDenied or Internal with the path; InvalidArgument past 1 MiB.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

// Through a temporary file beside it, with exactly these permissions. Errors: Internal with the path.
absl::Status WriteSmallFile(const std::string& path, std::string_view content, unsigned mode);

}  // namespace chaperone::identity

#endif  // CHAPERONE_CONTROLPLANE_IDENTITY_SMALL_FILE_H_
