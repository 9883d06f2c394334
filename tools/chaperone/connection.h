// The CLI's way to the control plane: gRPC over mutual TLS, nothing else.
#ifndef CHAPERONE_TOOLS_CHAPERONE_CONNECTION_H_
#define CHAPERONE_TOOLS_CHAPERONE_CONNECTION_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "api/base/status.h"

namespace chaperone::cli {

inline constexpr std::string_view kDefaultAddress = "localhost:7400";
// A chunk of a recording is one message.
inline constexpr int kMessageBytesMax = 64 << 20;

struct ConnectionOptions {
  // host:port.
  std::string address;
  // PEM files: the CA that signed the server's certificate, and the caller's own certificate and key.
  std::string ca;
  std::string cert;
  std::string key;
  // The name to expect in the server's certificate, where it differs from the address (a port-forward).
  std::string server_name;
};

// Reads the files and makes a channel; nothing is sent before the first call. Errors: FailedPrecondition when a file is
// not named, NotFound or PermissionDenied with its path when it cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectWithTls(const ConnectionOptions& options);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_CONNECTION_H_
