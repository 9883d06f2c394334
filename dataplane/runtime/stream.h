// A connected, non-blocking byte stream, plain or under TLS. It never waits: each call does what is possible now and
// says what it would wait for. One thread at a time.
#ifndef CHAPERONE_DATAPLANE_RUNTIME_STREAM_H_
#define CHAPERONE_DATAPLANE_RUNTIME_STREAM_H_

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "dataplane/runtime/syscalls.h"

namespace chaperone::runtime {

// A file descriptor that is closed when its owner goes.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.Release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { Reset(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release();
  void Reset();

 private:
  int fd_ = -1;
};

enum class IoState {
  kOk,
  // Nothing can be done before the descriptor is ready again.
  kWouldBlock,
  // The peer has closed (reading), or will take no more (writing).
  kClosed,
  // The connection broke.
  kError,
};

struct IoResult {
  IoState state = IoState::kOk;
  size_t bytes = 0;
  // Under TLS either direction may have to wait for the other.
  bool wait_for_write = false;
};

class Stream {
 public:
  // Takes over a connected, non-blocking socket.
  explicit Stream(Fd fd) : fd_(std::move(fd)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;
  ~Stream();

  int fd() const { return fd_.get(); }
  bool is_tls() const { return ssl_ != nullptr; }

  // Up to `size` bytes, at least one when the state is kOk.
  IoResult Read(char* data, size_t size) {
    if (is_tls()) {
      return ReadTls(data, size);
    }
    const ssize_t got = syscalls::recv(fd_.get(), data, size, 0);
    return got > 0 ? IoResult{IoState::kOk, static_cast<size_t>(got)} : NothingRead(got);
  }
  // Input that has been taken from the socket and not been read: the descriptor will not become ready for it.
  bool has_buffered_input() const { return is_tls() && HasPending(); }
  // Writes from the front of `parts`, perhaps not all.
  IoResult Write(std::span<const iovec> parts) {
    if (is_tls() || parts.size() != 1) {
      return WriteParts(parts);
    }
    const ssize_t sent = syscalls::send(fd_.get(), parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL);
    return sent >= 0 ? IoResult{IoState::kOk, static_cast<size_t>(sent)} : FromErrno();
  }

  // Turns the stream into TLS; then call Handshake until it is done. Errors: Internal.
  absl::Status StartTlsServer(SSL_CTX* context);
  // Checks the peer's certificate against `host`, a DNS name or an address (verify-full).
  absl::Status StartTlsClient(SSL_CTX* context, const std::string& host);
  enum class HandshakeState { kDone, kWaitForRead, kWaitForWrite };
  // Errors: Unavailable with OpenSSL's reason (never peer data).
  absl::StatusOr<HandshakeState> Handshake();
  // The ALPN protocol agreed on; empty when none.
  std::string_view alpn() const;
  // Hash of the server's certificate for channel binding "tls-server-end-point" (RFC 5929 section 4); empty without TLS
  // or for a signature algorithm that defines none.
  std::string ServerEndPoint() const;

  // Nothing more will be written: sends what can be sent of TLS's goodbye, and the end of the stream.
  void FinishWrites();
  // Sends what can be sent of TLS's goodbye and closes the socket.
  void Close();
  // Gives the socket away. REQUIRES: !is_tls().
  Fd Release() { return std::move(fd_); }

 private:
  struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  static IoResult FromErrno();
  static IoResult NothingRead(ssize_t got);
  bool HasPending() const;
  IoResult TlsResult(int returned);
  IoResult ReadTls(char* data, size_t size);
  IoResult WriteTls(std::span<const iovec> parts);
  IoResult WriteParts(std::span<const iovec> parts);

  Fd fd_;
  std::unique_ptr<SSL, SslDeleter> ssl_;
  // A TLS record is built from many small parts here; empty when idle.
  std::vector<char> gathered_;
};

}  // namespace chaperone::runtime

#endif  // CHAPERONE_DATAPLANE_RUNTIME_STREAM_H_
