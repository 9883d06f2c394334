#include "controlplane/sessions/spool.h"

#include <utility>

#include "controlplane/model/keys.h"
#include "controlplane/model/proto_time.h"
#include "controlplane/sessions/chunk_check.h"
#include "stored/state.pb.h"

namespace chaperone::sessions {

namespace {

using store::Family;

constexpr int kChunksMax = 10000;

int64_t Milliseconds(const base::Clock& clock) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock.Wall().time_since_epoch()).count();
}

absl::Status TakenOver() { return base::Aborted("a newer stream of this sidecar took over"); }

}  // namespace

Spool::Spool(const SpoolContext& context, std::string sidecar, const base::SpoolId& id)
    : context_(context), sidecar_(std::move(sidecar)), id_(id), key_(model::SpoolKey(sidecar_, id)) {}

absl::Status Spool::Load() {
  const std::scoped_lock lock(submit_mutex_, mutex_);
  CHAPERONE_ASSIGN_OR_RETURN(spool_bytes_, context_.store->Get(Family::kSpools, key_));
  created_at_ms_ = Milliseconds(*context_.clock);
  if (spool_bytes_) {
    CHAPERONE_ASSIGN_OR_RETURN(const auto stored, model::Decode<stored::Spool>(*spool_bytes_, "spool"));
    accepted_position_ = durable_position_ = stored.position();
    created_at_ms_ = stored.created_at_ms();
  }
  store::ScanRange range = store::Prefix(Family::kSpoolSessions, key_);
  for (;;) {
    CHAPERONE_ASSIGN_OR_RETURN(const auto entries, context_.store->Scan(range));
    for (const store::Entry& entry : entries) {
      CHAPERONE_ASSIGN_OR_RETURN(const auto id, model::ParseIdBytes(std::string_view(entry.key).substr(key_.size())));
      const base::SessionId session(id);
      CHAPERONE_ASSIGN_OR_RETURN(const auto bytes, context_.store->Get(Family::kSessions, model::IdKey(session)));
      if (!bytes) {
        return base::DataLoss("{} is in the index of its spool and missing from the store", session.ToString());
      }
      CHAPERONE_ASSIGN_OR_RETURN(open_[session], model::Decode<v1::Session>(*bytes, "session"));
    }
    if (entries.empty()) {
      return absl::OkStatus();
    }
    range.begin = entries.back().key + '\0';
  }
}

bool Spool::Attach(std::shared_ptr<RecordListener> listener) {
  const RecordListener* const now = listener.get();
  std::shared_ptr<RecordListener> previous;
  bool in_flight;
  {
    const std::scoped_lock lock(submit_mutex_, mutex_);
    previous = std::exchange(listener_, std::move(listener));
    in_flight = in_flight_batches_ > 0;
  }
  if (previous != nullptr && previous.get() != now) {
    previous->OnFailure(TakenOver());
  }
  return in_flight;
}

absl::StatusOr<v1::RecordResponse> Spool::WhereToGoOn(const RecordListener* listener) const {
  const std::lock_guard lock(mutex_);
  if (!broken_.ok()) {
    return broken_;
  }
  if (listener != listener_.get()) {
    return TakenOver();
  }
  v1::RecordResponse response;
  response.set_position(accepted_position_);
  for (const auto& [id, session] : open_) {
    v1::OpenRecording* open = response.add_open();
    open->set_session_id(model::IdKey(id));
    open->set_next_record(session.recorded_records());
    open->set_chain_head(session.chain_head());
  }
  return response;
}

void Spool::Detach(const RecordListener* successor) {
  std::shared_ptr<RecordListener> listener;
  {
    const std::lock_guard lock(mutex_);
    listener = std::exchange(listener_, nullptr);
  }
  if (listener != nullptr && listener.get() != successor) {
    listener->OnFailure(TakenOver());
  }
}

void Spool::Leave(const RecordListener* listener) {
  const std::lock_guard lock(mutex_);
  if (listener_.get() == listener) {
    listener_ = nullptr;
  }
}

bool Spool::idle() const {
  const std::lock_guard lock(mutex_);
  return listener_ == nullptr && in_flight_batches_ == 0;
}

bool Spool::broken() const {
  const std::lock_guard lock(mutex_);
  return !broken_.ok();
}

size_t Spool::in_flight_bytes() const {
  const std::lock_guard lock(mutex_);
  return in_flight_bytes_;
}

absl::StatusOr<v1::Session> Spool::SessionFor(const base::SessionId& id, const Step& step) const {
  if (const auto at = step.sessions.find(id); at != step.sessions.end()) {
    return at->second;
  }
  if (const auto at = open_.find(id); at != open_.end()) {
    return at->second;
  }
  // New, or ended before this (a chunk behind the end, or a spool that was taken for dead).
  CHAPERONE_ASSIGN_OR_RETURN(const auto bytes, context_.store->Get(Family::kSessions, model::IdKey(id)));
  if (!bytes) {
    return NewSession(id, sidecar_);
  }
  CHAPERONE_ASSIGN_OR_RETURN(auto session, model::Decode<v1::Session>(*bytes, "session"));
  if (session.sidecar() != sidecar_) {
    return base::DataLoss("{} belongs to another sidecar", id.ToString());
  }
  return session;
}

