// What a program tells Prometheus and Kubernetes: `/metrics` (text format), `/healthz` (200 while the process serves)
// and
// `/readyz` (200, or 503 with one line for each check that fails). Both programs answer operators with the same bytes.
#ifndef CHAPERONE_API_TELEMETRY_TELEMETRY_H_
#define CHAPERONE_API_TELEMETRY_TELEMETRY_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/base/status.h"
#include "api/telemetry/http_server.h"

namespace prometheus {
class Collectable;
}

namespace chaperone::telemetry {

// One condition for being ready. `check` runs on the server's thread at each request: it must be quick and thread-safe;
// the first line of a failure's message is shown.
struct ReadinessCheck {
  std::string name;
  std::function<absl::Status()> check;
};

class TelemetryServer {
 public:
  // Listens and serves until destroyed. A prometheus::Registry is a Collectable. Errors: as HttpServer::Start.
  static absl::StatusOr<std::unique_ptr<TelemetryServer>> Start(
      const HttpServerOptions& options, std::vector<std::shared_ptr<prometheus::Collectable>> collectables,
      std::vector<ReadinessCheck> checks);

  uint16_t port() const { return server_->port(); }

 private:
  explicit TelemetryServer(std::unique_ptr<HttpServer> server) : server_(std::move(server)) {}
  std::unique_ptr<HttpServer> server_;
};

}  // namespace chaperone::telemetry

#endif  // CHAPERONE_API_TELEMETRY_TELEMETRY_H_
