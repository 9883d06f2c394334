#include "controlplane/sessions/intake.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "controlplane/model/keys.h"
#include "controlplane/model/proto_time.h"

namespace chaperone::sessions {

namespace {
using store::Family;
constexpr int kAttemptsMax = 5;
}  // namespace

RecordIntake::RecordIntake(store::Store* store, const base::Clock* clock, metrics::Metrics* metrics,
                           RecordingFeed* feed, const IntakeLimits& limits)
    : context_{store,
               clock,
               metrics,
               feed,
               [this](size_t bytes) { OnLanded(bytes); },
               [this](size_t bytes) { in_flight_bytes_ += bytes; }},
      limits_(limits) {}

std::shared_ptr<RecordIntake::Sidecar> RecordIntake::SidecarOf(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Sidecar>& sidecar = sidecars_[name];
  if (sidecar == nullptr) {
    sidecar = std::make_shared<Sidecar>();
  }
  return sidecar;
}

void RecordIntake::Hello(const std::string& sidecar, const v1::RecordHello& hello,
                         std::shared_ptr<RecordListener> listener, HelloDone done) {
  const auto bytes = model::ParseIdBytes(hello.spool_id());
  if (!bytes.ok()) {
    return done(base::Annotate(bytes.status(), "spool_id"));
  }
  const base::SpoolId id(*bytes);
  base::SpoolId first = id;
  if (!hello.first_of_run().empty()) {
    const auto first_bytes = model::ParseIdBytes(hello.first_of_run());
    if (!first_bytes.ok()) {
      return done(base::Annotate(first_bytes.status(), "first_of_run"));
    }
    first = std::min(id, base::SpoolId(*first_bytes));
  }
  // First the attachment, which silences the stream before; then the end of what older spools left open; then, when
  // nothing of this spool is in flight any more, the answer.
  const auto attached = Attach(sidecar, id, first, listener);
  if (!attached.ok()) {
    return done(attached.status());
  }
  auto answer = [spool = attached->spool, listener, done](const absl::Status& status) {
    if (!status.ok()) {
      return done(status);
    }
    auto response = spool->WhereToGoOn(listener.get());
    response.ok() ? done(Welcome{spool, *std::move(response)}) : done(response.status());
  };
  EndOlderSessions(sidecar, first, 0,
                   [this, in_flight = attached->in_flight, answer = std::move(answer)](const absl::Status& ended) {
                     if (ended.ok() && in_flight) {
                       // Behind them in the queue.
                       return context_.store->CommitAsync({}, answer);
                     }
                     answer(ended);
                   });
}

absl::StatusOr<RecordIntake::Attached> RecordIntake::Attach(const std::string& sidecar, const base::SpoolId& id,
                                                            const base::SpoolId& first,
                                                            std::shared_ptr<RecordListener> listener) {
  const std::shared_ptr<Sidecar> entry = SidecarOf(sidecar);
  const std::lock_guard lock(entry->mutex);
  for (auto older = entry->spools.begin(); older != entry->spools.end() && older->first < first;) {
    older->second->Detach(listener.get());
    older = entry->spools.erase(older);
  }
  std::erase_if(entry->spools, [&](const auto& other) { return other.first != id && other.second->idle(); });
  if (entry->spools.size() >= limits_.spools_max && !entry->spools.contains(id)) {
    return base::ResourceExhausted("sidecar {} sends {} spools at once; at most {}", sidecar, entry->spools.size(),
                                   limits_.spools_max);
  }
  std::shared_ptr<Spool>& spool = entry->spools[id];
  if (spool == nullptr || spool->broken()) {
    if (spool != nullptr) {
      spool->Detach(listener.get());
    }
    spool = std::make_shared<Spool>(context_, sidecar, id);
    if (const absl::Status status = spool->Load(); !status.ok()) {
      entry->spools.erase(id);
      return status;
    }
  }
  const bool in_flight = spool->Attach(std::move(listener));
  return Attached{spool, in_flight};
}

absl::StatusOr<store::WriteBatch> RecordIntake::EndingOf(const std::string& sidecar, const base::SpoolId& id) const {
  store::WriteBatch batch;
  store::ScanRange range;
  range.family = Family::kSpoolSessions;
  range.begin = sidecar + '\0';
  range.end = model::SpoolKey(sidecar, id);
  for (;;) {
    CHAPERONE_ASSIGN_OR_RETURN(const auto entries, context_.store->Scan(range));
    for (const store::Entry& entry : entries) {
      const std::string key = entry.key.substr(entry.key.size() - base::kIdBytes);
      CHAPERONE_ASSIGN_OR_RETURN(const auto bytes, context_.store->Get(Family::kSessions, key));
      if (bytes) {
        CHAPERONE_ASSIGN_OR_RETURN(auto session, model::Decode<v1::Session>(*bytes, "session"));
        session.set_state(v1::Session::ENDED);
        session.set_end_reason("sidecar_restarted");
        *session.mutable_ended_at() = model::ToProto(context_.clock->Wall());
        batch.RequireValue(Family::kSessions, key, *bytes);
        batch.Put(Family::kSessions, key, model::Encode(session));
      }
      batch.Delete(Family::kLiveSessions, key);
      batch.Delete(Family::kSpoolSessions, entry.key);
    }
    if (entries.empty()) {
      return batch;
    }
    range.begin = entries.back().key + '\0';
  }
}

void RecordIntake::EndOlderSessions(const std::string& sidecar, const base::SpoolId& id, int attempt,
                                    std::function<void(const absl::Status&)> done) {
  auto batch = EndingOf(sidecar, id);
  if (!batch.ok()) {
    return done(batch.status());
  }
  if (batch->changes().empty()) {
    return done(absl::OkStatus());
  }
  auto ended = batch->preconditions();
  context_.store->CommitAsync(*std::move(batch), [this, sidecar, id, attempt, ended = std::move(ended),
                                                  done = std::move(done)](const absl::Status& status) {
    if (absl::IsAborted(status) && attempt + 1 < kAttemptsMax) {
      return EndOlderSessions(sidecar, id, attempt + 1, done);
    }
    if (status.ok()) {
      for (const store::WriteBatch::Precondition& session : ended) {
        if (const auto bytes = model::ParseIdBytes(session.key); bytes.ok()) {
          context_.feed->Notify(base::SessionId(*bytes));
        }
      }
    }
    done(status);
  });
}

bool RecordIntake::HasRoom(const std::weak_ptr<RecordListener>& listener) {
  if (in_flight_bytes_ < limits_.in_flight_bytes_max) {
    return true;
  }
  const std::lock_guard lock(mutex_);
  // Again under the lock: what lands from here on finds the listener in the queue.
  if (in_flight_bytes_ < limits_.in_flight_bytes_max) {
    return true;
  }
  waiting_.push_back(listener);
  return false;
}

void RecordIntake::OnLanded(size_t bytes) {
  in_flight_bytes_ -= bytes;
  std::deque<std::weak_ptr<RecordListener>> woken;
  {
    const std::lock_guard lock(mutex_);
    if (in_flight_bytes_ < limits_.in_flight_bytes_max) {
      woken.swap(waiting_);
    }
  }
  for (const std::weak_ptr<RecordListener>& waiting : woken) {
    if (const auto listener = waiting.lock()) {
      listener->OnRoom();
    }
  }
}

}  // namespace chaperone::sessions
