#include "dataplane/events/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

namespace chaperone::events {

namespace {

struct Description {
  Count count;
  const char* name;
  const char* help;
};

constexpr Description kDescriptions[] = {
    {Count::kConnections, "chaperone_connections_total", "Connections that clients opened."},
    {Count::kSessions, "chaperone_sessions_total", "Sessions that began: authenticated and connected to the database."},
    {Count::kAuthenticationFailures, "chaperone_authentication_failures_total", "Connections whose token was refused."},
    {Count::kSettingsRefused, "chaperone_startup_settings_refused_total",
     "Connections refused for a setting that policy does not let a session begin with."},
    {Count::kUpstreamFailures, "chaperone_upstream_failures_total", "Sessions that could not reach the database."},
    {Count::kStatements, "chaperone_statements_total", "Statements that clients tried to run."},
    {Count::kDenied, "chaperone_statements_denied_total", "Statements that were refused."},
    {Count::kHeld, "chaperone_statements_held_total", "Statements that waited for an approval."},
    {Count::kRows, "chaperone_rows_total", "Rows sent to clients."},
    {Count::kMaskedCells, "chaperone_masked_cells_total", "Values that were masked."},
    {Count::kScrubbedMessages, "chaperone_scrubbed_messages_total",
     "Errors and notices whose text was withheld because it could quote a masked value."},
    {Count::kClientBytes, "chaperone_client_received_bytes_total", "Bytes received from clients."},
    {Count::kServerBytes, "chaperone_upstream_received_bytes_total", "Bytes received from the database."},
    {Count::kProtocolErrors, "chaperone_protocol_errors_total", "Sessions ended by a message that makes no sense."},
    {Count::kLimitsReached, "chaperone_limits_reached_total", "Statements and sessions ended by a limit."},
    {Count::kJudgements, "chaperone_judgements_total", "Statement texts that were judged."},
    {Count::kJudgementHits, "chaperone_judgement_cache_hits_total", "Of these, judgements found in the cache."},
    {Count::kInternalErrors, "chaperone_internal_errors_total", "Sessions ended by a defect of the sidecar."},
};
static_assert(std::size(kDescriptions) == kCounts);

prometheus::MetricFamily Family(const std::string& name, const std::string& help, prometheus::MetricType type,
                                double value) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return family;
}

}  // namespace

std::vector<prometheus::MetricFamily> Exporter::Collect() const {
  std::vector<prometheus::MetricFamily> families;
  for (const Description& description : kDescriptions) {
    uint64_t sum = 0;
    for (const LoopMetrics* loop : loops_) {
      sum += loop->Get(description.count);
    }
    families.push_back(
        Family(description.name, description.help, prometheus::MetricType::Counter, static_cast<double>(sum)));
  }
  for (const Gauge& gauge : gauges_) {
    families.push_back(Family(gauge.name, gauge.help, prometheus::MetricType::Gauge, gauge.read()));
  }
  return families;
}

}  // namespace chaperone::events
