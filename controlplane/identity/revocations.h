// Identities that may no longer act. Threading: every function may be called from any thread.
#ifndef CHAPERONE_CONTROLPLANE_IDENTITY_REVOCATIONS_H_
#define CHAPERONE_CONTROLPLANE_IDENTITY_REVOCATIONS_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/base/clock.h"
#include "chaperone/v1/revocation.pb.h"
#include "controlplane/audit/audit_log.h"
#include "controlplane/model/call.h"
#include "controlplane/model/proto_time.h"
#include "controlplane/store/store.h"

namespace chaperone::identity {

class Revocations {
 public:
  // Reads what is in force. REQUIRES: the pointers outlive the result. Errors: of the store.
  static absl::StatusOr<std::unique_ptr<Revocations>> Load(store::Store* store, const base::Clock* clock,
                                                           const audit::AuditLog* audit);

  // Called after each change, on the store's commit thread: must be quick. REQUIRES: set before any change.
  void OnChange(std::function<void()> listener) { listener_ = std::move(listener); }

  // Errors: InvalidArgument for a selector that matches everybody or a past expiry; ResourceExhausted at 10,000.
  absl::StatusOr<v1::Revocation> Add(const model::Call& call, const v1::RevokeRequest& request);
  // Errors: NotFound, InvalidArgument.
  absl::StatusOr<v1::Revocation> Lift(const model::Call& call, const v1::LiftRevocationRequest& request);

  // In force now, oldest first.
  std::vector<v1::Revocation> InForce() const;
  // When the next one runs out by itself.
  std::optional<model::WallTime> NextExpiry() const;
  // Deletes those that have run out. Errors: of the store.
  absl::Status ForgetExpired();

 private:
  Revocations(store::Store* store, const base::Clock* clock, const audit::AuditLog* audit)
      : store_(store), clock_(clock), audit_(audit) {}

  bool HasExpired(const v1::Revocation& revocation) const;

  store::Store* const store_;
  const base::Clock* const clock_;
  const audit::AuditLog* const audit_;
  std::function<void()> listener_;
  mutable std::mutex mutex_;
  // By id, that is by age.
  std::map<std::string, v1::Revocation, std::less<>> revocations_;
};

// "subject=x, human=y": what is set.
std::string Describe(const v1::RevocationSelector& selector);

}  // namespace chaperone::identity

#endif  // CHAPERONE_CONTROLPLANE_IDENTITY_REVOCATIONS_H_
