#include "tests/integration/differential/connection.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace chaperone::differential {
namespace {

constexpr int kSilenceMaxMs = 10000;

uint32_t Read32(const char* at) {
  uint32_t value = 0;
  std::memcpy(&value, at, 4);
  return ntohl(value);
}

absl::Status Failed(std::string_view what) {
  return absl::UnavailableError(fmt::format("{}: {}", what, std::strerror(errno)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const Endpoint& endpoint) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Failed("socket");
  std::unique_ptr<Connection> connection(new Connection(fd));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  if (::inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr) != 1) {
    return absl::InvalidArgumentError(fmt::format("\"{}\" is not an IPv4 address", endpoint.host));
  }
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return Failed("connect");
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  absl::Status status = connection->LogIn(endpoint);
  if (!status.ok()) return status;
  return connection;
}

Connection::~Connection() { ::close(socket_); }

absl::Status Connection::LogIn(const Endpoint& endpoint) {
  absl::Status status = Send(Startup(endpoint.user, endpoint.database));
  while (status.ok()) {
    auto message = Read();
    if (!message.ok()) return message.status();
    if (message->type == 'Z') return absl::OkStatus();
    if (message->type == 'E') return absl::UnauthenticatedError(Show(*message));
    if (message->type != 'R') continue;
    const uint32_t kind = Read32(message->body.data());
    if (kind == 3) {
      status = Send(Password(endpoint.password));
    } else if (kind != 0) {
      return absl::UnimplementedError(
          fmt::format("authentication request {}; a cleartext password is all we know", kind));
    }
  }
  return status;
}

absl::Status Connection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return Failed("send");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::Status Connection::Fill() {
  if (at_ > 0) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  pollfd waiting{socket_, POLLIN, 0};
  const int ready = ::poll(&waiting, 1, kSilenceMaxMs);
  if (ready == 0) return absl::DeadlineExceededError(fmt::format("silence for {} ms", kSilenceMaxMs));
  if (ready < 0) return Failed("poll");
  char chunk[65536];
  const ssize_t got = ::recv(socket_, chunk, sizeof(chunk), 0);
  if (got < 0) return Failed("recv");
  if (got == 0) return absl::UnavailableError("the server closed the connection");
  buffer_.append(chunk, static_cast<size_t>(got));
  return absl::OkStatus();
}

absl::StatusOr<Message> Connection::Read() {
  while (true) {
    if (buffer_.size() - at_ >= 5) {
      const size_t length = Read32(buffer_.data() + at_ + 1);
      if (buffer_.size() - at_ >= length + 1) {
        Message message{buffer_[at_], buffer_.substr(at_ + 5, length - 4)};
        at_ += length + 1;
        return message;
      }
    }
    absl::Status status = Fill();
    if (!status.ok()) return status;
  }
}

}  // namespace chaperone::differential
