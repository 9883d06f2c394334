// The policy bundle and its history: a set of documents under one revision number, changed as a whole,
// compare-and-swap.
//
// Threading: every function may be called from any thread.
#ifndef CHAPERONE_CONTROLPLANE_POLICIES_POLICIES_H_
#define CHAPERONE_CONTROLPLANE_POLICIES_POLICIES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/base/clock.h"
#include "chaperone/v1/policy.pb.h"
#include "controlplane/audit/audit_log.h"
#include "controlplane/model/call.h"
#include "controlplane/policies/checker.h"
#include "controlplane/store/store.h"

namespace chaperone::policies {

inline constexpr size_t kDocumentBytesMax = 1 << 20;
inline constexpr size_t kDocumentsMax = 1000;
// All documents of a bundle together: what a snapshot can carry.
inline constexpr size_t kBundleBytesMax = 16 << 20;
inline constexpr size_t kCommentBytesMax = 1024;

// One revision, whole. Immutable.
struct Bundle {
  uint64_t revision = 0;
  // When the revision was made; the epoch for revision 0, which is empty.
  google::protobuf::Timestamp created_at;
  // By name.
  std::map<std::string, v1::Policy, std::less<>> policies;
};

class Policies {
 public:
  // Reads the current bundle. REQUIRES: the pointers outlive the result. Errors: of the store.
  static absl::StatusOr<std::unique_ptr<Policies>> Open(store::Store* store, const base::Clock* clock,
                                                        const audit::AuditLog* audit, const BundleChecker* checker);

  // Called after each new revision, on the store's commit thread: must be quick. REQUIRES: set once, before any change.
  void OnChange(std::function<void()> listener) { listener_ = std::move(listener); }

  // The newest revision. Never null.
  std::shared_ptr<const Bundle> Current() const;

  // Any revision; 0 means the newest. Errors: NotFound.
  absl::StatusOr<std::shared_ptr<const Bundle>> At(uint64_t revision) const;

  // Checks the documents together with the rest of the bundle and makes them a new revision; nothing happens for a dry
  // run or when no text differs. Errors: InvalidArgument with line and key, or with the linter's errors; Aborted when
  // expected_revision is not the newest.
  absl::StatusOr<v1::ApplyPoliciesResponse> Apply(const model::Call& call, const v1::ApplyPoliciesRequest& request);
  // Errors: NotFound, Aborted.
  absl::StatusOr<v1::ApplyPoliciesResponse> Delete(const model::Call& call, const v1::DeletePolicyRequest& request);
  // Errors: NotFound, Aborted; InvalidArgument when the old bundle is no longer accepted.
  absl::StatusOr<v1::ApplyPoliciesResponse> Rollback(const model::Call& call,
                                                     const v1::RollbackPoliciesRequest& request);
  // What the linter says of the documents as they would stand in the bundle; what cannot be read or compiled is a
  // finding of severity ERROR.
  absl::StatusOr<v1::LintPoliciesResponse> Lint(const v1::LintPoliciesRequest& request) const;
  // Newest first.
  absl::StatusOr<v1::ListPolicyRevisionsResponse> History(const v1::ListPolicyRevisionsRequest& request) const;

 private:
  // A bundle to be: name to text, and what to write about it.
  struct Draft {
    std::map<std::string, std::string, std::less<>> documents;
    std::vector<std::string> changes;
    std::string comment;
    std::string resource;
    uint64_t expected_revision = 0;
    bool dry_run = false;
  };
  using Edit = std::function<absl::StatusOr<Draft>(const Bundle& base)>;

  Policies(store::Store* store, const base::Clock* clock, const audit::AuditLog* audit, const BundleChecker* checker)
      : store_(store), clock_(clock), audit_(audit), checker_(checker) {}

  absl::StatusOr<std::shared_ptr<const Bundle>> Load(uint64_t revision) const;
  absl::StatusOr<v1::ApplyPoliciesResponse> Change(const model::Call& call, const Edit& edit);
  absl::Status CommitRevision(const model::Call& call, const Draft& draft, const Bundle& base);
  absl::StatusOr<std::map<std::string, std::string, std::less<>>> ReadDocuments(
      const google::protobuf::RepeatedPtrField<std::string>& texts) const;
  absl::StatusOr<std::vector<v1::PolicyFinding>> Check(const Draft& draft, uint64_t revision) const;

  store::Store* const store_;
  const base::Clock* const clock_;
  const audit::AuditLog* const audit_;
  const BundleChecker* const checker_;
  std::function<void()> listener_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Bundle> current_ = std::make_shared<const Bundle>();
};

}  // namespace chaperone::policies

#endif  // CHAPERONE_CONTROLPLANE_POLICIES_POLICIES_H_
