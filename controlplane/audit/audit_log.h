// The audit log: what operators did, and what they were refused. An entry about a change stands in the very commit that
// makes the change, so that neither exists without the other.
//
// Threading: every function may be called from any thread.
#ifndef CHAPERONE_CONTROLPLANE_AUDIT_AUDIT_LOG_H_
#define CHAPERONE_CONTROLPLANE_AUDIT_AUDIT_LOG_H_

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "api/base/clock.h"
#include "chaperone/v1/audit.pb.h"
#include "controlplane/metrics/metrics.h"
#include "controlplane/model/call.h"
#include "controlplane/store/store.h"

namespace chaperone::audit {

struct AuditEvent {
  // "policy coding-agents", "approval apr_…".
  std::string resource;
  // For people; cut at 1 KiB. Never a statement's text or a token.
  std::string detail;
};

class AuditLog {
 public:
  // REQUIRES: all three outlive this.
  AuditLog(store::Store* store, const base::Clock* clock, metrics::Metrics* metrics)
      : store_(store), clock_(clock), metrics_(metrics) {}

  // Adds an entry with the outcome "ok" to the batch that makes the change.
  void Add(const model::Call& call, const AuditEvent& event, store::WriteBatch* batch) const;

  // Writes an entry of its own, durable when this returns OK. For what is not a change of the store (an order to a
  // sidecar, a signature): REQUIRES that the caller gives up on an error.
  absl::Status Write(const model::Call& call, const AuditEvent& event) const;

  // Queues an entry about a refused call. Past 1,000 in a second, further ones of that second are only counted, and the
  // next entry says how many.
  void Refused(const model::Call& call, const absl::Status& status) const;

  // Newest first. Errors: InvalidArgument for a bad id or limit.
  absl::StatusOr<v1::ListAuditEntriesResponse> List(const v1::ListAuditEntriesRequest& request) const;

 private:
  v1::AuditEntry Entry(const model::Call& call, const AuditEvent& event, std::string_view outcome) const;
  void Put(const v1::AuditEntry& entry, store::WriteBatch* batch) const;

  store::Store* const store_;
  const base::Clock* const clock_;
  metrics::Metrics* const metrics_;
  mutable std::mutex mutex_;
  mutable std::chrono::steady_clock::time_point window_start_;
  mutable int window_entries_ = 0;
  mutable int64_t omitted_ = 0;
};

}  // namespace chaperone::audit

#endif  // CHAPERONE_CONTROLPLANE_AUDIT_AUDIT_LOG_H_
