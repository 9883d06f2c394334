#include "dataplane/runtime/stream.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "dataplane/runtime/tls.h"

namespace chaperone::runtime {

namespace {

// The largest TLS record; more in one SSL_write would be cut into several anyway.
constexpr size_t kTlsRecordBytes = 16384;

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    Reset();
    fd_ = other.Release();
  }
  return *this;
}

int Fd::Release() { return std::exchange(fd_, -1); }

void Fd::Reset() {
  if (fd_ >= 0) {
    close(fd_);
    fd_ = -1;
  }
}

Stream::~Stream() = default;

IoResult Stream::FromErrno() {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    return {IoState::kWouldBlock};
  }
  if (errno == EPIPE || errno == ECONNRESET) {
    return {IoState::kClosed};
  }
  return {IoState::kError};
}

IoResult Stream::NothingRead(ssize_t got) { return got == 0 ? IoResult{IoState::kClosed} : FromErrno(); }

IoResult Stream::ReadTls(char* data, size_t size) {
  ERR_clear_error();
  return TlsResult(SSL_read(ssl_.get(), data, static_cast<int>(std::min<size_t>(size, INT_MAX))));
}

bool Stream::HasPending() const { return SSL_has_pending(ssl_.get()) == 1; }

IoResult Stream::WriteParts(std::span<const iovec> parts) {
  if (is_tls()) {
    return WriteTls(parts);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = std::min<size_t>(parts.size(), IOV_MAX);
  const ssize_t sent = syscalls::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
  return sent >= 0 ? IoResult{IoState::kOk, static_cast<size_t>(sent)} : FromErrno();
}

IoResult Stream::WriteTls(std::span<const iovec> parts) {
  ERR_clear_error();
  const void* data = parts[0].iov_base;
  size_t size = std::min(parts[0].iov_len, kTlsRecordBytes);
  if (parts.size() > 1 && size < kTlsRecordBytes) {
    gathered_.clear();
    for (const iovec& part : parts) {
      const size_t room = kTlsRecordBytes - gathered_.size();
      const auto* begin = static_cast<const char*>(part.iov_base);
      gathered_.insert(gathered_.end(), begin, begin + std::min(part.iov_len, room));
      if (gathered_.size() == kTlsRecordBytes) {
        break;
      }
    }
    data = gathered_.data();
    size = gathered_.size();
  }
  const IoResult result = TlsResult(SSL_write(ssl_.get(), data, static_cast<int>(size)));
  if (gathered_.capacity() > 0 && result.state == IoState::kOk) {
    std::vector<char>().swap(gathered_);
  }
  return result;
}

IoResult Stream::TlsResult(int returned) {
  if (returned > 0) {
    return {IoState::kOk, static_cast<size_t>(returned)};
  }
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return {IoState::kWouldBlock};
    case SSL_ERROR_WANT_WRITE:
      return {IoState::kWouldBlock, 0, true};
    case SSL_ERROR_ZERO_RETURN:
      return {IoState::kClosed};
    default:
      // Without a close_notify the peer is gone all the same; OpenSSL reports it as an error.
      return {errno == ECONNRESET || errno == EPIPE || errno == 0 ? IoState::kClosed : IoState::kError};
  }
}

absl::Status Stream::StartTlsServer(SSL_CTX* context) {
  ssl_.reset(SSL_new(context));
  if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), fd_.get()) != 1) {
    return base::Internal("cannot start TLS: {}", LastTlsError());
  }
  // One recv for a record's header and body together.
  SSL_set_read_ahead(ssl_.get(), 1);
  SSL_set_accept_state(ssl_.get());
  return absl::OkStatus();
}

absl::Status Stream::StartTlsClient(SSL_CTX* context, const std::string& host) {
  ssl_.reset(SSL_new(context));
  if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), fd_.get()) != 1) {
    return base::Internal("cannot start TLS: {}", LastTlsError());
  }
  SSL_set_read_ahead(ssl_.get(), 1);
  SSL_set_connect_state(ssl_.get());
  in6_addr address;
  const bool is_address =
      inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
  X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl_.get());
  const int set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str())
                             : X509_VERIFY_PARAM_set1_host(verify, host.c_str(), host.size());
  if (set != 1 || (!is_address && SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) != 1)) {
    return base::Internal("cannot set the host name for TLS: {}", LastTlsError());
  }
  return absl::OkStatus();
}

absl::StatusOr<Stream::HandshakeState> Stream::Handshake() {
  ERR_clear_error();
  const int returned = SSL_do_handshake(ssl_.get());
  if (returned == 1) {
    return HandshakeState::kDone;
  }
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return HandshakeState::kWaitForRead;
    case SSL_ERROR_WANT_WRITE:
      return HandshakeState::kWaitForWrite;
    default:
      break;
  }
  const long verify = SSL_get_verify_result(ssl_.get());
  if (verify != X509_V_OK) {
    return base::Unavailable("TLS handshake failed: certificate: {}", X509_verify_cert_error_string(verify));
  }
  return base::Unavailable("TLS handshake failed: {}", LastTlsError());
}

std::string_view Stream::alpn() const {
  const unsigned char* data = nullptr;
  unsigned length = 0;
  if (ssl_ != nullptr) {
    SSL_get0_alpn_selected(ssl_.get(), &data, &length);
  }
  return {reinterpret_cast<const char*>(data), length};
}

std::string Stream::ServerEndPoint() const {
  X509* const certificate = ssl_ != nullptr ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
  if (certificate == nullptr) {
    return {};
  }
  int digest_nid = NID_undef;
  if (X509_get_signature_info(certificate, &digest_nid, nullptr, nullptr, nullptr) != 1 || digest_nid == NID_undef) {
    return {};
  }
  // RFC 5929 section 4.1: MD5 and SHA-1 are replaced by SHA-256.
  if (digest_nid == NID_md5 || digest_nid == NID_sha1) {
    digest_nid = NID_sha256;
  }
  const EVP_MD* const digest = EVP_get_digestbynid(digest_nid);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned length = 0;
  if (digest == nullptr || X509_digest(certificate, digest, hash.data(), &length) != 1) {
    return {};
  }
  return std::string(reinterpret_cast<const char*>(hash.data()), length);
}

void Stream::FinishWrites() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ::shutdown(fd_.get(), SHUT_WR);
}

void Stream::Close() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ssl_.reset();
  fd_.Reset();
}

}  // namespace chaperone::runtime
