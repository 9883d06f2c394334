#include "controlplane/service/record_stream.h"

#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include "controlplane/model/keys.h"
#include "controlplane/service/guard.h"
#include "controlplane/sessions/intake.h"

namespace chaperone::service {

namespace {

constexpr std::string_view kMethod = "SidecarService.Record";
// Bytes of one stream that may be under way before it has to wait.
constexpr size_t kInFlightBytesMax = 8 << 20;

class RecordStream;

// What the intake tells, on its way to the reactor. Outlives that: the intake may hold it a moment longer than the call
// lasts.
class Listener final : public sessions::RecordListener, public std::enable_shared_from_this<Listener> {
 public:
  explicit Listener(RecordStream* stream) : stream_(stream) {}

  void OnDurable(const base::SpoolId& spool, uint64_t position) override;
  void OnFailure(const absl::Status& status) override { Close(status); }
  void OnRoom() override;

  // Hello has come: nothing more goes out about the spool before.
  void Leave();
  // The answer to hello: goes out before any position; then reading goes on.
  void Welcome(sessions::RecordIntake::Welcome welcome);
  // Null before the first welcome.
  std::shared_ptr<sessions::Spool> spool();
  // Reads on, now or once there is room again.
  void ReadOn(sessions::RecordIntake* intake);
  void Close(const absl::Status& status);
  void OnWritten(bool ok);
  void Detach();

 private:
  // All below: REQUIRES mutex_.
  void Resume();
  void WriteNext();
  void Finish(const absl::Status& status);

  std::mutex mutex_;
  RecordStream* stream_;
  std::shared_ptr<sessions::Spool> spool_;
  bool paused_ = false;
  bool writing_ = false;
  bool finished_ = false;
  // To finish with once the write under way is over.
  std::optional<absl::Status> closing_;
  std::optional<v1::RecordResponse> welcome_;
  std::optional<uint64_t> position_;
};

class RecordStream final : public RecordReactor {
 public:
  RecordStream(grpc::CallbackServerContext* context, Guard* guard, metrics::Metrics* metrics,
               sessions::RecordIntake* intake)
      : guard_(guard), metrics_(metrics), intake_(intake), listener_(std::make_shared<Listener>(this)) {
    metrics_->AddStreams("record", 1);
    auto call = guard_->Admit(*context, kMethod);
    if (!call.ok()) {
      call_ = guard_->Refused(*context, kMethod);
      listener_->Close(call.status());
      return;
    }
    call_ = *std::move(call);
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      return listener_->Close(absl::OkStatus());
    }
    if (request_.has_hello()) {
      listener_->Leave();
      // No read or write is under way until the answer, so the call may end and this be deleted meanwhile: only the
      // listener is captured.
      return intake_->Hello(call_.caller.name, request_.hello(), listener_,
                            [listener = listener_](absl::StatusOr<sessions::RecordIntake::Welcome> welcome) {
                              welcome.ok() ? listener->Welcome(*std::move(welcome)) : listener->Close(welcome.status());
                            });
    }
    const auto spool = listener_->spool();
    if (!request_.has_batch() || spool == nullptr) {
      return listener_->Close(base::InvalidArgument("the first message must be hello, and every later one a batch"));
    }
    const absl::Status status = spool->Submit(listener_.get(), std::move(*request_.mutable_batch()));
    if (!status.ok()) {
      return listener_->Close(status);
    }
    listener_->ReadOn(intake_);
  }

  void OnWriteDone(bool ok) override { listener_->OnWritten(ok); }
  void OnCancel() override { listener_->Close(absl::CancelledError("the stream was cancelled")); }

  void OnDone() override {
    listener_->Detach();
    metrics_->AddStreams("record", -1);
    guard_->Ended(call_, outcome_, std::chrono::steady_clock::now() - start_);
    delete this;
  }

  // For the listener, under its lock.
  void Read() {
    request_.Clear();
    StartRead(&request_);
  }
  void Write(v1::RecordResponse response) {
    response_ = std::move(response);
    StartWrite(&response_);
  }
  void End(const absl::Status& status) {
    outcome_ = status;
    Finish(ToGrpc(status));
  }

 private:
  Guard* const guard_;
  metrics::Metrics* const metrics_;
  sessions::RecordIntake* const intake_;
  const std::shared_ptr<Listener> listener_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  model::Call call_;
  absl::Status outcome_;
  v1::RecordRequest request_;
  v1::RecordResponse response_;
};

void Listener::OnDurable(const base::SpoolId& spool, uint64_t position) {
  const std::lock_guard lock(mutex_);
  // Late news of a spool that the stream has left must not be taken for the present one's.
  if (spool_ == nullptr || spool_->id() != spool) {
    return;
  }
  position_ = std::max(position_.value_or(0), position);
  WriteNext();
  Resume();
}

void Listener::OnRoom() {
  const std::lock_guard lock(mutex_);
  Resume();
}

void Listener::Leave() {
  const std::lock_guard lock(mutex_);
  spool_ = nullptr;
  position_.reset();
  paused_ = false;
}

void Listener::Welcome(sessions::RecordIntake::Welcome welcome) {
  const std::lock_guard lock(mutex_);
  if (stream_ == nullptr || finished_) {
    return;
  }
  spool_ = std::move(welcome.spool);
  welcome_ = std::move(welcome.response);
  WriteNext();
  stream_->Read();
}

std::shared_ptr<sessions::Spool> Listener::spool() {
  const std::lock_guard lock(mutex_);
  return spool_;
}

void Listener::ReadOn(sessions::RecordIntake* intake) {
  const std::lock_guard lock(mutex_);
  if (stream_ == nullptr || finished_) {
    return;
  }
  // First the mark, then the question: what lands in between finds the mark.
  paused_ = true;
  if (spool_->in_flight_bytes() <= kInFlightBytesMax && intake->HasRoom(weak_from_this())) {
    Resume();
  }
}

void Listener::Resume() {
  if (paused_ && stream_ != nullptr && !finished_) {
    paused_ = false;
    stream_->Read();
  }
}

void Listener::Close(const absl::Status& status) {
  const std::lock_guard lock(mutex_);
  Finish(status);
}

void Listener::Finish(const absl::Status& status) {
  if (finished_ || stream_ == nullptr) {
    return;
  }
  if (writing_) {
    // OnWritten finishes: a message under way would otherwise take the status with it.
    closing_ = closing_.value_or(status);
    return;
  }
  finished_ = true;
  stream_->End(status);
}

void Listener::OnWritten(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  if (closing_) {
    return Finish(*closing_);
  }
  if (!ok) {
    return Finish(base::Unavailable("the stream broke"));
  }
  WriteNext();
}

void Listener::WriteNext() {
  if (writing_ || finished_ || stream_ == nullptr) {
    return;
  }
  if (welcome_) {
    writing_ = true;
    stream_->Write(*std::exchange(welcome_, std::nullopt));
  } else if (position_) {
    writing_ = true;
    v1::RecordResponse response;
    response.set_position(*std::exchange(position_, std::nullopt));
    stream_->Write(std::move(response));
  }
}

void Listener::Detach() {
  std::shared_ptr<sessions::Spool> spool;
  {
    const std::lock_guard lock(mutex_);
    stream_ = nullptr;
    spool = std::exchange(spool_, nullptr);
  }
  if (spool != nullptr) {
    spool->Leave(this);
  }
}

}  // namespace

RecordReactor* NewRecordStream(grpc::CallbackServerContext* context, Guard* guard, metrics::Metrics* metrics,
                               sessions::RecordIntake* intake) {
  return new RecordStream(context, guard, metrics, intake);
}

}  // namespace chaperone::service
