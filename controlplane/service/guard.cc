#include "controlplane/service/guard.h"

#include <grpc/grpc_security_constants.h>

#include <string>
#include <vector>

#include "controlplane/identity/authorization.h"
#include "controlplane/model/page.h"

namespace chaperone::service {

namespace {

constexpr size_t kMessageBytesMax = 4000;

std::string_view CertificateOf(const grpc::ServerContextBase& context) {
  const auto authentication = context.auth_context();
  if (authentication == nullptr || !authentication->IsPeerAuthenticated()) {
    return {};
  }
  const std::vector<grpc::string_ref> certificates =
      authentication->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  // The views live as long as the connection's context, which the call holds.
  return certificates.empty() ? std::string_view() : std::string_view(certificates[0].data(), certificates[0].size());
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  return {static_cast<grpc::StatusCode>(status.code()), model::CutText(base::Message(status), kMessageBytesMax)};
}

model::Call Guard::Refused(const grpc::ServerContextBase& context, std::string_view method) {
  model::Call call;
  call.method = std::string(method);
  call.peer = context.peer();
  if (auto caller = callers_.Find(CertificateOf(context)); caller.ok()) {
    call.caller = *std::move(caller);
  }
  return call;
}

absl::StatusOr<model::Call> Guard::Admit(const grpc::ServerContextBase& context, std::string_view method) {
  model::Call call;
  call.method = std::string(method);
  call.peer = context.peer();
  CHAPERONE_ASSIGN_OR_RETURN(call.caller, callers_.Find(CertificateOf(context)));
  CHAPERONE_RETURN_IF_ERROR(identity::Authorize(call.caller, method));
  return call;
}

void Guard::Ended(const model::Call& call, const absl::Status& status, std::chrono::nanoseconds took) const {
  metrics_->CountRequest(call.method, absl::StatusCodeToString(status.code()), took);
  if (absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status)) {
    audit_->Refused(call, status);
  }
}

StreamSlots::Slot::Slot(StreamSlots* owner) : owner_(owner), granted_(++owner->taken_ <= owner->slots_max_) {
  owner_->metrics_->AddStreams("watch", 1);
}

StreamSlots::Slot::~Slot() {
  --owner_->taken_;
  owner_->metrics_->AddStreams("watch", -1);
}

absl::Status StreamSlots::Slot::status() const {
  return granted_ ? absl::OkStatus()
                  : base::ResourceExhausted("{} streams are open already, the most there may be; try again later",
                                            owner_->slots_max_);
}

}  // namespace chaperone::service
