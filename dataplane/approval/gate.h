// Approvals as the pipeline sees them: asked for, waited for, used up. The port is implemented by dataplane/control
// over gRPC.
#ifndef CHAPERONE_DATAPLANE_APPROVAL_GATE_H_
#define CHAPERONE_DATAPLANE_APPROVAL_GATE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/base/status.h"
#include "api/policy/policy.h"

namespace chaperone::approval {

enum class State : uint8_t { kPending, kApproved, kRejected, kExpired, kConsumed };

struct Parameter {
  std::string value;
  bool is_null = false;
  bool truncated = false;
  uint32_t type_oid = 0;
};

struct BlastRadius {
  double estimated_rows = 0;
  std::string relation;
  // Why there is no estimate; empty when there is one.
  std::string unavailable;
};

// As chaperone.v1.OpenApprovalRequest.
struct Request {
  std::string digest;  // 32 bytes
  std::string token_id;
  policy::Principal principal;
  std::chrono::system_clock::time_point token_expires_at;
  std::string endpoint, database, role, session_id;
  std::string statement;
  std::vector<Parameter> parameters;
  std::vector<std::string> needs;
  std::vector<std::string> search_path;
  std::optional<BlastRadius> blast_radius;
  std::string policy, rule, reason;
  policy::ApprovalDemand demand;
};

struct Approval {
  std::string id;
  State state = State::kPending;
  // The last vote's comment and who cast it.
  std::string comment;
  std::string decided_by;
};

using Answer = std::function<void(absl::StatusOr<Approval>)>;

// Answers may come on any thread, once for each call. Errors: Unavailable when the control plane cannot be reached.
class Gate {
 public:
  virtual ~Gate() = default;
  // Opens an approval, or finds the one for the same digest that is pending or approved.
  virtual void Open(Request request, Answer answer) = 0;
  // Uses up an approved approval. OK exactly once for an approval; FailedPrecondition otherwise.
  virtual void Consume(std::string id, std::string digest, Answer answer) = 0;
};

}  // namespace chaperone::approval

#endif  // CHAPERONE_DATAPLANE_APPROVAL_GATE_H_
