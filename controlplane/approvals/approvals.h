// Approvals: opened by sidecars, voted on by people, used up exactly once.
//
//   PENDING --votes--> APPROVED --consume--> CONSUMED
//      |  \--one vote against--> REJECTED       every state change is one commit whose precondition is the state
//      \----time----> EXPIRED <----time---- APPROVED          it was read in, so two racing changes cannot both win.
//
// What is pending or approved is also held in memory, in step with the commits. Threading: every function may be called
// from any thread.
#ifndef CHAPERONE_CONTROLPLANE_APPROVALS_APPROVALS_H_
#define CHAPERONE_CONTROLPLANE_APPROVALS_APPROVALS_H_

#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/clock.h"
#include "chaperone/v1/approval.pb.h"
#include "chaperone/v1/sidecar.pb.h"
#include "controlplane/audit/audit_log.h"
#include "controlplane/metrics/metrics.h"
#include "controlplane/model/call.h"
#include "controlplane/store/store.h"

namespace chaperone::approvals {

struct Limits {
  // Pending or approved at once: in total, and of one agent (issuer and subject).
  size_t open_max = 10000;
  size_t open_of_agent_max = 50;
  // Of all that are open, as they are held in memory.
  size_t open_bytes_max = 256 << 20;
};

class Approvals {
 public:
  // Reads what is pending or approved. REQUIRES: the pointers outlive the result. Errors: of the store.
  static absl::StatusOr<std::unique_ptr<Approvals>> Load(store::Store* store, const base::Clock* clock,
                                                         const audit::AuditLog* audit, metrics::Metrics* metrics,
                                                         const Limits& limits = {});

  // For sidecars. Opens an approval, or returns the open one with the same digest and the same demand; one with another
  // demand (policy has changed meanwhile) expires and makes room. Errors: InvalidArgument; ResourceExhausted at a
  // limit.
  absl::StatusOr<v1::Approval> Open(const std::string& sidecar, const v1::OpenApprovalRequest& request);

  // For sidecars. OK exactly once for an approval. Errors: FailedPrecondition when it is not approved (any more) or the
  // digest differs; PermissionDenied for a sidecar that it was not opened by or returned to; NotFound.
  absl::StatusOr<v1::Approval> Consume(const std::string& sidecar, const v1::ConsumeApprovalRequest& request);

  // Adds a vote. Errors: PermissionDenied (vote.h), FailedPrecondition when no longer pending, NotFound.
  absl::StatusOr<v1::Approval> Vote(const model::Call& call, const v1::DecideApprovalRequest& request, bool approve);

  // As the clock says now: what is due but not swept yet shows as EXPIRED. Errors: NotFound, InvalidArgument.
  absl::StatusOr<v1::Approval> Get(std::string_view id) const;
  absl::StatusOr<v1::ListApprovalsResponse> List(const v1::ListApprovalsRequest& request) const;

  // Makes everything that is due EXPIRED. Called every second or so. Errors: of the store; what is due stays due.
  absl::Status ExpireDue();

  // A change of an approval, and the sidecars that wait for it. Runs on the store's commit thread, in order: must be
  // quick and must not call this object.
  using Listener = std::function<void(const v1::Approval&, const std::set<std::string>& sidecars)>;

  // Ends the subscription when destroyed; its listener does not run after that.
  class Subscription {
   public:
    Subscription(Approvals* owner, std::list<Listener>::iterator place) : owner_(owner), place_(place) {}
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    ~Subscription();

   private:
    Approvals* const owner_;
    const std::list<Listener>::iterator place_;
  };

  // Subscribes to every change from now on; `pending`, unless null, gets what is pending now, oldest first, with no
  // change between the two missing.
  std::unique_ptr<Subscription> Subscribe(Listener listener, std::vector<v1::Approval>* pending);

  // What a sidecar that has just connected may have missed: its approvals that were decided and not used, those that
  // can no longer be used with no more than the digest of their subject.
  std::vector<v1::Approval> DecidedFor(const std::string& sidecar) const;

 private:
  struct Entry {
    v1::Approval approval;
    // As stored; the precondition of the next change.
    std::string bytes;
    std::set<std::string> sidecars;
  };

  Approvals(store::Store* store, const base::Clock* clock, const audit::AuditLog* audit, metrics::Metrics* metrics,
            const Limits& limits)
      : store_(store), clock_(clock), audit_(audit), metrics_(metrics), limits_(limits) {}

  absl::Status CheckRoom(const v1::Principal& principal) const;
  // A copy of an open one. Errors: NotFound; FailedPrecondition when it is final.
  absl::StatusOr<Entry> FindOpen(std::string_view id) const;
  // Writes the next state of `before`. Errors: Aborted when another change was faster.
  absl::Status Commit(const Entry& before, v1::Approval after, store::WriteBatch batch);
  absl::Status Expire(const Entry& before);
  void Publish(const v1::Approval& approval, std::string bytes, bool state_changed);
  // Takes a final one out of what is open. REQUIRES: mutex_ is held.
  void Retire(Entry entry);
  bool IsDue(const v1::Approval& approval) const;

  store::Store* const store_;
  const base::Clock* const clock_;
  const audit::AuditLog* const audit_;
  metrics::Metrics* const metrics_;
  const Limits limits_;

  mutable std::mutex mutex_;
  // Pending and approved ones by id; ids sort by age.
  std::map<std::string, Entry, std::less<>> open_;
  std::map<std::string, std::string, std::less<>> id_by_digest_;
  size_t open_bytes_ = 0;
  // Final ones of the last minutes, without what was asked for, with the sidecars that waited.
  std::deque<Entry> recent_;
  std::list<Listener> listeners_;
};

}  // namespace chaperone::approvals

#endif  // CHAPERONE_CONTROLPLANE_APPROVALS_APPROVALS_H_
