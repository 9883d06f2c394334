#include "controlplane/metrics/metrics.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <catch2/catch.hpp>

#include "controlplane/metrics/metered_store.h"
#include "controlplane/store/conformance/faulty_store.h"
#include "controlplane/store/memory/memory_store.h"

namespace chaperone::metrics {
namespace {

std::string Text(const prometheus::Registry& registry) {
  const prometheus::Serializer& serializer = prometheus::TextSerializer();
  return serializer.Serialize(registry.Collect());
}

bool Has(const std::string& text, std::string_view line) { return text.find(line) != std::string::npos; }

TEST_CASE("what is counted appears under its documented name") {
  prometheus::Registry registry;
  Metrics metrics(&registry);
  metrics.CountRequest("PolicyService.ApplyPolicies", "OK", std::chrono::milliseconds(3));
  metrics.AddStreams("sync", 1);
  metrics.AddStreams("sync", 1);
  metrics.AddStreams("sync", -1);
  metrics.CountApproval("approved");
  metrics.CountIngest(10, 4096, std::chrono::milliseconds(2));
  metrics.CountSnapshotAnswer(false, std::chrono::milliseconds(20));
  const std::string text = Text(registry);
  CHECK(Has(text, "chaperone_controlplane_grpc_requests_total{code=\"OK\",method=\"PolicyService.ApplyPolicies\"} 1"));
  CHECK(Has(text, "chaperone_controlplane_streams{kind=\"sync\"} 1"));
  CHECK(Has(text, "chaperone_controlplane_approvals_total{state=\"approved\"} 1"));
  CHECK(Has(text, "chaperone_controlplane_ingest_bytes_total 4096"));
  CHECK(Has(text, "chaperone_controlplane_snapshot_answers_total{answer=\"nack\"} 1"));
}

TEST_CASE("a metered store counts failures, and not refused preconditions") {
  prometheus::Registry registry;
  Metrics metrics(&registry);
  auto faulty = std::make_unique<store::FaultyStore>(store::NewMemoryStore());
  store::FaultyStore* const fault = faulty.get();
  const auto metered = Meter(std::move(faulty), &metrics);
  store::WriteBatch batch;
  batch.Put(store::Family::kMeta, "k", "v");
  batch.RequireAbsent(store::Family::kMeta, "k");
  CHECK(metered->Commit(batch).ok());
  CHECK(absl::IsAborted(metered->Commit(batch)));
  CHECK_FALSE(Has(Text(registry), "store_errors_total{"));
  fault->Set(store::FaultyStore::Fault::kRefuseCommits);
  CHECK(absl::IsUnavailable(metered->Commit(batch)));
  fault->Set(store::FaultyStore::Fault::kRefuseReads);
  CHECK_FALSE(metered->Get(store::Family::kMeta, "k").ok());
  CHECK_FALSE(metered->Scan({}).ok());
  const std::string text = Text(registry);
  CHECK(Has(text, "chaperone_controlplane_store_errors_total{operation=\"commit\"} 1"));
  CHECK(Has(text, "chaperone_controlplane_store_errors_total{operation=\"read\"} 2"));
  CHECK(Has(text, "chaperone_controlplane_store_committed_bytes_total 3"));
}

}  // namespace
}  // namespace chaperone::metrics
