#include <chrono>
#include <map>
#include <string>
#include <thread>

#include "chaperone/v1/policy.grpc.pb.h"
#include "controlplane/fleet/fleet.h"
#include "controlplane/policies/policies.h"
#include "controlplane/service/guard.h"
#include "controlplane/service/services.h"
#include "controlplane/simulation/simulator.h"

namespace chaperone::service {

namespace {

constexpr std::chrono::milliseconds kRolloutPause(20);

class PolicyService final : public v1::PolicyService::Service {
 public:
  PolicyService(Guard* guard, StreamSlots* slots, policies::Policies* policies, fleet::Fleet* fleet,
                simulation::Simulator* simulator)
      : guard_(guard), slots_(slots), policies_(policies), fleet_(fleet), simulator_(simulator) {}

  grpc::Status ApplyPolicies(grpc::ServerContext* context, const v1::ApplyPoliciesRequest* request,
                             v1::ApplyPoliciesResponse* response) override {
    return guard_->Answer(*context, "PolicyService.ApplyPolicies", response,
                          [&](const model::Call& call) { return policies_->Apply(call, *request); });
  }

  grpc::Status DeletePolicy(grpc::ServerContext* context, const v1::DeletePolicyRequest* request,
                            v1::ApplyPoliciesResponse* response) override {
    return guard_->Answer(*context, "PolicyService.DeletePolicy", response,
                          [&](const model::Call& call) { return policies_->Delete(call, *request); });
  }

  grpc::Status RollbackPolicies(grpc::ServerContext* context, const v1::RollbackPoliciesRequest* request,
                                v1::ApplyPoliciesResponse* response) override {
    return guard_->Answer(*context, "PolicyService.RollbackPolicies", response,
                          [&](const model::Call& call) { return policies_->Rollback(call, *request); });
  }

  grpc::Status GetPolicy(grpc::ServerContext* context, const v1::GetPolicyRequest* request,
                         v1::Policy* response) override {
    return guard_->Answer(
        *context, "PolicyService.GetPolicy", response, [&](const model::Call&) -> absl::StatusOr<v1::Policy> {
          CHAPERONE_ASSIGN_OR_RETURN(const auto bundle, policies_->At(request->revision()));
          const auto at = bundle->policies.find(request->name());
          if (at == bundle->policies.end()) {
            return base::NotFound("there is no policy \"{}\" in revision {}", request->name(), bundle->revision);
          }
          return at->second;
        });
  }

  grpc::Status ListPolicies(grpc::ServerContext* context, const v1::ListPoliciesRequest* request,
                            v1::ListPoliciesResponse* response) override {
    return guard_->Answer(*context, "PolicyService.ListPolicies", response,
                          [&](const model::Call&) -> absl::StatusOr<v1::ListPoliciesResponse> {
                            CHAPERONE_ASSIGN_OR_RETURN(const auto bundle, policies_->At(request->revision()));
                            v1::ListPoliciesResponse list;
                            list.set_revision(bundle->revision);
                            for (const auto& [name, policy] : bundle->policies) {
                              *list.add_policies() = policy;
                            }
                            return list;
                          });
  }

  grpc::Status ListPolicyRevisions(grpc::ServerContext* context, const v1::ListPolicyRevisionsRequest* request,
                                   v1::ListPolicyRevisionsResponse* response) override {
    return guard_->Answer(*context, "PolicyService.ListPolicyRevisions", response,
                          [&](const model::Call&) { return policies_->History(*request); });
  }

  grpc::Status LintPolicies(grpc::ServerContext* context, const v1::LintPoliciesRequest* request,
                            v1::LintPoliciesResponse* response) override {
    return guard_->Answer(*context, "PolicyService.LintPolicies", response,
                          [&](const model::Call&) { return policies_->Lint(*request); });
  }

  grpc::Status SimulatePolicy(grpc::ServerContext* context, const v1::SimulatePolicyRequest* request,
                              v1::SimulatePolicyResponse* response) override {
    return guard_->Answer(*context, "PolicyService.SimulatePolicy", response,
                          [&](const model::Call&) { return simulator_->Simulate(*request); });
  }

  grpc::Status ExplainMask(grpc::ServerContext* context, const v1::ExplainMaskRequest* request,
                           v1::ExplainMaskResponse* response) override {
    return guard_->Answer(*context, "PolicyService.ExplainMask", response,
                          [&](const model::Call&) { return simulator_->ExplainMask(*request); });
  }

  grpc::Status SuggestPolicy(grpc::ServerContext* context, const v1::SuggestPolicyRequest* request,
                             v1::SuggestPolicyResponse* response) override {
    return guard_->Answer(*context, "PolicyService.SuggestPolicy", response,
                          [&](const model::Call&) { return simulator_->Suggest(*request); });
  }

  grpc::Status WatchRollout(grpc::ServerContext* context, const v1::WatchRolloutRequest* request,
                            grpc::ServerWriter<v1::RolloutStatus>* writer) override {
    return guard_->Serve(*context, "PolicyService.WatchRollout", [&](const model::Call&) -> absl::Status {
      const StreamSlots::Slot slot(slots_);
      CHAPERONE_RETURN_IF_ERROR(slot.status());
      CHAPERONE_ASSIGN_OR_RETURN(const auto bundle, policies_->At(request->revision()));
      return Follow(*context, *bundle, writer);
    });
  }

 private:
  // Each sidecar's state, and then what changes of it, until none is pending.
  absl::Status Follow(const grpc::ServerContext& context, const policies::Bundle& bundle,
                      grpc::ServerWriter<v1::RolloutStatus>* writer) {
    std::map<std::string, v1::RolloutStatus::State> shown;
    for (;;) {
      const uint64_t seen = fleet_->generation();
      bool pending = false;
      for (const v1::RolloutStatus& status : fleet_->Rollout(bundle.revision, model::FromProto(bundle.created_at))) {
        pending = pending || status.state() == v1::RolloutStatus::PENDING;
        const auto [at, is_new] = shown.emplace(status.sidecar(), status.state());
        if ((is_new || at->second != status.state()) && !writer->Write(status)) {
          return absl::CancelledError("the caller has gone");
        }
        at->second = status.state();
      }
      if (!pending) {
        return absl::OkStatus();
      }
      if (context.IsCancelled()) {
        return absl::CancelledError("the caller has gone");
      }
      fleet_->WaitForChange(seen, std::chrono::milliseconds(500));
      // A thousand answers are a thousand changes: they are looked at together, or the looking would hold them up.
      std::this_thread::sleep_for(kRolloutPause);
    }
  }

  Guard* const guard_;
  StreamSlots* const slots_;
  policies::Policies* const policies_;
  fleet::Fleet* const fleet_;
  simulation::Simulator* const simulator_;
};

}  // namespace

std::shared_ptr<grpc::Service> NewPolicyService(Guard* guard, StreamSlots* slots, policies::Policies* policies,
                                                fleet::Fleet* fleet, simulation::Simulator* simulator) {
  return std::make_shared<PolicyService>(guard, slots, policies, fleet, simulator);
}

}  // namespace chaperone::service
