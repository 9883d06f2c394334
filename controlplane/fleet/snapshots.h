// The snapshot that every sidecar enforces: policies, issuers' keys, revocations and the masking key, under a version
// that only grows, signed. Built on a thread of its own whenever something in it changes; changes in quick succession
// share one.
//
// Threading: every function may be called from any thread.
#ifndef CHAPERONE_CONTROLPLANE_FLEET_SNAPSHOTS_H_
#define CHAPERONE_CONTROLPLANE_FLEET_SNAPSHOTS_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/base/clock.h"
#include "api/base/status.h"
#include "chaperone/v1/sidecar.pb.h"
#include "controlplane/metrics/metrics.h"
#include "controlplane/model/proto_time.h"
#include "controlplane/store/store.h"
#include "stored/state.pb.h"

namespace chaperone::fleet {

// A snapshot as it goes out. Immutable.
struct PublishedSnapshot {
  uint64_t version = 0;
  uint64_t policy_revision = 0;
  // Counts publications; the same version may go out again under another signature.
  uint64_t sequence = 0;
  std::string nonce;
  std::chrono::steady_clock::time_point published_at;
  // A serialized SyncResponse, made once for all streams.
  std::string frame;
};

// What this module asks of the others. Called on the building thread.
struct SnapshotInputs {
  struct PolicySet {
    uint64_t revision = 0;
    std::vector<v1::SnapshotPolicy> policies;
  };
  std::function<PolicySet()> policies;
  // Those with keys.
  std::function<std::vector<v1::Issuer>()> issuers;
  std::function<std::vector<v1::Revocation>()> revocations;
  // When the revocations change by themselves.
  std::function<std::optional<model::WallTime>()> next_expiry;
  // The signature over the bytes, and the certificate chain of the key that made it.
  struct Signature {
    std::string signature;
    std::string certificate_pem;
  };
  std::function<absl::StatusOr<Signature>(std::string_view bytes)> sign;
  // 32 bytes; empty: made once and kept in the store.
  std::string masking_key;
};

class Snapshots {
 public:
  // Reads the version reached and the masking key (made once). Call Start to begin building. REQUIRES: the pointers
  // outlive the result. Errors: of the store.
  static absl::StatusOr<std::unique_ptr<Snapshots>> Open(store::Store* store, const base::Clock* clock,
                                                         metrics::Metrics* metrics, SnapshotInputs inputs);
  ~Snapshots();
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  using Listener = std::function<void(std::shared_ptr<const PublishedSnapshot>)>;
  // Called with each new publication on the building thread. REQUIRES: set before Start.
  void OnPublish(Listener listener) { listener_ = std::move(listener); }
  void Start();

  // Something that goes into the snapshot has changed. Returns at once.
  void Changed();
  // The certificate has changed: the same content goes out again under a new signature.
  void SignAgain();

  // A publication that holds everything that had changed before this call; waits for it. Errors: Unavailable when it
  // cannot be built within `timeout`.
  absl::StatusOr<std::shared_ptr<const PublishedSnapshot>> Flush(std::chrono::milliseconds timeout);

  // The newest, or null before the first.
  std::shared_ptr<const PublishedSnapshot> Current() const;
  // OK, or why the newest content could not be published; for readiness.
  absl::Status Health() const;

 private:
  Snapshots(store::Store* store, const base::Clock* clock, metrics::Metrics* metrics, SnapshotInputs inputs)
      : store_(store), clock_(clock), metrics_(metrics), inputs_(std::move(inputs)) {}

  absl::Status Load();
  void Run();
  // Null when nothing differs from what was published last.
  absl::StatusOr<std::shared_ptr<const PublishedSnapshot>> Build(bool sign_again);
  absl::Status AdvanceVersion(const std::string& digest);
  void Publish(std::shared_ptr<const PublishedSnapshot> snapshot);

  store::Store* const store_;
  const base::Clock* const clock_;
  metrics::Metrics* const metrics_;
  const SnapshotInputs inputs_;
  Listener listener_;
  std::string masking_key_;
  // Of the building thread.
  stored::SnapshotVersion version_;
  std::string published_digest_;
  uint64_t sequence_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  uint64_t requested_ = 0;
  uint64_t built_ = 0;
  bool sign_again_ = false;
  bool stopping_ = false;
  absl::Status health_;
  std::shared_ptr<const PublishedSnapshot> current_;
  std::thread thread_;
};

}  // namespace chaperone::fleet

#endif  // CHAPERONE_CONTROLPLANE_FLEET_SNAPSHOTS_H_
