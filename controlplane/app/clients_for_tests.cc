#include "controlplane/app/clients_for_tests.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <fstream>
#include <future>
#include <set>
#include <sstream>
#include <utility>

namespace chaperone::app {

namespace {

constexpr std::chrono::seconds kPatience(20);

std::string Slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

std::shared_ptr<grpc::Channel> ChannelAs(const std::string& certificates, const std::string& name, uint16_t port) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = Slurp(certificates + "/ca.pem");
  if (!name.empty()) {
    options.pem_cert_chain = Slurp(certificates + "/" + name + ".pem");
    options.pem_private_key = Slurp(certificates + "/" + name + ".key");
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  // Each client of a test has a connection of its own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("localhost:" + std::to_string(port), grpc::SslCredentials(options), arguments);
}

std::unique_ptr<grpc::ClientContext> Context(std::chrono::seconds deadline) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + deadline);
  return context;
}

grpc::Status CallRaw(grpc::Channel* channel, const std::string& method) {
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(
      std::shared_ptr<grpc::ChannelInterface>(channel, [](grpc::ChannelInterface*) {}));
  const auto context = Context();
  const grpc::Slice nothing("");
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> outcome;
  stub.UnaryCall(context.get(), method, grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { outcome.set_value(std::move(status)); });
  return outcome.get_future().get();
}

SyncClient::SyncClient(const std::shared_ptr<grpc::Channel>& channel, const std::string& endpoint,
                       SyncBehaviour behaviour)
    : behaviour_(std::move(behaviour)), stub_(v1::SidecarService::NewStub(channel)) {
  stream_ = stub_->Sync(&context_);
  v1::SyncRequest hello;
  hello.mutable_hello()->set_endpoint(endpoint);
  hello.mutable_hello()->set_version("test");
  Send(hello);
  thread_ = std::thread([this] { Read(); });
}

SyncClient::~SyncClient() { Finish(); }

void SyncClient::Send(const v1::SyncRequest& message) {
  const std::lock_guard lock(write_mutex_);
  stream_->Write(message);
}

void SyncClient::Read() {
  v1::SyncResponse response;
  while (stream_->Read(&response)) {
    Take(response);
  }
  {
    const std::lock_guard lock(mutex_);
    ended = true;
  }
  changed_.notify_all();
}

void SyncClient::Take(const v1::SyncResponse& response) {
  v1::Snapshot snapshot;
  if (response.has_snapshot()) {
    snapshot.ParseFromString(response.snapshot().snapshot());
  }
  {
    const std::lock_guard lock(mutex_);
    if (response.has_snapshot()) {
      signed_snapshots.push_back(response.snapshot());
      snapshots.push_back(snapshot);
    } else if (response.has_approval()) {
      approvals.push_back(response.approval());
    } else if (response.has_kill()) {
      kills.push_back(response.kill());
    }
  }
  changed_.notify_all();
  if (response.has_snapshot() && !behaviour_.silent) {
    Acknowledge(response.snapshot(), snapshot);
  }
  if (response.has_kill() && !behaviour_.silent) {
    v1::SyncRequest closed;
    closed.mutable_sessions_closed()->set_cause(response.kill().order_id());
    for (const std::string& session : behaviour_.live_sessions) {
      if (session == response.kill().session_id()) {
        closed.mutable_sessions_closed()->add_session_ids(session);
      }
    }
    closed.mutable_sessions_closed()->mutable_closed_at()->set_seconds(77);
    Send(closed);
  }
}

void SyncClient::Acknowledge(const v1::SignedSnapshot& signed_snapshot, const v1::Snapshot& snapshot) {
  v1::SyncRequest answer;
  answer.mutable_acknowledgement()->set_version(snapshot.version());
  answer.mutable_acknowledgement()->set_nonce(signed_snapshot.nonce());
  answer.mutable_acknowledgement()->set_rejected_reason(behaviour_.reject);
  answer.mutable_acknowledgement()->set_policy_revision(snapshot.policy_revision());
  Send(answer);
  for (const v1::Revocation& revocation : snapshot.revocations()) {
    if (behaviour_.reject.empty() && answered_revocations_.insert(revocation.id()).second) {
      v1::SyncRequest closed;
      closed.mutable_sessions_closed()->set_cause("revocation:" + revocation.id());
      for (const std::string& session : behaviour_.live_sessions) {
        closed.mutable_sessions_closed()->add_session_ids(session);
      }
      Send(closed);
    }
  }
}

bool SyncClient::WaitFor(const std::function<bool()>& condition) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, condition);
}

grpc::Status SyncClient::Finish() {
  if (!finished_) {
    finished_ = true;
    {
      const std::lock_guard lock(write_mutex_);
      stream_->WritesDone();
    }
    thread_.join();
    status_ = stream_->Finish();
  }
  return status_;
}

RecordClient::RecordClient(const std::shared_ptr<grpc::Channel>& channel, const std::string& spool_id)
    : spool_id_(spool_id), stub_(v1::SidecarService::NewStub(channel)) {
  context_.set_deadline(std::chrono::system_clock::now() + 3 * kPatience);
  stream_ = stub_->Record(&context_);
}

bool RecordClient::Hello(v1::RecordResponse* response) {
  v1::RecordRequest request;
  request.mutable_hello()->set_spool_id(spool_id_);
  if (!stream_->Write(request) || !stream_->Read(response)) {
    return false;
  }
  durable_ = response->position();
  return true;
}

bool RecordClient::Send(const v1::RecordBatch& batch) {
  v1::RecordRequest request;
  *request.mutable_batch() = batch;
  return stream_->Write(request);
}

bool RecordClient::AwaitDurable(uint64_t position) {
  v1::RecordResponse response;
  while (durable_ < position) {
    if (!stream_->Read(&response)) {
      return false;
    }
    durable_ = response.position();
  }
  return true;
}

grpc::Status RecordClient::Finish() {
  stream_->WritesDone();
  v1::RecordResponse response;
  while (stream_->Read(&response)) {
  }
  return stream_->Finish();
}

}  // namespace chaperone::app
