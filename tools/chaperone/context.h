// What a command works with: its connection to the control plane, the output it writes, and the world around it. The
// world is given, so that tests run commands in memory. Not thread-safe.
#ifndef CHAPERONE_TOOLS_CHAPERONE_CONTEXT_H_
#define CHAPERONE_TOOLS_CHAPERONE_CONTEXT_H_

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "api/base/clock.h"
#include "api/base/status.h"
#include "tools/chaperone/connection.h"

namespace chaperone::cli {

struct World {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  const base::Clock& clock;
  // The value of an environment variable.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<absl::StatusOr<std::shared_ptr<grpc::Channel>>(const ConnectionOptions&)> connect;
  std::function<void(std::chrono::milliseconds)> sleep;
  bool out_is_terminal = false;
};

enum class Output { kTable, kJson };

struct GlobalOptions {
  ConnectionOptions connection;
  Output output = Output::kTable;
  std::chrono::milliseconds timeout{10'000};
};

// The same status, from gRPC's type.
absl::Status FromGrpc(const grpc::Status& status);

class Context {
 public:
  Context(World& world, const GlobalOptions& options) : world_(world), options_(options) {}

  World& world() { return world_; }
  std::ostream& out() { return world_.out; }
  std::ostream& err() { return world_.err; }
  bool json() const { return options_.output == Output::kJson; }
  const std::string& address() const { return options_.connection.address; }
  std::chrono::milliseconds timeout() const { return options_.timeout; }

  // One call with the deadline of --timeout. Connects first if need be.
  // Errors: FailedPrecondition or NotFound for certificates that are missing, and what the server answers.
  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request) {
    CHAPERONE_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, Connect());
    typename Service::Stub stub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + options_.timeout);
    Response response;
    CHAPERONE_RETURN_IF_ERROR(FromGrpc((stub.*method)(&context, request, &response)));
    return response;
  }

  // A stream down, each message to `each` until it returns an error, which ends the call and is returned. `deadline`
  // bounds the whole call; none: until the server ends it.
  template <typename Service, typename Request, typename Response, typename Each>
  absl::Status Stream(std::unique_ptr<grpc::ClientReader<Response>> (Service::Stub::*method)(grpc::ClientContext*,
                                                                                             const Request&),
                      const Request& request, std::optional<std::chrono::milliseconds> deadline, Each each) {
    CHAPERONE_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, Connect());
    typename Service::Stub stub(channel);
    grpc::ClientContext context;
    if (deadline) {
      context.set_deadline(std::chrono::system_clock::now() + *deadline);
    }
    std::unique_ptr<grpc::ClientReader<Response>> reader = (stub.*method)(&context, request);
    Response response;
    absl::Status stopped;
    while (stopped.ok() && reader->Read(&response)) {
      stopped = each(response);
    }
    if (!stopped.ok()) {
      context.TryCancel();
      reader->Finish();
      return stopped;
    }
    return FromGrpc(reader->Finish());
  }

  // A message as indented JSON; as one line for streams. Field names as in the .proto files.
  void PrintJson(const google::protobuf::Message& message);
  void PrintJsonLine(const google::protobuf::Message& message);

 private:
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect();

  World& world_;
  GlobalOptions options_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_CONTEXT_H_
