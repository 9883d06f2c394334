// Where records arrive: which spool each sidecar is sending, the end of sessions whose sidecar has died, and how much
// may be under way at once. Threading: every function may be called from any thread.
#ifndef CHAPERONE_CONTROLPLANE_SESSIONS_INTAKE_H_
#define CHAPERONE_CONTROLPLANE_SESSIONS_INTAKE_H_

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "controlplane/sessions/spool.h"

namespace chaperone::sessions {

struct IntakeLimits {
  // Of one sidecar in one run: one for each of its event loops.
  size_t spools_max = 256;
  // Bytes verified and not yet durable, over all sidecars.
  size_t in_flight_bytes_max = 64 << 20;
};

class RecordIntake {
 public:
  // REQUIRES: the pointers outlive the store's last commit.
  RecordIntake(store::Store* store, const base::Clock* clock, metrics::Metrics* metrics, RecordingFeed* feed,
               const IntakeLimits& limits = {});

  struct Welcome {
    std::shared_ptr<Spool> spool;
    // The first message down.
    v1::RecordResponse response;
  };

  // A sidecar starts to send a spool. Whatever stream sent that spool before fails with Aborted; the sidecar's sessions
  // in spools of earlier runs, and in older ones that are not the run's own, are marked ended ("sidecar_restarted"),
  // since it sends those first. `done` runs on any thread, perhaps before this returns; the listener may be told of
  // durable positions before that. Errors: InvalidArgument for a bad id; Unavailable or DataLoss of the store.
  void Hello(const std::string& sidecar, const v1::RecordHello& hello, std::shared_ptr<RecordListener> listener,
             std::function<void(absl::StatusOr<Welcome>)> done);

  // Whether a stream may read on. When not, OnRoom follows once there is room; it is called without any lock held.
  bool HasRoom(const std::weak_ptr<RecordListener>& listener);

 private:
  using HelloDone = std::function<void(absl::StatusOr<Welcome>)>;
  struct Sidecar {
    // Held over loading, so that two streams of one sidecar do not race.
    std::mutex mutex;
    // One for each event loop of the sidecar's run; those of earlier runs leave when a later one says hello.
    std::map<base::SpoolId, std::shared_ptr<Spool>> spools;
  };

  std::shared_ptr<Sidecar> SidecarOf(const std::string& name);
  struct Attached {
    std::shared_ptr<Spool> spool;
    bool in_flight = false;
  };
  // Finds or loads the spool and attaches the listener. Spools before `first` are not sent any more.
  absl::StatusOr<Attached> Attach(const std::string& sidecar, const base::SpoolId& id, const base::SpoolId& first,
                                  std::shared_ptr<RecordListener> listener);
  // Ends the sessions of spools before `id`; tries again while the summaries change under it.
  void EndOlderSessions(const std::string& sidecar, const base::SpoolId& id, int attempt,
                        std::function<void(const absl::Status&)> done);
  absl::StatusOr<store::WriteBatch> EndingOf(const std::string& sidecar, const base::SpoolId& id) const;
  void OnLanded(size_t bytes);

  SpoolContext context_;
  const IntakeLimits limits_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Sidecar>> sidecars_;
  std::atomic<size_t> in_flight_bytes_ = 0;
  std::deque<std::weak_ptr<RecordListener>> waiting_;
};

}  // namespace chaperone::sessions

#endif  // CHAPERONE_CONTROLPLANE_SESSIONS_INTAKE_H_
