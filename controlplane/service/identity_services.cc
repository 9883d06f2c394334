// Identity, revocations, fleet and audit: small services, compiled together since the headers cost more than they do.
#include <algorithm>

#include "chaperone/v1/audit.grpc.pb.h"
#include "chaperone/v1/fleet.grpc.pb.h"
#include "chaperone/v1/identity.grpc.pb.h"
#include "chaperone/v1/revocation.grpc.pb.h"
#include "controlplane/fleet/fleet.h"
#include "controlplane/fleet/snapshots.h"
#include "controlplane/identity/dev_issuer.h"
#include "controlplane/identity/issuers.h"
#include "controlplane/identity/revocations.h"
#include "controlplane/service/guard.h"
#include "controlplane/service/services.h"

namespace chaperone::service {

namespace {

// How long Revoke waits for sidecars to confirm; an operator's own deadline may be shorter.
constexpr std::chrono::milliseconds kConfirmTimeout(5000);

class IdentityService final : public v1::IdentityService::Service {
 public:
  IdentityService(Guard* guard, const audit::AuditLog* audit, identity::Issuers* issuers,
                  identity::DevIssuer* dev_issuer)
      : guard_(guard), audit_(audit), issuers_(issuers), dev_issuer_(dev_issuer) {}

  grpc::Status ListIssuers(grpc::ServerContext* context, const v1::ListIssuersRequest*,
                           v1::ListIssuersResponse* response) override {
    return guard_->Serve(*context, "IdentityService.ListIssuers", [&](const model::Call&) {
      for (v1::Issuer& issuer : issuers_->All()) {
        *response->add_issuers() = std::move(issuer);
      }
      return absl::OkStatus();
    });
  }

  grpc::Status MintToken(grpc::ServerContext* context, const v1::MintTokenRequest* request,
                         v1::MintTokenResponse* response) override {
    return guard_->Answer(
        *context, "IdentityService.MintToken", response,
        [&](const model::Call& call) -> absl::StatusOr<v1::MintTokenResponse> {
          if (dev_issuer_ == nullptr) {
            return base::FailedPrecondition(
                "the development issuer is off; run the control plane with --dev, or get a token from your issuer");
          }
          CHAPERONE_ASSIGN_OR_RETURN(auto minted, dev_issuer_->Mint(*request));
          // After all checks and before the token leaves: what nobody wrote down is not handed out.
          CHAPERONE_RETURN_IF_ERROR(audit_->Write(call, {"token for " + request->subject(), "minted"}));
          return minted;
        });
  }

  grpc::Status WhoAmI(grpc::ServerContext* context, const v1::WhoAmIRequest*, v1::WhoAmIResponse* response) override {
    return guard_->Serve(*context, "IdentityService.WhoAmI", [&](const model::Call& call) {
      response->set_name(call.caller.name);
      for (std::string& role : call.caller.roles.Names()) {
        response->add_roles(std::move(role));
      }
      response->mutable_groups()->Assign(call.caller.groups.begin(), call.caller.groups.end());
      return absl::OkStatus();
    });
  }

 private:
  Guard* const guard_;
  const audit::AuditLog* const audit_;
  identity::Issuers* const issuers_;
  identity::DevIssuer* const dev_issuer_;
};

class RevocationService final : public v1::RevocationService::Service {
 public:
  RevocationService(Guard* guard, identity::Revocations* revocations, fleet::Snapshots* snapshots, fleet::Fleet* fleet)
      : guard_(guard), revocations_(revocations), snapshots_(snapshots), fleet_(fleet) {}

