#include "api/telemetry/telemetry.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <iterator>
#include <string_view>
#include <utility>

namespace chaperone::telemetry {

namespace {

HttpResponse Metrics(const std::vector<std::shared_ptr<prometheus::Collectable>>& collectables) {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& collectable : collectables) {
    auto collected = collectable->Collect();
    families.insert(families.end(), std::make_move_iterator(collected.begin()),
                    std::make_move_iterator(collected.end()));
  }
  const prometheus::Serializer& serializer = prometheus::TextSerializer();
  return {200, "text/plain; version=0.0.4; charset=utf-8", serializer.Serialize(families)};
}

HttpResponse Readiness(const std::vector<ReadinessCheck>& checks) {
  HttpResponse response;
  for (const ReadinessCheck& check : checks) {
    if (const absl::Status status = check.check(); !status.ok()) {
      const std::string_view message = base::Message(status);
      response.status = 503;
      response.body += fmt::format("{}: {}\n", check.name, message.substr(0, message.find('\n')));
    }
  }
  if (response.status == 200) {
    response.body = "ready\n";
  }
  return response;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TelemetryServer>> TelemetryServer::Start(
    const HttpServerOptions& options, std::vector<std::shared_ptr<prometheus::Collectable>> collectables,
    std::vector<ReadinessCheck> checks) {
  HttpRoutes routes;
  routes["/metrics"] = [collectables = std::move(collectables)] { return Metrics(collectables); };
  routes["/healthz"] = [] { return HttpResponse{200, "text/plain; charset=utf-8", "alive\n"}; };
  routes["/readyz"] = [checks = std::move(checks)] { return Readiness(checks); };
  CHAPERONE_ASSIGN_OR_RETURN(auto server, HttpServer::Start(options, std::move(routes)));
  return std::unique_ptr<TelemetryServer>(new TelemetryServer(std::move(server)));
}

}  // namespace chaperone::telemetry