absl::StatusOr<Spool::Step> Spool::Verify(v1::RecordBatch& batch, store::WriteBatch* changes) const {
  if (batch.chunks_size() > kChunksMax) {
    return base::InvalidArgument("a batch has {} chunks; at most {}", batch.chunks_size(), kChunksMax);
  }
  Step step;
  step.position = batch.position();
  for (v1::Chunk& chunk : *batch.mutable_chunks()) {
    CHAPERONE_ASSIGN_OR_RETURN(const auto id_bytes, model::ParseIdBytes(chunk.session_id()));
    const base::SessionId id(id_bytes);
    CHAPERONE_ASSIGN_OR_RETURN(v1::Session session, SessionFor(id, step));
    CHAPERONE_RETURN_IF_ERROR(base::Annotate(TakeChunk(id, chunk, &session), id.ToString()));
    step.records += chunk.records();
    step.bytes += chunk.payload().size();
    step.sessions[id] = std::move(session);
    changes->Put(Family::kChunks, model::ChunkKey(id, chunk.first_record()), model::Encode(chunk));
  }
  stored::Spool spool;
  spool.set_position(step.position);
  spool.set_created_at_ms(created_at_ms_);
  spool.set_updated_at_ms(Milliseconds(*context_.clock));
  step.spool_bytes = model::Encode(spool);
  changes->Require(Family::kSpools, key_, spool_bytes_);
  changes->Put(Family::kSpools, key_, step.spool_bytes);
  PutSessions(step, changes);
  return step;
}

void Spool::PutSessions(const Step& step, store::WriteBatch* changes) const {
  for (const auto& [id, session] : step.sessions) {
    const std::string key = model::IdKey(id);
    changes->Put(Family::kSessions, key, model::Encode(session));
    const bool was_open = open_.contains(id);
    const bool is_open = session.state() == v1::Session::LIVE;
    if (is_open && !was_open) {
      changes->Put(Family::kLiveSessions, key, "");
      changes->Put(Family::kSpoolSessions, model::SpoolSessionKey(sidecar_, id_, id), "");
    } else if (!is_open && was_open) {
      changes->Delete(Family::kLiveSessions, key);
      changes->Delete(Family::kSpoolSessions, model::SpoolSessionKey(sidecar_, id_, id));
    }
  }
}

void Spool::Accept(const Step& step) {
  const std::lock_guard lock(mutex_);
  ++in_flight_batches_;
  in_flight_bytes_ += step.bytes;
  spool_bytes_ = step.spool_bytes;
  accepted_position_ = step.position;
  for (const auto& [id, session] : step.sessions) {
    if (session.state() == v1::Session::LIVE) {
      open_[id] = session;
    } else {
      open_.erase(id);
    }
  }
}

absl::Status Spool::Submit(const RecordListener* from, v1::RecordBatch batch) {
  const auto arrived = std::chrono::steady_clock::now();
  const std::lock_guard submit_lock(submit_mutex_);
  std::shared_ptr<RecordListener> listener;
  uint64_t durable_position = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!broken_.ok()) {
      return broken_;
    }
    if (from != listener_.get()) {
      return TakenOver();
    }
    listener = listener_;
    durable_position = durable_position_;
  }
  if (batch.position() <= accepted_position_) {
    context_.metrics->CountIngestSkipped("duplicate");
    if (batch.position() <= durable_position) {
      listener->OnDurable(id_, durable_position);
    }
    return absl::OkStatus();
  }
  store::WriteBatch changes;
  auto step = Verify(batch, &changes);
  if (!step.ok()) {
    context_.metrics->CountIngestSkipped("refused");
    return step.status();
  }
  Accept(*step);
  context_.on_launched(step->bytes);
  // Queued under submit_mutex_: the order of commits is the order of positions.
  context_.store->CommitAsync(
      std::move(changes), [self = shared_from_this(), step = *std::move(step), arrived](const absl::Status& status) {
        self->OnCommitted(step, arrived, status);
      });
  return absl::OkStatus();
}

void Spool::OnCommitted(const Step& step, std::chrono::steady_clock::time_point arrived, const absl::Status& status) {
  std::shared_ptr<RecordListener> listener;
  {
    const std::lock_guard lock(mutex_);
    --in_flight_batches_;
    in_flight_bytes_ -= step.bytes;
    if (status.ok()) {
      durable_position_ = step.position;
    } else if (broken_.ok()) {
      broken_ = base::Unavailable("records could not be stored: {}", base::Message(status));
    }
    listener = status.ok() ? listener_ : std::exchange(listener_, nullptr);
  }
  context_.on_landed(step.bytes);
  if (status.ok()) {
    context_.metrics->CountIngest(step.records, step.bytes, std::chrono::steady_clock::now() - arrived);
    for (const auto& [id, session] : step.sessions) {
      context_.feed->Notify(id);
    }
  }
  if (listener != nullptr) {
    status.ok() ? listener->OnDurable(id_, step.position) : listener->OnFailure(broken_);
  }
}

}  // namespace chaperone::sessions
