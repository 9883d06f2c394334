#include "controlplane/service/sync_stream.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "chaperone/v1/sidecar.pb.h"
#include "controlplane/fleet/fleet.h"
#include "controlplane/service/guard.h"

namespace chaperone::service {

namespace {

constexpr std::string_view kMethod = "SidecarService.Sync";
constexpr size_t kQueuedMax = 10000;
constexpr size_t kQueuedBytesMax = 64 << 20;

// The frame without a copy: the slice keeps the snapshot alive.
grpc::ByteBuffer FrameOf(std::shared_ptr<const fleet::PublishedSnapshot> snapshot) {
  const std::string& frame = snapshot->frame;
  auto* owner = new std::shared_ptr<const fleet::PublishedSnapshot>(std::move(snapshot));
  const grpc::Slice slice(
      const_cast<char*>(frame.data()), frame.size(),
      [](void* user) { delete static_cast<std::shared_ptr<const fleet::PublishedSnapshot>*>(user); }, owner);
  return grpc::ByteBuffer(&slice, 1);
}

class SyncStream;

// The link outlives the reactor: the fleet may hold it a moment longer than the call lasts.
class Link final : public fleet::SidecarLink {
 public:
  explicit Link(SyncStream* stream) : stream_(stream) {}

  void SendSnapshot(std::shared_ptr<const fleet::PublishedSnapshot> snapshot) override;
  void Send(const v1::SyncResponse& message) override;
  void Close(const absl::Status& status) override;

  // gRPC's reactions.
  void OnWritten(bool ok);
  void Detach();

 private:
  void WriteNext();
  void Finish(const absl::Status& status);

  std::mutex mutex_;
  SyncStream* stream_;
  bool writing_ = false;
  bool finished_ = false;
  // To finish with once the write under way is over.
  std::optional<absl::Status> closing_;
  uint64_t sent_sequence_ = 0;
  std::shared_ptr<const fleet::PublishedSnapshot> snapshot_;
  std::deque<std::string> queue_;
  size_t queued_bytes_ = 0;
};

class SyncStream final : public SyncReactor {
 public:
  SyncStream(grpc::CallbackServerContext* context, Guard* guard, metrics::Metrics* metrics, fleet::Fleet* fleet)
      : context_(context), guard_(guard), metrics_(metrics), fleet_(fleet), link_(std::make_shared<Link>(this)) {
    metrics_->AddStreams("sync", 1);
    auto call = guard_->Admit(*context, kMethod);
    if (!call.ok()) {
      call_ = guard_->Refused(*context, kMethod);
      link_->Close(call.status());
      return;
    }
    call_ = *std::move(call);
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      return link_->Close(absl::OkStatus());
    }
    const absl::Status status = OnMessage();
    if (!status.ok()) {
      return link_->Close(status);
    }
    StartRead(&request_);
  }

  void OnWriteDone(bool ok) override { link_->OnWritten(ok); }
  void OnCancel() override { link_->Close(absl::CancelledError("the stream was cancelled")); }

  void OnDone() override {
    link_->Detach();
    fleet_->Disconnect(call_.caller.name, link_.get());
    metrics_->AddStreams("sync", -1);
    guard_->Ended(call_, outcome_, std::chrono::steady_clock::now() - start_);
    delete this;
  }

  // For the link, under its lock.
  void Write(grpc::ByteBuffer frame) {
    frame_ = std::move(frame);
    StartWrite(&frame_);
  }
  void End(const absl::Status& status) {
    outcome_ = status;
    Finish(ToGrpc(status));
  }
  void Cancel() { context_->TryCancel(); }

 private:
  absl::Status OnMessage() {
    v1::SyncRequest message;
    if (!grpc::SerializationTraits<v1::SyncRequest>::Deserialize(&request_, &message).ok()) {
      return base::InvalidArgument("a message of the stream does not decode");
    }
    if (connected_) {
      return fleet_->Receive(call_.caller.name, link_.get(), message);
    }
    if (!message.has_hello()) {
      return base::InvalidArgument("the first message must be hello");
    }
    connected_ = true;
    return fleet_->Connect(call_.caller.name, message.hello(), link_);
  }

  grpc::CallbackServerContext* const context_;
  Guard* const guard_;
  metrics::Metrics* const metrics_;
  fleet::Fleet* const fleet_;
  const std::shared_ptr<Link> link_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  model::Call call_;
  bool connected_ = false;
  absl::Status outcome_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer frame_;
};

void Link::SendSnapshot(std::shared_ptr<const fleet::PublishedSnapshot> snapshot) {
  const std::lock_guard lock(mutex_);
  if (snapshot->sequence <= sent_sequence_ || (snapshot_ != nullptr && snapshot->sequence <= snapshot_->sequence)) {
    return;
  }
  snapshot_ = std::move(snapshot);
  WriteNext();
}

void Link::Send(const v1::SyncResponse& message) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(message.SerializeAsString());
  queued_bytes_ += queue_.back().size();
  if (queue_.size() > kQueuedMax || queued_bytes_ > kQueuedBytesMax) {
    queue_.clear();
    // The write under way may never end.
    if (stream_ != nullptr && !finished_) {
      stream_->Cancel();
    }
    return Finish(
        base::ResourceExhausted("the sidecar does not read: {} bytes are waiting; connect again", queued_bytes_));
  }
  WriteNext();
}

void Link::Close(const absl::Status& status) {
  const std::lock_guard lock(mutex_);
  Finish(status);
}

void Link::Finish(const absl::Status& status) {
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

void Link::OnWritten(bool ok) {
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

void Link::WriteNext() {
  if (writing_ || finished_ || stream_ == nullptr) {
    return;
  }
  // State before orders: an order may concern what the state says.
  if (snapshot_ != nullptr) {
    writing_ = true;
    sent_sequence_ = snapshot_->sequence;
    stream_->Write(FrameOf(std::exchange(snapshot_, nullptr)));
  } else if (!queue_.empty()) {
    writing_ = true;
    queued_bytes_ -= queue_.front().size();
    const grpc::Slice slice(queue_.front());
    queue_.pop_front();
    stream_->Write(grpc::ByteBuffer(&slice, 1));
  }
}

void Link::Detach() {
  const std::lock_guard lock(mutex_);
  stream_ = nullptr;
}

}  // namespace

SyncReactor* NewSyncStream(grpc::CallbackServerContext* context, Guard* guard, metrics::Metrics* metrics,
                           fleet::Fleet* fleet) {
  return new SyncStream(context, guard, metrics, fleet);
}

}  // namespace chaperone::service
