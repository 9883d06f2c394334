#include "dataplane/listener/listener.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace chaperone::listener {

namespace {

constexpr int kBacklog = 1024;
// At most so many at a time, so that sessions get their turn.
constexpr int kAcceptsPerTurn = 64;
constexpr std::chrono::milliseconds kRetryDelay{100};

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

absl::StatusOr<Address> ParseAddress(const std::string& text, uint16_t port) {
  Address address;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.length = sizeof(*v4);
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.length = sizeof(*v6);
  } else {
    return base::InvalidArgument("\"{}\" is not an IP address; listen.address takes for example 127.0.0.1", text);
  }
  return address;
}

absl::Status ListenError(int error_number, const std::string& where) {
  if (error_number == EADDRINUSE) {
    return base::AlreadyExists("cannot listen on {}: the address is in use; stop what uses it or choose another port",
                               where);
  }
  return base::ErrnoStatus(error_number, fmt::format("cannot listen on {}", where));
}

std::string Describe(const sockaddr_storage& storage, bool* is_local) {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    *is_local = (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
    return fmt::format("{}:{}", text, ntohs(v4.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    *is_local =
        IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) || (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == 127);
    return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
  }
  *is_local = true;
  return "unix";
}

// Removes a socket file that nobody listens on any more.
absl::Status RemoveStaleSocket(const sockaddr_un& name) {
  const runtime::Fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0) {
    return ListenError(EADDRINUSE, name.sun_path);
  }
  if (errno == ECONNREFUSED) {
    unlink(name.sun_path);
  }
  return absl::OkStatus();
}

}  // namespace

Listener::Listener(runtime::Loop& loop, runtime::Fd fd, Handler handler)
    : loop_(loop), fd_(std::move(fd)), handler_(std::move(handler)) {
  retry_ = std::make_unique<runtime::Loop::Timer>(loop_, [this] {
    if (watch_ != runtime::Loop::kNotWatched) {
      loop_.Modify(watch_, EPOLLIN);
    }
  });
}

Listener::~Listener() { Close(); }

absl::StatusOr<std::unique_ptr<Listener>> Listener::Tcp(runtime::Loop& loop, const std::string& address, uint16_t port,
                                                        Handler handler) {
  CHAPERONE_ASSIGN_OR_RETURN(Address parsed, ParseAddress(address, port));
  const std::string where = fmt::format("{}:{}", address, port);
  runtime::Fd fd(socket(parsed.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (!fd.valid() || bind(fd.get(), reinterpret_cast<const sockaddr*>(&parsed.storage), parsed.length) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    return ListenError(errno, where);
  }
  std::unique_ptr<Listener> listener(new Listener(loop, std::move(fd), std::move(handler)));
  getsockname(listener->fd_.get(), reinterpret_cast<sockaddr*>(&parsed.storage), &parsed.length);
  listener->port_ =
      ntohs(parsed.storage.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(parsed.storage).sin_port
                                                : reinterpret_cast<const sockaddr_in6&>(parsed.storage).sin6_port);
  CHAPERONE_RETURN_IF_ERROR(listener->Start());
  return listener;
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Unix(runtime::Loop& loop, const std::string& folder, uint16_t port,
                                                         Handler handler) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string path = fmt::format("{}/.s.PGSQL.{}", folder, port);
  if (path.size() >= sizeof(name.sun_path)) {
    return base::InvalidArgument("the socket path {} is longer than {} bytes", path, sizeof(name.sun_path) - 1);
  }
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  CHAPERONE_RETURN_IF_ERROR(RemoveStaleSocket(name));
  runtime::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid() || bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    return ListenError(errno, path);
  }
  std::unique_ptr<Listener> listener(new Listener(loop, std::move(fd), std::move(handler)));
  listener->unix_path_ = path;
  listener->port_ = port;
  CHAPERONE_RETURN_IF_ERROR(listener->Start());
  return listener;
}

absl::Status Listener::Start() {
  CHAPERONE_ASSIGN_OR_RETURN(watch_, loop_.Watch(fd_.get(), EPOLLIN, this));
  return absl::OkStatus();
}

void Listener::Close() {
  if (watch_ != runtime::Loop::kNotWatched) {
    loop_.Unwatch(std::exchange(watch_, runtime::Loop::kNotWatched));
  }
  fd_.Reset();
  if (!unix_path_.empty()) {
    unlink(unix_path_.c_str());
    unix_path_.clear();
  }
}

void Listener::OnReady(uint32_t) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage peer{};
    socklen_t length = sizeof(peer);
    runtime::Fd fd(accept4(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        spdlog::error("cannot accept a connection: {}; raise the limit of open files", std::strerror(errno));
        loop_.Modify(watch_, 0);
        retry_->ArmAfter(kRetryDelay);
      }
      return;
    }
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    Accepted accepted;
    accepted.peer_address = Describe(peer, &accepted.is_local);
    accepted.fd = std::move(fd);
    handler_(std::move(accepted));
  }
}

}  // namespace chaperone::listener
