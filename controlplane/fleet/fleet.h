// The sidecars: who is connected, what each has in force, and the way to them. At most one live stream for each name;
// the newer one wins.
//
// Threading: every function may be called from any thread. Links are called without the fleet's lock.
#ifndef CHAPERONE_CONTROLPLANE_FLEET_FLEET_H_
#define CHAPERONE_CONTROLPLANE_FLEET_FLEET_H_

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/base/clock.h"
#include "chaperone/v1/fleet.pb.h"
#include "chaperone/v1/policy.pb.h"
#include "chaperone/v1/sidecar.pb.h"
#include "controlplane/fleet/snapshots.h"
#include "controlplane/metrics/metrics.h"
#include "controlplane/sessions/sessions.h"
#include "controlplane/store/store.h"

namespace chaperone::fleet {

// A sidecar's stream, as the fleet writes to it. Calls return at once; after Close they do nothing.
class SidecarLink {
 public:
  virtual ~SidecarLink() = default;
  // Takes the place of one that is still waiting to be written.
  virtual void SendSnapshot(std::shared_ptr<const PublishedSnapshot> snapshot) = 0;
  virtual void Send(const v1::SyncResponse& message) = 0;
  virtual void Close(const absl::Status& status) = 0;
};

struct Limits {
  size_t sidecars_max = 5000;
  size_t databases_max = 256;
  size_t catalog_bytes_max = 64 << 20;
};

class Fleet final : public sessions::KillSwitch {
 public:
  // Reads the sidecars that were known before. REQUIRES: the pointers outlive the result. Errors: of the store.
  static absl::StatusOr<std::unique_ptr<Fleet>> Load(store::Store* store, const base::Clock* clock,
                                                     metrics::Metrics* metrics, const Limits& limits = {});

  // The decisions that a sidecar may have missed. REQUIRES: set before the first Connect.
  void SetDecisionsSource(std::function<std::vector<v1::Approval>(const std::string& sidecar)> source) {
    decisions_ = std::move(source);
  }

  // --- For streams.

  // A sidecar has said hello: it gets the newest snapshot, and the stream it had before is closed. Errors:
  // InvalidArgument for a bad hello; ResourceExhausted past the limit.
  absl::Status Connect(const std::string& name, const v1::Hello& hello, std::shared_ptr<SidecarLink> link);
  // A later message. Errors: InvalidArgument, for which the stream must end; messages of a replaced stream are ignored.
  absl::Status Receive(const std::string& name, const SidecarLink* link, const v1::SyncRequest& message);
  void Disconnect(const std::string& name, const SidecarLink* link);

  // --- For the rest of the control plane.

  // To every connected sidecar.
  void Push(std::shared_ptr<const PublishedSnapshot> snapshot);
  // To one, if it is connected.
  void PushApproval(const std::string& sidecar, const v1::Approval& approval);

  absl::StatusOr<v1::SessionsClosed> Kill(const std::string& sidecar, const v1::KillOrder& order,
                                          std::chrono::milliseconds timeout) override;

  struct RevocationProgress {
    int sidecars = 0;
    int confirmed = 0;
    int sessions_ended = 0;
  };
  // Waits until every connected sidecar has answered the snapshot and reported what it closed (or kept silent about
  // that for half a second), or `timeout` is over.
  RevocationProgress AwaitRevocation(const std::string& revocation_id, uint64_t snapshot_version,
                                     std::chrono::milliseconds timeout);

  // How far each connected sidecar has come with a revision that was made at `committed_at`, by name.
  std::vector<v1::RolloutStatus> Rollout(uint64_t revision, model::WallTime committed_at) const;
  // Counts changes that Rollout may show.
  uint64_t generation() const;
  // Returns when generation() is no longer `seen`, or after `timeout`.
  void WaitForChange(uint64_t seen, std::chrono::milliseconds timeout) const;

