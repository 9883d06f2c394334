// The gRPC channel to the control plane: mTLS, keepalive, reconnection with backoff. Shared by all clients in this
// folder.
#ifndef CHAPERONE_DATAPLANE_CONTROL_CHANNEL_H_
#define CHAPERONE_DATAPLANE_CONTROL_CHANNEL_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "api/base/status.h"

namespace grpc {
class Channel;
class Status;
}  // namespace grpc

namespace chaperone::control {

struct ChannelOptions {
  // host:port
  std::string address;
  // PEM files.
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

// Connects when it is first used. Errors: FailedPrecondition with the file that cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options);

// Waits until the channel is connected; says so in the log when it takes long. False when `stopping` becomes true. A
// stream that is started on a connected channel does not fail for want of anybody who drives the handshake.
bool AwaitConnected(grpc::Channel& channel, const std::string& address, const std::function<bool()>& stopping);

// The same code and message.
absl::Status FromGrpc(const grpc::Status& status);

// Waits between attempts to connect, longer each time up to a bound, with jitter, so that a fleet does not come back at
// once.
class Backoff {
 public:
  // False when the wait was ended by Stop.
  bool Wait();
  void Reset();
  void Stop();

 private:
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;
  std::chrono::milliseconds next_{200};
};

// The file's bytes. Errors: FailedPrecondition with the path.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace chaperone::control

#endif  // CHAPERONE_DATAPLANE_CONTROL_CHANNEL_H_
