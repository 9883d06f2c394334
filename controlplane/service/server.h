// The gRPC server: TLS with client certificates, bounds, keepalive, health and reflection.
#ifndef CHAPERONE_CONTROLPLANE_SERVICE_SERVER_H_
#define CHAPERONE_CONTROLPLANE_SERVICE_SERVER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/base/status.h"

namespace grpc {
class Service;
}

namespace chaperone::service {

struct ServerOptions {
  std::string address = "0.0.0.0";
  // 0: any free port.
  uint16_t port = 7400;
  // PEM files, read again when they change.
  std::string certificate;
  std::string key;
  // CAs of client certificates.
  std::string client_ca;
  // Directory of hashed CRL files (c_rehash); empty: none.
  std::string crl_directory;
  // Of one message: a bundle of policies, a batch of records.
  size_t message_bytes_max = 40 << 20;
  // Of handlers that block: unary calls and operators' streams.
  int threads_max = 256;
};

class Server {
 public:
  // Listens and serves. Errors: FailedPrecondition when the port is in use or not allowed, or the TLS files do not
  // serve. REQUIRES: what the services use outlives the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       std::vector<std::shared_ptr<grpc::Service>> services);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  uint16_t port() const;
  // Answers "not serving" to health checks, lets calls end until the deadline, then cancels them.
  void Stop(std::chrono::milliseconds grace);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chaperone::service

#endif  // CHAPERONE_CONTROLPLANE_SERVICE_SERVER_H_
