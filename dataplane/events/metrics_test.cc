#include "dataplane/events/metrics.h"

#include <prometheus/metric_family.h>

#include <catch2/catch.hpp>
#include <memory>

namespace chaperone::events {
namespace {

TEST_CASE("loops are summed, and gauges asked, when they are scraped") {
  // On the heap, as the sidecar has them: AddressSanitizer's frames do not keep their alignment.
  const auto a = std::make_unique<LoopMetrics>();
  const auto b = std::make_unique<LoopMetrics>();
  a->Add(Count::kRows, 3);
  b->Add(Count::kRows);
  const Exporter exporter({a.get(), b.get()}, {{"chaperone_sessions", "Live sessions.", [] { return 7.0; }}});
  double rows = -1;
  double sessions = -1;
  for (const auto& family : exporter.Collect()) {
    if (family.name == "chaperone_rows_total") {
      rows = family.metric[0].counter.value;
    }
    if (family.name == "chaperone_sessions") {
      sessions = family.metric[0].gauge.value;
    }
  }
  CHECK(rows == 4);
  CHECK(sessions == 7);
}

}  // namespace
}  // namespace chaperone::events
