// Everything the control plane counts, in one place: names, labels and units are a contract with dashboards and alerts
// (README.md lists them). Threading: every function may be called from any thread.
#ifndef CHAPERONE_CONTROLPLANE_METRICS_METRICS_H_
#define CHAPERONE_CONTROLPLANE_METRICS_METRICS_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace prometheus {
class Registry;
}

namespace chaperone::metrics {

class Metrics {
 public:
  // REQUIRES: `registry` outlives this.
  explicit Metrics(prometheus::Registry* registry);
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  // A call that has ended; `code` is the gRPC code's name.
  void CountRequest(std::string_view method, std::string_view code, std::chrono::nanoseconds took);
  // Open streams: "sync", "record", "watch".
  void AddStreams(std::string_view kind, int change);

  void CountSnapshotPushes(uint64_t count);
  // A sidecar's answer to a snapshot, and how long after the push it came.
  void CountSnapshotAnswer(bool accepted, std::chrono::nanoseconds took);
  void SetSnapshot(uint64_t version, uint64_t policy_revision);

  // An approval that entered a state: "pending", "approved", "rejected", "expired", "consumed".
  void CountApproval(std::string_view state);

  // A batch of records that is durable, and how long after its arrival.
  void CountIngest(uint64_t records, uint64_t bytes, std::chrono::nanoseconds took);
  // A batch that was not stored: "duplicate", "refused".
  void CountIngestSkipped(std::string_view why);

  // "read" or "commit".
  void CountStoreError(std::string_view operation);
  void ObserveCommit(std::chrono::nanoseconds took, uint64_t bytes);

  // "ok", or the gRPC code's name.
  void CountAuditEntry(std::string_view outcome);
  void CountIssuerFetch(std::string_view issuer, bool ok);

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace chaperone::metrics

#endif  // CHAPERONE_CONTROLPLANE_METRICS_METRICS_H_