  grpc::Status Revoke(grpc::ServerContext* context, const v1::RevokeRequest* request,
                      v1::RevokeResponse* response) override {
    return guard_->Serve(*context, "RevocationService.Revoke", [&](const model::Call& call) -> absl::Status {
      CHAPERONE_ASSIGN_OR_RETURN(*response->mutable_revocation(), revocations_->Add(call, *request));
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(context->deadline() - std::chrono::system_clock::now());
      // A little before the caller gives up, so that it gets an answer.
      const auto timeout =
          std::clamp(left - std::chrono::milliseconds(200), std::chrono::milliseconds(0), kConfirmTimeout);
      const auto published = snapshots_->Flush(timeout);
      if (!published.ok()) {
        return base::Annotate(published.status(), response->revocation().id() + " is stored and not pushed yet");
      }
      const auto progress = fleet_->AwaitRevocation(response->revocation().id(), (*published)->version, timeout);
      response->set_sidecars(progress.sidecars);
      response->set_confirmed(progress.confirmed);
      response->set_sessions_ended(progress.sessions_ended);
      return absl::OkStatus();
    });
  }

  grpc::Status ListRevocations(grpc::ServerContext* context, const v1::ListRevocationsRequest*,
                               v1::ListRevocationsResponse* response) override {
    return guard_->Serve(*context, "RevocationService.ListRevocations", [&](const model::Call&) {
      for (v1::Revocation& revocation : revocations_->InForce()) {
        *response->add_revocations() = std::move(revocation);
      }
      return absl::OkStatus();
    });
  }

  grpc::Status LiftRevocation(grpc::ServerContext* context, const v1::LiftRevocationRequest* request,
                              v1::LiftRevocationResponse* response) override {
    return guard_->Serve(*context, "RevocationService.LiftRevocation", [&](const model::Call& call) -> absl::Status {
      CHAPERONE_ASSIGN_OR_RETURN(*response->mutable_revocation(), revocations_->Lift(call, *request));
      return absl::OkStatus();
    });
  }

 private:
  Guard* const guard_;
  identity::Revocations* const revocations_;
  fleet::Snapshots* const snapshots_;
  fleet::Fleet* const fleet_;
};

class FleetService final : public v1::FleetService::Service {
 public:
  FleetService(Guard* guard, fleet::Fleet* fleet) : guard_(guard), fleet_(fleet) {}

  grpc::Status ListSidecars(grpc::ServerContext* context, const v1::ListSidecarsRequest*,
                            v1::ListSidecarsResponse* response) override {
    return guard_->Serve(*context, "FleetService.ListSidecars", [&](const model::Call&) {
      *response = fleet_->List();
      return absl::OkStatus();
    });
  }

  grpc::Status GetSidecar(grpc::ServerContext* context, const v1::GetSidecarRequest* request,
                          v1::Sidecar* response) override {
    return guard_->Answer(*context, "FleetService.GetSidecar", response,
                          [&](const model::Call&) { return fleet_->Get(request->name()); });
  }

 private:
  Guard* const guard_;
  fleet::Fleet* const fleet_;
};

class AuditService final : public v1::AuditService::Service {
 public:
  AuditService(Guard* guard, const audit::AuditLog* audit) : guard_(guard), audit_(audit) {}

  grpc::Status ListAuditEntries(grpc::ServerContext* context, const v1::ListAuditEntriesRequest* request,
                                v1::ListAuditEntriesResponse* response) override {
    return guard_->Answer(*context, "AuditService.ListAuditEntries", response,
                          [&](const model::Call&) { return audit_->List(*request); });
  }

 private:
  Guard* const guard_;
  const audit::AuditLog* const audit_;
};

}  // namespace

std::shared_ptr<grpc::Service> NewIdentityService(Guard* guard, const audit::AuditLog* audit,
                                                  identity::Issuers* issuers, identity::DevIssuer* dev_issuer) {
  return std::make_shared<IdentityService>(guard, audit, issuers, dev_issuer);
}

std::shared_ptr<grpc::Service> NewRevocationService(Guard* guard, identity::Revocations* revocations,
                                                    fleet::Snapshots* snapshots, fleet::Fleet* fleet) {
  return std::make_shared<RevocationService>(guard, revocations, snapshots, fleet);
}

std::shared_ptr<grpc::Service> NewFleetService(Guard* guard, fleet::Fleet* fleet) {
  return std::make_shared<FleetService>(guard, fleet);
}

std::shared_ptr<grpc::Service> NewAuditService(Guard* guard, const audit::AuditLog* audit) {
  return std::make_shared<AuditService>(guard, audit);
}

}  // namespace chaperone::service
