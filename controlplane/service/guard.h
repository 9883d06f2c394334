// The gate of every handler: who calls (the client's certificate), may they (one table), what came of it (metrics, the
// audit log for refusals). A handler that does not pass here does not compile into a grpc::Status.
#ifndef CHAPERONE_CONTROLPLANE_SERVICE_GUARD_H_
#define CHAPERONE_CONTROLPLANE_SERVICE_GUARD_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <chrono>
#include <string_view>

#include "api/base/status.h"
#include "controlplane/audit/audit_log.h"
#include "controlplane/identity/certificate.h"
#include "controlplane/metrics/metrics.h"
#include "controlplane/model/call.h"

namespace chaperone::service {

// The codes are the same numbers; messages are cut to what a trailer holds.
grpc::Status ToGrpc(const absl::Status& status);

class Guard {
 public:
  // REQUIRES: the pointers outlive this.
  Guard(const audit::AuditLog* audit, metrics::Metrics* metrics) : audit_(audit), metrics_(metrics) {}

  // Errors: Unauthenticated without a usable certificate, PermissionDenied without the role. Thread-safe.
  absl::StatusOr<model::Call> Admit(const grpc::ServerContextBase& context, std::string_view method);

  // Counts a call that has ended and audits it if it was refused.
  void Ended(const model::Call& call, const absl::Status& status, std::chrono::nanoseconds took) const;

  // Runs a unary or server-streaming handler: `body` takes the Call and returns absl::Status.
  template <typename Body>
  grpc::Status Serve(const grpc::ServerContextBase& context, std::string_view method, Body body) {
    const auto start = std::chrono::steady_clock::now();
    absl::StatusOr<model::Call> call = Admit(context, method);
    const absl::Status status = call.ok() ? body(*call) : call.status();
    Ended(call.ok() ? *call : Refused(context, method), status, std::chrono::steady_clock::now() - start);
    return ToGrpc(status);
  }

  // Serve for a body that returns a StatusOr of the response.
  template <typename Response, typename Body>
  grpc::Status Answer(const grpc::ServerContextBase& context, std::string_view method, Response* response, Body body) {
    return Serve(context, method, [&](const model::Call& call) -> absl::Status {
      CHAPERONE_ASSIGN_OR_RETURN(*response, body(call));
      return absl::OkStatus();
    });
  }

  // What is known of a call that was not admitted.
  model::Call Refused(const grpc::ServerContextBase& context, std::string_view method);

 private:
  const audit::AuditLog* const audit_;
  metrics::Metrics* const metrics_;
  identity::CallerCache callers_;
};

// Long streams of operators, each of which keeps a thread: at most so many at once.
class StreamSlots {
 public:
  StreamSlots(int slots_max, metrics::Metrics* metrics) : slots_max_(slots_max), metrics_(metrics) {}

  class Slot {
   public:
    explicit Slot(StreamSlots* owner);
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot();
    // ResourceExhausted when all were taken.
    absl::Status status() const;

   private:
    StreamSlots* const owner_;
    const bool granted_;
  };

 private:
  const int slots_max_;
  metrics::Metrics* const metrics_;
  std::atomic<int> taken_ = 0;
};

}  // namespace chaperone::service

#endif  // CHAPERONE_CONTROLPLANE_SERVICE_GUARD_H_
