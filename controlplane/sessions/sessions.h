// Sessions and their recordings, as operators see them. Threading: every function may be called from any thread.
#ifndef CHAPERONE_CONTROLPLANE_SESSIONS_SESSIONS_H_
#define CHAPERONE_CONTROLPLANE_SESSIONS_SESSIONS_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

#include "api/base/clock.h"
#include "chaperone/v1/session.pb.h"
#include "chaperone/v1/sidecar.pb.h"
#include "controlplane/audit/audit_log.h"
#include "controlplane/model/call.h"
#include "controlplane/sessions/recording_feed.h"
#include "controlplane/store/store.h"

namespace chaperone::sessions {

// The way to the sidecars' streams, for kill orders.
class KillSwitch {
 public:
  virtual ~KillSwitch() = default;
  // Sends the order and waits for the sidecar's answer. Errors: NotFound when the sidecar is not connected; Unavailable
  // when it does not answer in time or its stream breaks.
  virtual absl::StatusOr<v1::SessionsClosed> Kill(const std::string& sidecar, const v1::KillOrder& order,
                                                  std::chrono::milliseconds timeout) = 0;
};

struct Limits {
  // Recordings followed at once.
  int followers_max = 128;
  std::chrono::milliseconds kill_timeout{10000};
};

class Sessions {
 public:
  // REQUIRES: the pointers outlive this.
  Sessions(store::Store* store, const base::Clock* clock, const audit::AuditLog* audit, RecordingFeed* feed,
           KillSwitch* kill_switch, const Limits& limits = {})
      : store_(store), clock_(clock), audit_(audit), feed_(feed), kill_switch_(kill_switch), limits_(limits) {}

  // Says whether whoever asked has gone; a long read then stops with Cancelled.
  using IsCancelled = std::function<bool()>;

  // Newest first. Errors: InvalidArgument, Cancelled.
  absl::StatusOr<v1::ListSessionsResponse> List(const v1::ListSessionsRequest& request,
                                                const IsCancelled& cancelled) const;
  // Errors: NotFound, InvalidArgument.
  absl::StatusOr<v1::Session> Get(std::string_view id) const;

  // Hands over every stored chunk in order; with `follow`, goes on until the session has ended. `take` returns false to
  // stop. The reading itself is audited before its first byte. Errors: NotFound; ResourceExhausted when too many follow
  // already; Cancelled.
  absl::Status ReadRecording(const model::Call& call, const v1::ReadRecordingRequest& request,
                             const IsCancelled& cancelled, const std::function<bool(v1::ReadRecordingResponse)>& take);

  // OK only once the sidecar says that the client's connection is closed. Errors: NotFound when no connected sidecar
  // has it; Unavailable when the sidecar did not confirm in time: the session may still live.
  absl::StatusOr<v1::KillSessionResponse> Kill(const model::Call& call, const v1::KillSessionRequest& request);

 private:
  // Sends what is stored from *next_record on. Returns false when `take` wants no more.
  absl::StatusOr<bool> SendStored(const base::SessionId& id, uint64_t* next_record, const IsCancelled& cancelled,
                                  const std::function<bool(v1::ReadRecordingResponse)>& take) const;

  store::Store* const store_;
  const base::Clock* const clock_;
  const audit::AuditLog* const audit_;
  RecordingFeed* const feed_;
  KillSwitch* const kill_switch_;
  const Limits limits_;
  std::atomic<int> followers_ = 0;
};

}  // namespace chaperone::sessions

#endif  // CHAPERONE_CONTROLPLANE_SESSIONS_SESSIONS_H_
