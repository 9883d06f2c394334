// What the data plane counts. Each loop counts for itself, without atomic read-modify-write, and the sum is formed when
// Prometheus scrapes.
#ifndef CHAPERONE_DATAPLANE_EVENTS_METRICS_H_
#define CHAPERONE_DATAPLANE_EVENTS_METRICS_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace chaperone::events {

enum class Count : uint8_t {
  kConnections,
  kSessions,
  kAuthenticationFailures,
  kUpstreamFailures,
  kStatements,
  kDenied,
  kHeld,
  kRows,
  kMaskedCells,
  kScrubbedMessages,
  kClientBytes,
  kServerBytes,
  kProtocolErrors,
  kLimitsReached,
  kJudgements,
  kJudgementHits,
  kInternalErrors,
};
inline constexpr size_t kCounts = 17;

// Counters of one loop. One writer, any readers.
class LoopMetrics {
 public:
  void Add(Count count, uint64_t by = 1) {
    std::atomic<uint64_t>& value = values_[static_cast<size_t>(count)];
    value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  uint64_t Get(Count count) const { return values_[static_cast<size_t>(count)].load(std::memory_order_relaxed); }

 private:
  alignas(64) std::array<std::atomic<uint64_t>, kCounts> values_{};
};

// A value that is asked for when Prometheus scrapes.
struct Gauge {
  std::string name;
  std::string help;
  std::function<double()> read;
};

// The data plane's metrics in Prometheus' form. The loops' metrics must outlive it.
class Exporter final : public prometheus::Collectable {
 public:
  Exporter(std::vector<const LoopMetrics*> loops, std::vector<Gauge> gauges)
      : loops_(std::move(loops)), gauges_(std::move(gauges)) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::vector<const LoopMetrics*> loops_;
  const std::vector<Gauge> gauges_;
};

}  // namespace chaperone::events

#endif  // CHAPERONE_DATAPLANE_EVENTS_METRICS_H_
