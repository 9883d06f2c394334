#include "controlplane/metrics/metrics.h"

#include <catch2/catch.hpp>

#include "controlplane/metrics/metered_store.h"
#include "controlplane/metrics/metrics_for_tests.h"
#include "controlplane/store/conformance/faulty_store.h"
#include "controlplane/store/memory/memory_store.h"

namespace chaperone::metrics {
namespace {

TEST_CASE("what is counted appears under its documented name") {
  MetricsForTests counted;
  Metrics& metrics = *counted.get();
  metrics.CountRequest("PolicyService.ApplyPolicies", "OK", std::chrono::milliseconds(3));
  metrics.AddStreams("sync", 1);
  metrics.AddStreams("sync", 1);
  metrics.AddStreams("sync", -1);
  metrics.CountApproval("approved");
  metrics.CountIngest(10, 4096, std::chrono::milliseconds(2));
  metrics.CountSnapshotAnswer(false, std::chrono::milliseconds(20));
  CHECK(
      counted.Has("chaperone_controlplane_grpc_requests_total{code=\"OK\",method=\"PolicyService.ApplyPolicies\"} 1"));
  CHECK(counted.Has("chaperone_controlplane_streams{kind=\"sync\"} 1"));
  CHECK(counted.Has("chaperone_controlplane_approvals_total{state=\"approved\"} 1"));
  CHECK(counted.Has("chaperone_controlplane_ingest_bytes_total 4096"));
  CHECK(counted.Has("chaperone_controlplane_snapshot_answers_total{answer=\"nack\"} 1"));
}

TEST_CASE("a metered store counts failures, and not refused preconditions") {
  MetricsForTests counted;
  auto faulty = std::make_unique<store::FaultyStore>(store::NewMemoryStore());
  store::FaultyStore* const fault = faulty.get();
  const auto metered = Meter(std::move(faulty), counted.get());
  store::WriteBatch batch;
  batch.Put(store::Family::kMeta, "k", "v");
  batch.RequireAbsent(store::Family::kMeta, "k");
  CHECK(metered->Commit(batch).ok());
  CHECK(absl::IsAborted(metered->Commit(batch)));
  CHECK_FALSE(counted.Has("store_errors_total{"));
  fault->Set(store::FaultyStore::Fault::kRefuseCommits);
  CHECK(absl::IsUnavailable(metered->Commit(batch)));
  fault->Set(store::FaultyStore::Fault::kRefuseReads);
  CHECK_FALSE(metered->Get(store::Family::kMeta, "k").ok());
  CHECK_FALSE(metered->Scan({}).ok());
  CHECK(counted.Has("chaperone_controlplane_store_errors_total{operation=\"commit\"} 1"));
  CHECK(counted.Has("chaperone_controlplane_store_errors_total{operation=\"read\"} 2"));
  CHECK(counted.Has("chaperone_controlplane_store_committed_bytes_total 3"));
}

}  // namespace
}  // namespace chaperone::metrics
