// approval::Gate over gRPC. Answers come on gRPC's threads. Thread-safe.
#ifndef CHAPERONE_DATAPLANE_CONTROL_APPROVAL_CLIENT_H_
#define CHAPERONE_DATAPLANE_CONTROL_APPROVAL_CLIENT_H_

#include <memory>
#include <string>

#include "dataplane/approval/gate.h"

namespace grpc {
class Channel;
}
namespace chaperone::v1 {
class Approval;
}

namespace chaperone::control {

class ApprovalClient final : public approval::Gate {
 public:
  explicit ApprovalClient(std::shared_ptr<grpc::Channel> channel);
  ~ApprovalClient() override;

  void Open(approval::Request request, approval::Answer answer) override;
  void Consume(std::string id, std::string digest, approval::Answer answer) override;

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

approval::Approval DecodeApproval(const v1::Approval& message);

}  // namespace chaperone::control

#endif  // CHAPERONE_DATAPLANE_CONTROL_APPROVAL_CLIENT_H_
