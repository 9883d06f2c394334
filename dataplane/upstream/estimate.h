// What a statement that waits for a human would touch, by the planner's estimate: EXPLAIN over a connection of the
// sidecar's own, in a read-only transaction, with a short time limit. The statement is planned and never run.
#ifndef CHAPERONE_DATAPLANE_UPSTREAM_ESTIMATE_H_
#define CHAPERONE_DATAPLANE_UPSTREAM_ESTIMATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "dataplane/runtime/task.h"
#include "dataplane/runtime/waiter.h"
#include "dataplane/upstream/connector.h"

namespace chaperone::upstream {

struct EstimateParameter {
  uint32_t type_oid = 0;
  bool binary = false;
  // Absent: NULL.
  std::optional<std::string> value;
};

struct EstimateInput {
  std::string database;
  std::vector<std::string> search_path;
  // "EXPLAIN …": REQUIRES: exactly one statement, which explains and does not run.
  std::string text;
  // Bound as values; never a part of the text.
  std::vector<EstimateParameter> parameters;
};

// Rows by the planner's estimate: those that its INSERT, UPDATE, DELETE and MERGE would change, or where there is none
// those that it would return. Errors: what connecting gives; DeadlineExceeded; Unavailable with the server's SQLSTATE
// (never its message, which may quote values); DataLoss when the answer is not a plan.
runtime::Task<absl::StatusOr<double>> EstimateRows(Connector& connector, runtime::Waiter& waiter, EstimateInput input,
                                                   runtime::SteadyTime deadline);

// The same from the lines of a plan (EXPLAIN's text format). Errors: DataLoss.
absl::StatusOr<double> RowsOfPlan(const std::vector<std::string>& lines);

}  // namespace chaperone::upstream

#endif  // CHAPERONE_DATAPLANE_UPSTREAM_ESTIMATE_H_
