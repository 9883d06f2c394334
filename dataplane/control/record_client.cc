#include "dataplane/control/record_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "chaperone/v1/sidecar.grpc.pb.h"

namespace chaperone::control {

using recorder::Spool;

struct RecordClient::Stream {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::RecordRequest, v1::RecordResponse>> rpc;
};

RecordClient::RecordClient(std::shared_ptr<grpc::Channel> channel, std::shared_ptr<Run> run,
                           std::vector<std::shared_ptr<Spool>> older, std::shared_ptr<Spool> live,
                           const Options& options)
    : channel_(std::move(channel)), run_(std::move(run)), options_(options), spools_(std::move(older)) {
  if (live->id() == run_->first_spool && spools_.empty()) {
    run_->older_sent = true;
  }
  spools_.push_back(std::move(live));
}

RecordClient::~RecordClient() { Stop(); }

void RecordClient::Start() { thread_ = std::thread(&RecordClient::Work, this); }

void RecordClient::Finish(std::chrono::milliseconds timeout) {
  {
    std::unique_lock lock(mutex_);
    finishing_ = true;
    wake_.notify_all();
    finished_.wait_for(lock, timeout, [this] { return done_; });
  }
  Stop();
}

void RecordClient::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (stream_ != nullptr) {
      stream_->context.TryCancel();
    }
  }
  backoff_.Stop();
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

uint64_t RecordClient::UnacknowledgedBytes() const {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& spool : spools_) {
    bytes += spool->UnacknowledgedBytes();
  }
  return bytes;
}

void RecordClient::Work() {
  for (;;) {
    Serve();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || spools_.empty()) {
        done_ = true;
        finished_.notify_all();
        return;
      }
    }
    if (!backoff_.Wait()) {
      return;
    }
  }
}

bool RecordClient::IsStopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void RecordClient::Serve() {
  if (!AwaitConnected(*channel_, options_.address, [this] { return IsStopping(); })) {
    return;
  }
  const auto stub = v1::SidecarService::NewStub(channel_);
  const auto stream = std::make_shared<Stream>();
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      return;
    }
    stream->rpc = stub->Record(&stream->context);
    stream_ = stream;
  }
  for (;;) {
    std::shared_ptr<Spool> spool;
    {
      const std::lock_guard lock(mutex_);
      if (spools_.empty()) {
        break;
      }
      spool = spools_.front();
    }
    const bool is_older = spool->id() < run_->first_spool;
    if (!is_older && !WaitForOlder()) {
      break;
    }
    if (!ServeSpool(*stream, *spool)) {
      break;
    }
    spool->Remove();
    const std::lock_guard lock(mutex_);
    spools_.erase(spools_.begin());
    if (is_older && !(spools_.front()->id() < run_->first_spool)) {
      run_->older_sent = true;
    }
  }
  {
    const std::lock_guard lock(mutex_);
    stream_ = nullptr;
  }
  stream->rpc->WritesDone();
  const grpc::Status status = stream->rpc->Finish();
  if (!status.ok() && status.error_code() != grpc::StatusCode::CANCELLED) {
    spdlog::warn("recording to the control plane was interrupted: {}", base::Describe(FromGrpc(status)));
  }
}

bool RecordClient::WaitForOlder() {
  while (!run_->older_sent) {
    if (!Linger()) {
      return false;
    }
  }
  return true;
}

bool RecordClient::Hello(Stream& stream, Spool& spool, uint64_t* position) {
  v1::RecordRequest request;
  request.mutable_hello()->set_spool_id(spool.id().bytes().data(), spool.id().bytes().size());
  const base::SpoolId& first = std::min(run_->first_spool, spool.id());
  request.mutable_hello()->set_first_of_run(first.bytes().data(), first.bytes().size());
  v1::RecordResponse response;
  if (!stream.rpc->Write(request) || !stream.rpc->Read(&response)) {
    return false;
  }
  if (response.position() < spool.acknowledged()) {
    spdlog::error("the control plane has lost records that it had acknowledged: it has {} bytes of a spool, not {}",
                  response.position(), spool.acknowledged());
  }
  *position = std::min(std::max(response.position(), spool.acknowledged()), spool.end());
  spool.Acknowledge(*position);
  chunker_.Reset();
  for (const v1::OpenRecording& open : response.open()) {
    base::IdBytes session{};
    recording::ChainValue chain{};
    if (open.session_id().size() != session.size() || open.chain_head().size() != chain.size()) {
      spdlog::error("the control plane's answer about open recordings does not decode");
      return false;
    }
    std::copy(open.session_id().begin(), open.session_id().end(), session.begin());
    std::copy(open.chain_head().begin(), open.chain_head().end(), chain.begin());
    chunker_.Resume(base::SessionId(session), open.next_record(), chain);
  }
  return true;
}

bool RecordClient::ServeSpool(Stream& stream, Spool& spool) {
  uint64_t position = 0;
  if (!Hello(stream, spool, &position)) {
    return false;
  }
  backoff_.Reset();
  while (!spool.Finished()) {
    SyncSpool(spool);
    if (position == spool.end()) {
      if (!Linger()) {
        return false;
      }
      continue;
    }
    if (!SendBatch(stream, spool, &position)) {
      return false;
    }
  }
  return true;
}

// One batch up, its acknowledgement down.
bool RecordClient::SendBatch(Stream& stream, Spool& spool, uint64_t* position) {
  uint64_t next = 0;
  spool.Read(*position, options_.batch_bytes, &frames_, &next);
  auto chunks = chunker_.Seal(frames_);
  if (!chunks.ok()) {
    spdlog::error("the spool holds something that is no record: {}", base::Message(chunks.status()));
    return false;
  }
  v1::RecordRequest request;
  v1::RecordBatch* const batch = request.mutable_batch();
  batch->set_position(next);
  for (recorder::SealedChunk& chunk : *chunks) {
    v1::Chunk* const message = batch->add_chunks();
    message->set_session_id(chunk.session.bytes().data(), chunk.session.bytes().size());
    message->set_first_record(chunk.first_record);
    message->set_records(chunk.records);
    message->set_payload(std::move(chunk.payload));
    message->set_chain_before(chunk.chain_before.data(), chunk.chain_before.size());
    message->set_chain_after(chunk.chain_after.data(), chunk.chain_after.size());
  }
  if (!stream.rpc->Write(request)) {
    return false;
  }
  v1::RecordResponse response;
  do {
    if (!stream.rpc->Read(&response)) {
      return false;
    }
  } while (response.position() < next);
  spool.Acknowledge(next);
  *position = next;
  return spool.end() - next >= options_.batch_bytes || Linger();
}

// Lets records gather, so that few large batches go up instead of many small ones. Without records to come there is
// nothing to wait for but what is late. False when it is time to stop.
bool RecordClient::Linger() {
  constexpr std::chrono::milliseconds kLast{10};
  std::unique_lock lock(mutex_);
  if (!finishing_) {
    wake_.wait_for(lock, options_.linger, [this] { return stopping_ || finishing_; });
  } else {
    wake_.wait_for(lock, kLast, [this] { return stopping_; });
  }
  return !stopping_;
}

void RecordClient::SyncSpool(Spool& spool) {
  const auto now = std::chrono::steady_clock::now();
  if (options_.sync_interval.count() > 0 && now - synced_at_ >= options_.sync_interval) {
    synced_at_ = now;
    spool.Sync();
  }
}

}  // namespace chaperone::control
