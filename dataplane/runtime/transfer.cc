#include "dataplane/runtime/transfer.h"

#include <sys/socket.h>

#include <array>
#include <cstring>

namespace chaperone::runtime {

namespace {

constexpr size_t kReadBytes = 16 << 10;

// Waits for the descriptor; OK when it is ready.
Task<absl::Status> Ready(Channel channel, bool read, bool write, SteadyTime deadline) {
  channel.watched.Want(read, write);
  const uint32_t bits = co_await channel.waiter.Wait(deadline);
  channel.watched.Want(false, false);
  if ((bits & Waiter::kInterrupt) != 0) {
    co_return absl::CancelledError("interrupted");
  }
  if ((bits & Waiter::kTimeout) != 0) {
    co_return base::DeadlineExceeded("the time allowed ran out");
  }
  co_return absl::OkStatus();
}

}  // namespace

Task<absl::Status> ReadSome(Channel channel, SteadyTime deadline, std::string* in) {
  std::array<char, kReadBytes> buffer;
  for (;;) {
    const IoResult result = channel.stream.Read(buffer.data(), buffer.size());
    if (result.state == IoState::kOk) {
      in->append(buffer.data(), result.bytes);
      co_return absl::OkStatus();
    }
    if (result.state != IoState::kWouldBlock) {
      co_return base::Unavailable("the peer closed the connection");
    }
    const absl::Status status = co_await Ready(channel, !result.wait_for_write, result.wait_for_write, deadline);
    if (!status.ok()) {
      co_return status;
    }
  }
}

Task<absl::Status> WriteAll(Channel channel, SteadyTime deadline, std::string out) {
  size_t written = 0;
  while (written < out.size()) {
    const iovec part{out.data() + written, out.size() - written};
    const IoResult result = channel.stream.Write({&part, 1});
    if (result.state == IoState::kOk) {
      written += result.bytes;
      continue;
    }
    if (result.state != IoState::kWouldBlock) {
      co_return base::Unavailable("the peer closed the connection");
    }
    const absl::Status status = co_await Ready(channel, false, true, deadline);
    if (!status.ok()) {
      co_return status;
    }
  }
  co_return absl::OkStatus();
}

Task<absl::Status> FinishHandshake(Channel channel, SteadyTime deadline) {
  for (;;) {
    const auto state = channel.stream.Handshake();
    if (!state.ok()) {
      co_return state.status();
    }
    if (*state == Stream::HandshakeState::kDone) {
      co_return absl::OkStatus();
    }
    const bool write = *state == Stream::HandshakeState::kWaitForWrite;
    const absl::Status status = co_await Ready(channel, !write, write, deadline);
    if (!status.ok()) {
      co_return status;
    }
  }
}

Task<absl::Status> FinishConnect(Channel channel, SteadyTime deadline) {
  const absl::Status status = co_await Ready(channel, false, true, deadline);
  if (!status.ok()) {
    co_return status;
  }
  int error_number = 0;
  socklen_t length = sizeof(error_number);
  if (getsockopt(channel.stream.fd(), SOL_SOCKET, SO_ERROR, &error_number, &length) != 0 || error_number != 0) {
    co_return base::Unavailable("{}", std::strerror(error_number));
  }
  co_return absl::OkStatus();
}

}  // namespace chaperone::runtime
