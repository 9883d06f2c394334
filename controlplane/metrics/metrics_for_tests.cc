#include "controlplane/metrics/metrics_for_tests.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace chaperone::metrics {

MetricsForTests::MetricsForTests()
    : registry_(std::make_unique<prometheus::Registry>()), metrics_(std::make_unique<Metrics>(registry_.get())) {}

MetricsForTests::~MetricsForTests() = default;

bool MetricsForTests::Has(std::string_view line) const {
  const prometheus::Serializer& serializer = prometheus::TextSerializer();
  return serializer.Serialize(registry_->Collect()).find(line) != std::string::npos;
}

}  // namespace chaperone::metrics