  // All known, by name, with catalogs by name and version only.
  v1::ListSidecarsResponse List() const;
  // One, with the relations of its databases. Errors: NotFound.
  absl::StatusOr<v1::Sidecar> Get(const std::string& name) const;
  // The catalog of "<endpoint>/<database>" as a sidecar reported it. When none has, a connected sidecar of that
  // endpoint is asked to read it now, and waited for. Errors: NotFound for an unknown endpoint, or a database that its
  // sidecar cannot read, with the reason; FailedPrecondition when nobody is connected who could, or did within
  // `timeout`.
  struct KnownCatalog {
    std::shared_ptr<const v1::DatabaseCatalog> catalog;
    std::string sidecar;
    // The sidecar's.
    std::map<std::string, std::string> labels;
  };
  absl::StatusOr<KnownCatalog> AwaitCatalog(const std::string& endpoint, const std::string& database,
                                            std::chrono::milliseconds timeout);
  struct Catalogued {
    std::string endpoint;
    std::shared_ptr<const v1::DatabaseCatalog> catalog;
  };
  // Every catalog that a connected sidecar has read.
  std::vector<Catalogued> Catalogs() const;

 private:
  struct Answer {
    uint64_t policy_revision = 0;
    model::WallTime at;
  };
  struct Entry {
    v1::Sidecar info;
    std::shared_ptr<SidecarLink> link;
    std::map<std::string, std::shared_ptr<const v1::DatabaseCatalog>> catalogs;
    // Databases by the time of their report, the oldest first.
    std::deque<std::string> catalog_ages;
    size_t catalog_bytes = 0;
    // Why a database that was asked for cannot be read; only while somebody waits.
    std::map<std::string, std::string> unreadable;
    int catalog_waiters = 0;
    // The newest snapshot answered with yes, and with no.
    uint64_t accepted_version = 0;
    uint64_t rejected_version = 0;
    std::chrono::steady_clock::time_point answered_at;
    // When each revision was first in force, newest last.
    std::deque<Answer> accepted;
    Answer rejected;
  };
  struct PendingKill {
    std::string sidecar;
    std::optional<absl::StatusOr<v1::SessionsClosed>> answer;
  };

  Fleet(store::Store* store, const base::Clock* clock, metrics::Metrics* metrics, const Limits& limits)
      : store_(store), clock_(clock), metrics_(metrics), limits_(limits) {}

  absl::Status OnAcknowledgement(Entry& entry, const v1::Acknowledgement& answer);
  void OnReport(Entry& entry, const v1::Report& report);
  void OnSessionsClosed(const std::string& name, const v1::SessionsClosed& closed);
  absl::Status OnCatalog(Entry& entry, const v1::DatabaseCatalog& catalog);
  void OnCatalogUnavailable(Entry& entry, const v1::CatalogUnavailable& unavailable);
  static void ForgetCatalog(Entry& entry, const std::string& database);
  // The sidecar of an endpoint that knows the database, or else one that can be asked. REQUIRES: mutex_.
  absl::StatusOr<Entry*> SidecarFor(const std::string& endpoint, const std::string& database);
  void Touch(Entry& entry);
  void Save(const v1::Sidecar& info);
  v1::Sidecar Describe(const Entry& entry, bool with_relations) const;
  void Changed();

  store::Store* const store_;
  const base::Clock* const clock_;
  metrics::Metrics* const metrics_;
  const Limits limits_;
  std::function<std::vector<v1::Approval>(const std::string&)> decisions_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  uint64_t generation_ = 0;
  std::map<std::string, Entry> sidecars_;
  std::shared_ptr<const PublishedSnapshot> snapshot_;
  // Of the newest publications: version to policy revision.
  std::map<uint64_t, uint64_t> revision_of_version_;
  std::map<std::string, PendingKill> kills_;
  // By "revocation:<id>": what each sidecar closed. Bounded; ids sort by age.
  std::map<std::string, std::map<std::string, int>> closed_by_cause_;
};

}  // namespace chaperone::fleet

#endif  // CHAPERONE_CONTROLPLANE_FLEET_FLEET_H_
