// Metrics with a registry of their own, for tests.
#ifndef CHAPERONE_CONTROLPLANE_METRICS_METRICS_FOR_TESTS_H_
#define CHAPERONE_CONTROLPLANE_METRICS_METRICS_FOR_TESTS_H_

#include <memory>
#include <string>
#include <string_view>

#include "controlplane/metrics/metrics.h"

namespace chaperone::metrics {

class MetricsForTests {
 public:
  MetricsForTests();
  MetricsForTests(const MetricsForTests&) = delete;
  MetricsForTests& operator=(const MetricsForTests&) = delete;
  ~MetricsForTests();

  Metrics* get() const { return metrics_.get(); }
  // Whether the text that Prometheus would scrape has this in it.
  bool Has(std::string_view line) const;

 private:
  const std::unique_ptr<prometheus::Registry> registry_;
  const std::unique_ptr<Metrics> metrics_;
};

}  // namespace chaperone::metrics

#endif  // CHAPERONE_CONTROLPLANE_METRICS_METRICS_FOR_TESTS_H_
