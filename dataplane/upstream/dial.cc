#include "dataplane/upstream/dial.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace chaperone::upstream {

namespace {

constexpr int kKeepAliveIdleSeconds = 60;

absl::StatusOr<std::vector<SocketAddress>> UnixAddress(const std::string& folder, uint16_t port) {
  SocketAddress address;
  auto* const name = reinterpret_cast<sockaddr_un*>(&address.storage);
  const std::string path = fmt::format("{}/.s.PGSQL.{}", folder, port);
  if (path.size() >= sizeof(name->sun_path)) {
    return base::Unavailable("the socket path {} is too long", path);
  }
  name->sun_family = AF_UNIX;
  std::memcpy(name->sun_path, path.c_str(), path.size() + 1);
  address.length = sizeof(sockaddr_un);
  return std::vector<SocketAddress>{address};
}

}  // namespace

absl::StatusOr<std::vector<SocketAddress>> Resolve(const std::string& host, uint16_t port) {
  if (!host.empty() && host[0] == '/') {
    return UnixAddress(host, port);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error_number = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error_number != 0) {
    return base::Unavailable("cannot look up {}: {}", host, gai_strerror(error_number));
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
  }
  freeaddrinfo(found);
  return addresses;
}

absl::StatusOr<runtime::Fd> StartConnect(const SocketAddress& address) {
  runtime::Fd fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return base::Unavailable("cannot make a socket: {}", std::strerror(errno));
  }
  if (address.storage.ss_family != AF_UNIX) {
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd.get(), IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveIdleSeconds, sizeof(kKeepAliveIdleSeconds));
  }
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 &&
      errno != EINPROGRESS) {
    return base::Unavailable("{}", std::strerror(errno));
  }
  return fd;
}

}  // namespace chaperone::upstream
