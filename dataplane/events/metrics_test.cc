#include "dataplane/events/metrics.h"

#include <prometheus/metric_family.h>

#include <catch2/catch.hpp>

namespace chaperone::events {
namespace {

TEST_CASE("loops are summed, and gauges asked, when they are scraped") {
  LoopMetrics a;
  LoopMetrics b;
  a.Add(Count::kRows, 3);
  b.Add(Count::kRows);
  const Exporter exporter({&a, &b}, {{"chaperone_sessions", "Live sessions.", [] { return 7.0; }}});
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
