// From a host name to a connected socket.
#ifndef CHAPERONE_DATAPLANE_UPSTREAM_DIAL_H_
#define CHAPERONE_DATAPLANE_UPSTREAM_DIAL_H_

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "api/base/status.h"
#include "dataplane/runtime/stream.h"

namespace chaperone::upstream {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

// Looks up `host` (blocking: run it on a worker). An absolute path yields the Unix socket ".s.PGSQL.<port>" in it.
// Errors: Unavailable with the resolver's reason.
absl::StatusOr<std::vector<SocketAddress>> Resolve(const std::string& host, uint16_t port);

// Starts a non-blocking connect with TCP_NODELAY and keepalive. Errors: Unavailable.
absl::StatusOr<runtime::Fd> StartConnect(const SocketAddress& address);

}  // namespace chaperone::upstream

#endif  // CHAPERONE_DATAPLANE_UPSTREAM_DIAL_H_
