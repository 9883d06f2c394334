// What the data plane counts: each loop for itself; the sum is formed when Prometheus scrapes.
#ifndef CHAPERONE_DATAPLANE_EVENTS_METRICS_H_
#define CHAPERONE_DATAPLANE_EVENTS_METRICS_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/events/loop_metrics.h"

namespace chaperone::events {

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
