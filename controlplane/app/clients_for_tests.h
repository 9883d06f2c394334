// Operators and sidecars over real mTLS channels, for tests of the whole control plane.
#ifndef CHAPERONE_CONTROLPLANE_APP_CLIENTS_FOR_TESTS_H_
#define CHAPERONE_CONTROLPLANE_APP_CLIENTS_FOR_TESTS_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "chaperone/v1/sidecar.grpc.pb.h"

namespace chaperone::app {

// A channel to 127.0.0.1:<port> as the identity whose <name>.pem and <name>.key lie in `certificates`; an empty name
// has no certificate at all.
std::shared_ptr<grpc::Channel> ChannelAs(const std::string& certificates, const std::string& name, uint16_t port);

// Calls `method` ("/package.Service/Method") with an empty message and returns what came of it.
grpc::Status CallRaw(grpc::Channel* channel, const std::string& method);

// A context with a deadline, so that a test that waits in vain fails.
std::unique_ptr<grpc::ClientContext> Context(std::chrono::seconds deadline = std::chrono::seconds(20));

// What a test's sidecar does by itself.
struct SyncBehaviour {
  // Empty: acknowledge. Otherwise the reason for refusing.
  std::string reject;
  // Do not answer snapshots or orders at all.
  bool silent = false;
  // The sessions that a kill order or a revocation ends.
  std::vector<std::string> live_sessions;
};

// A sidecar's Sync stream. Reads on a thread of its own; answers snapshots as told.
class SyncClient {
 public:
  SyncClient(const std::shared_ptr<grpc::Channel>& channel, const std::string& endpoint, SyncBehaviour behaviour = {});
  SyncClient(const SyncClient&) = delete;
  SyncClient& operator=(const SyncClient&) = delete;
  ~SyncClient();

  void Send(const v1::SyncRequest& message);
  // Waits until `condition` holds of what has come; false after 20 seconds.
  bool WaitFor(const std::function<bool()>& condition);
  // Ends the stream and returns its status.
  grpc::Status Finish();

  // What has come. Read inside WaitFor's condition, or after Finish.
  std::vector<v1::SignedSnapshot> signed_snapshots;
  std::vector<v1::Snapshot> snapshots;
  std::vector<v1::Approval> approvals;
  std::vector<v1::KillOrder> kills;
  bool ended = false;

 private:
  void Read();
  void Take(const v1::SyncResponse& response);
  void Acknowledge(const v1::SignedSnapshot& signed_snapshot, const v1::Snapshot& snapshot);

  const SyncBehaviour behaviour_;
  grpc::ClientContext context_;
  const std::unique_ptr<v1::SidecarService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SyncRequest, v1::SyncResponse>> stream_;
  std::mutex write_mutex_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> answered_revocations_;
  bool finished_ = false;
  grpc::Status status_;
  std::thread thread_;
};

// A sidecar's Record stream, call by call.
class RecordClient {
 public:
  RecordClient(const std::shared_ptr<grpc::Channel>& channel, const std::string& spool_id);

  // The first message down. False when the stream broke.
  bool Hello(v1::RecordResponse* response);
  bool Send(const v1::RecordBatch& batch);
  // Waits until everything up to `position` is durable. False when the stream broke.
  bool AwaitDurable(uint64_t position);
  grpc::Status Finish();

 private:
  const std::string spool_id_;
  grpc::ClientContext context_;
  const std::unique_ptr<v1::SidecarService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::RecordRequest, v1::RecordResponse>> stream_;
  uint64_t durable_ = 0;
};

}  // namespace chaperone::app

#endif  // CHAPERONE_CONTROLPLANE_APP_CLIENTS_FOR_TESTS_H_
