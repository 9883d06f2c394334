// One spool of one sidecar, as far as the control plane has taken it in. Batches are verified on the caller's thread
// and committed in the background, several in flight; each commit holds the batch's chunks, the sessions' summaries and
// the spool's position, and has the position before it as its precondition: nothing is stored twice, out of order, or
// by halves.
//
// Threading: every function may be called from any thread.
#ifndef CHAPERONE_CONTROLPLANE_SESSIONS_SPOOL_H_
#define CHAPERONE_CONTROLPLANE_SESSIONS_SPOOL_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/base/clock.h"
#include "api/base/id.h"
#include "chaperone/v1/sidecar.pb.h"
#include "controlplane/metrics/metrics.h"
#include "controlplane/sessions/recording_feed.h"
#include "controlplane/store/store.h"

namespace chaperone::sessions {

// A stream that a sidecar sends records on. Called from any thread, mostly the store's commit thread: must be quick,
// and must not call back into the spool.
class RecordListener {
 public:
  virtual ~RecordListener() = default;
  // Everything of this spool up to `position` is durable. May come late, for a spool that the stream has left.
  virtual void OnDurable(const base::SpoolId& spool, uint64_t position) = 0;
  // The stream must end with this status.
  virtual void OnFailure(const absl::Status& status) = 0;
  // Room again after RecordIntake::HasRoom said no.
  virtual void OnRoom() = 0;
};

struct SpoolContext {
  store::Store* store;
  const base::Clock* clock;
  metrics::Metrics* metrics;
  RecordingFeed* feed;
  // Called on the commit thread with the bytes of each batch that is no longer in flight.
  std::function<void(size_t bytes)> on_landed;
  // Called with the bytes of each batch that is put in flight.
  std::function<void(size_t bytes)> on_launched;
};

class Spool : public std::enable_shared_from_this<Spool> {
 public:
  // REQUIRES: what `context` points to outlives the store's last commit.
  Spool(const SpoolContext& context, std::string sidecar, const base::SpoolId& id);

  // Reads position and open sessions. REQUIRES: called once, first. Errors: of the store.
  absl::Status Load();

  // Makes `listener` the only one that may submit and that is told; the one before it fails with Aborted. Returns
  // whether batches of that one are still in flight.
  bool Attach(std::shared_ptr<RecordListener> listener);
  // The first message down: position and chains as they stand in the store. REQUIRES: nothing is in flight. Errors:
  // Unavailable when a commit has failed; Aborted when `listener` is no longer attached.
  absl::StatusOr<v1::RecordResponse> WhereToGoOn(const RecordListener* listener) const;
  // Nobody is told any more. The listener fails with Aborted unless it is `successor`, which goes on with another
  // spool.
  void Detach(const RecordListener* successor);

  // The listener's stream has ended; nothing happens unless it is the attached one.
  void Leave(const RecordListener* listener);
  // Nobody is attached and nothing is in flight: the object may be dropped and loaded again.
  bool idle() const;

  // Verifies a batch and queues it, or ignores it as a duplicate. Errors: DataLoss or InvalidArgument for a batch that
  // does not follow (the stream must end; the spool is as it was); Aborted when `from` is not attached; Unavailable
  // when an earlier commit failed.
  absl::Status Submit(const RecordListener* from, v1::RecordBatch batch);

  const base::SpoolId& id() const { return id_; }
  // A commit failed: what is in memory is ahead of the store, so this object is to be replaced by a freshly loaded one.
  bool broken() const;
  // Bytes submitted and not durable.
  size_t in_flight_bytes() const;

 private:
  // What a batch would change.
  struct Step {
    std::map<base::SessionId, v1::Session> sessions;
    std::string spool_bytes;
    uint64_t position = 0;
    uint64_t records = 0;
    uint64_t bytes = 0;
  };

  // All below: REQUIRES that submit_mutex_ is held, OnCommitted apart.
  absl::StatusOr<v1::Session> SessionFor(const base::SessionId& id, const Step& step) const;
  absl::StatusOr<Step> Verify(v1::RecordBatch& batch, store::WriteBatch* changes) const;
  void PutSessions(const Step& step, store::WriteBatch* changes) const;
  void Accept(const Step& step);
  void OnCommitted(const Step& step, std::chrono::steady_clock::time_point arrived, const absl::Status& status);

  const SpoolContext context_;
  const std::string sidecar_;
  const base::SpoolId id_;
  const std::string key_;

  // Puts submissions in order. Held while a batch is queued, which may block; so it is never taken on the commit
  // thread.
  mutable std::mutex submit_mutex_;
  // Taken after submit_mutex_ where both are, and only briefly.
  mutable std::mutex mutex_;

  // As the newest batch that was queued leaves it. Written under both mutexes, read under either.
  std::optional<std::string> spool_bytes_;
  int64_t created_at_ms_ = 0;
  uint64_t accepted_position_ = 0;
  std::map<base::SessionId, v1::Session> open_;

  // Guarded by mutex_.
  std::shared_ptr<RecordListener> listener_;
  uint64_t durable_position_ = 0;
  size_t in_flight_batches_ = 0;
  size_t in_flight_bytes_ = 0;
  absl::Status broken_;
};

}  // namespace chaperone::sessions

#endif  // CHAPERONE_CONTROLPLANE_SESSIONS_SPOOL_H_
