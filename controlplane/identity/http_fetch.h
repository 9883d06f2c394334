// One GET of a small JSON document, as OpenID Connect discovery needs it: https, or http on loopback only; no
// redirects; bounded in bytes and time. The one place that touches libcurl.
#ifndef CHAPERONE_CONTROLPLANE_IDENTITY_HTTP_FETCH_H_
#define CHAPERONE_CONTROLPLANE_IDENTITY_HTTP_FETCH_H_

#include <chrono>
#include <string>

#include "api/base/status.h"

namespace chaperone::identity {

struct FetchOptions {
  size_t bytes_max = 256 << 10;
  std::chrono::milliseconds timeout{10000};
  // PEM file of CAs to trust besides none of the system's; empty: the system's.
  std::string ca_file;
};

// The body of a 200 answer. Blocks up to the timeout. Threading: any thread. Errors: InvalidArgument for a URL of
// another kind, Unavailable when the server cannot be reached or answers something else, ResourceExhausted past
// bytes_max.
absl::StatusOr<std::string> Fetch(const std::string& url, const FetchOptions& options);

// Errors: InvalidArgument unless `url` is https, or http on a loopback host, without user or password.
absl::Status CheckUrl(const std::string& url);

}  // namespace chaperone::identity

#endif  // CHAPERONE_CONTROLPLANE_IDENTITY_HTTP_FETCH_H_
