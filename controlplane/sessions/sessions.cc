#include "controlplane/sessions/sessions.h"

#include <utility>

#include "api/base/id.h"
#include "controlplane/model/keys.h"
#include "controlplane/model/page.h"
#include "controlplane/model/proto_time.h"

namespace chaperone::sessions {

namespace {

using store::Family;

constexpr size_t kScanBytes = 8 << 20;
constexpr std::chrono::milliseconds kFollowPoll(1000);
constexpr size_t kReasonBytesMax = 256;

absl::Status CancelledStatus() { return absl::CancelledError("the caller has gone"); }

bool Matches(const v1::Session& session, const v1::ListSessionsRequest& request) {
  return (request.subject().empty() || session.principal().subject() == request.subject()) &&
         (request.database().empty() || session.database() == request.database() ||
          session.endpoint() + "/" + session.database() == request.database()) &&
         (request.sidecar().empty() || session.sidecar() == request.sidecar());
}

}  // namespace

absl::StatusOr<v1::ListSessionsResponse> Sessions::List(const v1::ListSessionsRequest& request,
                                                        const IsCancelled& cancelled) const {
  CHAPERONE_ASSIGN_OR_RETURN(const int limit, model::PageLimit(request.limit()));
  CHAPERONE_ASSIGN_OR_RETURN(std::string before, model::PageEnd<base::SessionKind>(request.after()));
  v1::ListSessionsResponse response;
  const auto take = [&](const store::Entry& entry) -> absl::StatusOr<bool> {
    if (cancelled()) {
      return CancelledStatus();
    }
    std::optional<std::string> bytes = entry.value;
    if (request.live_only()) {
      CHAPERONE_ASSIGN_OR_RETURN(bytes, store_->Get(Family::kSessions, entry.key));
    }
    if (bytes) {
      CHAPERONE_ASSIGN_OR_RETURN(auto session, model::Decode<v1::Session>(*bytes, "session"));
      if (Matches(session, request)) {
        *response.add_sessions() = std::move(session);
      }
    }
    return response.sessions_size() < limit;
  };
  const Family family = request.live_only() ? Family::kLiveSessions : Family::kSessions;
  CHAPERONE_RETURN_IF_ERROR(model::ScanNewestFirst(*store_, family, std::move(before), take));
  return response;
}

absl::StatusOr<v1::Session> Sessions::Get(std::string_view id) const {
  CHAPERONE_ASSIGN_OR_RETURN(const auto parsed, base::SessionId::Parse(id));
  CHAPERONE_ASSIGN_OR_RETURN(const auto bytes, store_->Get(Family::kSessions, model::IdKey(parsed)));
  if (!bytes) {
    return base::NotFound("there is no session {}", id);
  }
  return model::Decode<v1::Session>(*bytes, "session");
}

absl::StatusOr<bool> Sessions::SendStored(const base::SessionId& id, uint64_t* next_record,
                                          const IsCancelled& cancelled,
                                          const std::function<bool(v1::ReadRecordingResponse)>& take) const {
  for (;;) {
    store::ScanRange range = store::Prefix(Family::kChunks, model::IdKey(id));
    range.begin = model::ChunkKey(id, *next_record);
    range.value_bytes_max = kScanBytes;
    CHAPERONE_ASSIGN_OR_RETURN(const auto entries, store_->Scan(range));
    if (entries.empty()) {
      return true;
    }
    for (const store::Entry& entry : entries) {
      if (cancelled()) {
        return CancelledStatus();
      }
      v1::ReadRecordingResponse response;
      CHAPERONE_ASSIGN_OR_RETURN(*response.mutable_chunk(), model::Decode<v1::Chunk>(entry.value, "chunk"));
      *next_record = response.chunk().first_record() + response.chunk().records();
      if (!take(std::move(response))) {
        return false;
      }
    }
  }
}

absl::Status Sessions::ReadRecording(const model::Call& call, const v1::ReadRecordingRequest& request,
                                     const IsCancelled& cancelled,
                                     const std::function<bool(v1::ReadRecordingResponse)>& take) {
  CHAPERONE_ASSIGN_OR_RETURN(v1::Session session, Get(request.id()));
  const base::SessionId id = *base::SessionId::Parse(request.id());
  CHAPERONE_RETURN_IF_ERROR(audit_->Write(call, {"session " + request.id(), request.follow() ? "follow" : "read"}));
  uint64_t next_record = 0;
  if (!request.follow()) {
    return SendStored(id, &next_record, cancelled, take).status();
  }
  if (++followers_ > limits_.followers_max) {
    --followers_;
    return base::ResourceExhausted("{} recordings are followed already; at most {} may be", limits_.followers_max,
                                   limits_.followers_max);
  }
  RecordingFeed::Follower follower(feed_, id);
  absl::Status status;
  for (;;) {
    // The state first, the chunks after it: what was stored before the end is not missed.
    const auto state = Get(request.id());
    const auto more = state.ok() ? SendStored(id, &next_record, cancelled, take) : state.status();
    status = more.status();
    if (!status.ok() || !*more || state->state() == v1::Session::ENDED) {
      break;
    }
    if (cancelled()) {
      status = CancelledStatus();
      break;
    }
    follower.Wait(kFollowPoll);
  }
  --followers_;
  return status;
}

absl::StatusOr<v1::KillSessionResponse> Sessions::Kill(const model::Call& call, const v1::KillSessionRequest& request) {
  if (request.reason().size() > kReasonBytesMax) {
    return base::InvalidArgument("the reason has {} bytes; at most {}", request.reason().size(), kReasonBytesMax);
  }
  CHAPERONE_ASSIGN_OR_RETURN(const v1::Session session, Get(request.id()));
  if (session.state() == v1::Session::ENDED) {
    return base::NotFound("{} has ended already ({})", request.id(), session.end_reason());
  }
  // The entry comes before the order: an order that nobody wrote down is not given.
  CHAPERONE_RETURN_IF_ERROR(audit_->Write(call, {"session " + request.id(), "kill: " + request.reason()}));
  v1::KillOrder order;
  order.set_order_id(base::AuditId::New(*clock_).ToString());
  order.set_session_id(request.id());
  order.set_reason(request.reason());
  CHAPERONE_ASSIGN_OR_RETURN(const v1::SessionsClosed closed,
                             kill_switch_->Kill(session.sidecar(), order, limits_.kill_timeout));
  if (closed.session_ids().empty()) {
    return base::NotFound("sidecar {} has no live session {}", session.sidecar(), request.id());
  }
  v1::KillSessionResponse response;
  *response.mutable_closed_at() = closed.has_closed_at() ? closed.closed_at() : model::ToProto(clock_->Wall());
  return response;
}

}  // namespace chaperone::sessions
