#include "chaperone/v1/sidecar.grpc.pb.h"
#include "controlplane/approvals/approvals.h"
#include "controlplane/service/guard.h"
#include "controlplane/service/record_stream.h"
#include "controlplane/service/services.h"
#include "controlplane/service/sync_stream.h"

namespace chaperone::service {

namespace {

// The streams are callback methods: a thousand of them need no thousand threads. Sync takes raw bytes, so that one
// serialized snapshot serves all streams.
using SidecarServiceBase = v1::SidecarService::WithRawCallbackMethod_Sync<
    v1::SidecarService::WithCallbackMethod_Record<v1::SidecarService::Service>>;

class SidecarService final : public SidecarServiceBase {
 public:
  SidecarService(Guard* guard, metrics::Metrics* metrics, fleet::Fleet* fleet, approvals::Approvals* approvals,
                 sessions::RecordIntake* intake)
      : guard_(guard), metrics_(metrics), fleet_(fleet), approvals_(approvals), intake_(intake) {}

  SyncReactor* Sync(grpc::CallbackServerContext* context) override {
    return NewSyncStream(context, guard_, metrics_, fleet_);
  }

  RecordReactor* Record(grpc::CallbackServerContext* context) override {
    return NewRecordStream(context, guard_, metrics_, intake_);
  }

  grpc::Status OpenApproval(grpc::ServerContext* context, const v1::OpenApprovalRequest* request,
                            v1::Approval* response) override {
    return guard_->Answer(*context, "SidecarService.OpenApproval", response,
                          [&](const model::Call& call) { return approvals_->Open(call.caller.name, *request); });
  }

  grpc::Status ConsumeApproval(grpc::ServerContext* context, const v1::ConsumeApprovalRequest* request,
                               v1::Approval* response) override {
    return guard_->Answer(*context, "SidecarService.ConsumeApproval", response,
                          [&](const model::Call& call) { return approvals_->Consume(call.caller.name, *request); });
  }

 private:
  Guard* const guard_;
  metrics::Metrics* const metrics_;
  fleet::Fleet* const fleet_;
  approvals::Approvals* const approvals_;
  sessions::RecordIntake* const intake_;
};

}  // namespace

std::shared_ptr<grpc::Service> NewSidecarService(Guard* guard, metrics::Metrics* metrics, fleet::Fleet* fleet,
                                                 approvals::Approvals* approvals, sessions::RecordIntake* intake) {
  return std::make_shared<SidecarService>(guard, metrics, fleet, approvals, intake);
}

}  // namespace chaperone::service
