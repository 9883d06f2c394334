// TLS contexts: towards clients (certificate from files, reloaded when they change) and towards the database
// (verify-full).
#ifndef CHAPERONE_DATAPLANE_RUNTIME_TLS_H_
#define CHAPERONE_DATAPLANE_RUNTIME_TLS_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "api/base/status.h"

namespace chaperone::runtime {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

// The ALPN name of PostgreSQL, demanded of clients that start with TLS directly.
inline constexpr std::string_view kAlpnPostgres = "postgresql";

// For accepting: TLS 1.2 at least. Errors: InvalidArgument that names the file and OpenSSL's reason.
absl::StatusOr<SslContext> LoadServerContext(const std::string& certificate_file, const std::string& key_file);

// For connecting with certificate and host name verification. An empty `ca_file` means the system's certificates.
// Errors: InvalidArgument that names the file.
absl::StatusOr<SslContext> LoadClientContext(const std::string& ca_file);

// The newest entry of OpenSSL's error queue in words; clears the queue.
std::string LastTlsError();

}  // namespace chaperone::runtime

#endif  // CHAPERONE_DATAPLANE_RUNTIME_TLS_H_
