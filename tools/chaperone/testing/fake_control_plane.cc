#include "tools/chaperone/testing/fake_control_plane.h"

#include <fmt/format.h>

namespace chaperone::testing {

// One object for each service; every method notes its request, then fails or answers as the test set it.
class FakeControlPlane::Services {
 public:
  explicit Services(FakeControlPlane& owner)
      : policy_(owner),
        approval_(owner),
        session_(owner),
        revocation_(owner),
        fleet_(owner),
        audit_(owner),
        identity_(owner) {}

  void Register(grpc::ServerBuilder* builder) {
    builder->RegisterService(&policy_);
    builder->RegisterService(&approval_);
    builder->RegisterService(&session_);
    builder->RegisterService(&revocation_);
    builder->RegisterService(&fleet_);
    builder->RegisterService(&audit_);
    builder->RegisterService(&identity_);
  }

 private:
  // Notes the request; the failure that the test set for the method, if any.
  static grpc::Status Note(FakeControlPlane& owner, const std::string& method,
                           const google::protobuf::Message& request) {
    const std::lock_guard lock(owner.mutex_);
    owner.requests_[method].push_back(request.ShortDebugString());
    const auto failure = owner.answers.failures.find(method);
    return failure == owner.answers.failures.end() ? grpc::Status::OK : failure->second;
  }

  template <typename Response>
  static grpc::Status Give(const grpc::Status& status, const Response& answer, Response* response) {
    if (status.ok()) {
      *response = answer;
    }
    return status;
  }

  // All messages, then the status.
  template <typename Response>
  static grpc::Status Send(const grpc::Status& status, const std::vector<Response>& answers,
                           grpc::ServerWriter<Response>* writer) {
    for (const Response& answer : answers) {
      writer->Write(answer);
    }
    return status;
  }

  class Policy final : public v1::PolicyService::Service {
   public:
    explicit Policy(FakeControlPlane& owner) : owner_(owner) {}
    grpc::Status ApplyPolicies(grpc::ServerContext*, const v1::ApplyPoliciesRequest* request,
                               v1::ApplyPoliciesResponse* response) override {
      return Give(Note(owner_, "ApplyPolicies", *request), owner_.answers.applied, response);
    }
    grpc::Status GetPolicy(grpc::ServerContext*, const v1::GetPolicyRequest* request, v1::Policy* response) override {
      return Give(Note(owner_, "GetPolicy", *request), owner_.answers.policy, response);
    }
    grpc::Status ListPolicies(grpc::ServerContext*, const v1::ListPoliciesRequest* request,
                              v1::ListPoliciesResponse* response) override {
      return Give(Note(owner_, "ListPolicies", *request), owner_.answers.policies[request->revision()], response);
    }
    grpc::Status DeletePolicy(grpc::ServerContext*, const v1::DeletePolicyRequest* request,
                              v1::ApplyPoliciesResponse* response) override {
      return Give(Note(owner_, "DeletePolicy", *request), owner_.answers.applied, response);
    }
    grpc::Status ListPolicyRevisions(grpc::ServerContext*, const v1::ListPolicyRevisionsRequest* request,
                                     v1::ListPolicyRevisionsResponse* response) override {
      return Give(Note(owner_, "ListPolicyRevisions", *request), owner_.answers.revisions, response);
    }
    grpc::Status RollbackPolicies(grpc::ServerContext*, const v1::RollbackPoliciesRequest* request,
                                  v1::ApplyPoliciesResponse* response) override {
      return Give(Note(owner_, "RollbackPolicies", *request), owner_.answers.applied, response);
    }
    grpc::Status WatchRollout(grpc::ServerContext*, const v1::WatchRolloutRequest* request,
                              grpc::ServerWriter<v1::RolloutStatus>* writer) override {
      return Send(Note(owner_, "WatchRollout", *request), owner_.answers.rollout, writer);
    }
    grpc::Status LintPolicies(grpc::ServerContext*, const v1::LintPoliciesRequest* request,
                              v1::LintPoliciesResponse* response) override {
      return Give(Note(owner_, "LintPolicies", *request), owner_.answers.lint, response);
    }
    grpc::Status SimulatePolicy(grpc::ServerContext*, const v1::SimulatePolicyRequest* request,
                                v1::SimulatePolicyResponse* response) override {
      return Give(Note(owner_, "SimulatePolicy", *request), owner_.answers.simulation, response);
    }
    grpc::Status ExplainMask(grpc::ServerContext*, const v1::ExplainMaskRequest* request,
                             v1::ExplainMaskResponse* response) override {
      return Give(Note(owner_, "ExplainMask", *request), owner_.answers.explanation, response);
    }
    grpc::Status SuggestPolicy(grpc::ServerContext*, const v1::SuggestPolicyRequest* request,
                               v1::SuggestPolicyResponse* response) override {
      return Give(Note(owner_, "SuggestPolicy", *request), owner_.answers.suggestion, response);
    }

   private:
    FakeControlPlane& owner_;
  };

  class Approval final : public v1::ApprovalService::Service {
   public:
    explicit Approval(FakeControlPlane& owner) : owner_(owner) {}
    grpc::Status ListApprovals(grpc::ServerContext*, const v1::ListApprovalsRequest* request,
                               v1::ListApprovalsResponse* response) override {
      return Give(Note(owner_, "ListApprovals", *request), owner_.answers.approvals, response);
    }
    grpc::Status GetApproval(grpc::ServerContext*, const v1::GetApprovalRequest* request,
                             v1::Approval* response) override {
      return Give(Note(owner_, "GetApproval", *request), owner_.answers.approval, response);
    }
    grpc::Status Approve(grpc::ServerContext*, const v1::DecideApprovalRequest* request,
                         v1::Approval* response) override {
      return Give(Note(owner_, "Approve", *request), owner_.answers.approval, response);
    }
    grpc::Status Reject(grpc::ServerContext*, const v1::DecideApprovalRequest* request,
                        v1::Approval* response) override {
      return Give(Note(owner_, "Reject", *request), owner_.answers.approval, response);
    }
    grpc::Status WatchApprovals(grpc::ServerContext*, const v1::WatchApprovalsRequest* request,
                                grpc::ServerWriter<v1::Approval>* writer) override {
      return Send(Note(owner_, "WatchApprovals", *request), owner_.answers.watched, writer);
    }

   private:
    FakeControlPlane& owner_;
  };

  class Session final : public v1::SessionService::Service {
   public:
    explicit Session(FakeControlPlane& owner) : owner_(owner) {}
    grpc::Status ListSessions(grpc::ServerContext*, const v1::ListSessionsRequest* request,
                              v1::ListSessionsResponse* response) override {
      return Give(Note(owner_, "ListSessions", *request), owner_.answers.sessions, response);
    }
    grpc::Status GetSession(grpc::ServerContext*, const v1::GetSessionRequest* request,
                            v1::Session* response) override {
      return Give(Note(owner_, "GetSession", *request), owner_.answers.session, response);
    }
    grpc::Status KillSession(grpc::ServerContext*, const v1::KillSessionRequest* request,
                             v1::KillSessionResponse* response) override {
      return Give(Note(owner_, "KillSession", *request), owner_.answers.killed, response);
    }
    grpc::Status ReadRecording(grpc::ServerContext*, const v1::ReadRecordingRequest* request,
                               grpc::ServerWriter<v1::ReadRecordingResponse>* writer) override {
      std::vector<v1::ReadRecordingResponse> responses;
      for (const v1::Chunk& chunk : owner_.answers.chunks) {
        *responses.emplace_back().mutable_chunk() = chunk;
      }
      return Send(Note(owner_, "ReadRecording", *request), responses, writer);
    }

   private:
    FakeControlPlane& owner_;
  };

  class Revocation final : public v1::RevocationService::Service {
   public:
    explicit Revocation(FakeControlPlane& owner) : owner_(owner) {}
    grpc::Status Revoke(grpc::ServerContext*, const v1::RevokeRequest* request, v1::RevokeResponse* response) override {
      return Give(Note(owner_, "Revoke", *request), owner_.answers.revoked, response);
    }
    grpc::Status ListRevocations(grpc::ServerContext*, const v1::ListRevocationsRequest* request,
                                 v1::ListRevocationsResponse* response) override {
      return Give(Note(owner_, "ListRevocations", *request), owner_.answers.revocations, response);
    }
    grpc::Status LiftRevocation(grpc::ServerContext*, const v1::LiftRevocationRequest* request,
                                v1::LiftRevocationResponse* response) override {
      return Give(Note(owner_, "LiftRevocation", *request), owner_.answers.lifted, response);
    }

   private:
    FakeControlPlane& owner_;
  };

  class Fleet final : public v1::FleetService::Service {
   public:
    explicit Fleet(FakeControlPlane& owner) : owner_(owner) {}
    grpc::Status ListSidecars(grpc::ServerContext*, const v1::ListSidecarsRequest* request,
                              v1::ListSidecarsResponse* response) override {
      return Give(Note(owner_, "ListSidecars", *request), owner_.answers.sidecars, response);
    }
    grpc::Status GetSidecar(grpc::ServerContext*, const v1::GetSidecarRequest* request,
                            v1::Sidecar* response) override {
      return Give(Note(owner_, "GetSidecar", *request), owner_.answers.sidecar, response);
    }

   private:
    FakeControlPlane& owner_;
  };

  class Audit final : public v1::AuditService::Service {
   public:
    explicit Audit(FakeControlPlane& owner) : owner_(owner) {}
    grpc::Status ListAuditEntries(grpc::ServerContext*, const v1::ListAuditEntriesRequest* request,
                                  v1::ListAuditEntriesResponse* response) override {
      return Give(Note(owner_, "ListAuditEntries", *request), owner_.answers.audit, response);
    }

   private:
    FakeControlPlane& owner_;
  };

  class Identity final : public v1::IdentityService::Service {
   public:
    explicit Identity(FakeControlPlane& owner) : owner_(owner) {}
    grpc::Status ListIssuers(grpc::ServerContext*, const v1::ListIssuersRequest* request,
                             v1::ListIssuersResponse* response) override {
      return Give(Note(owner_, "ListIssuers", *request), owner_.answers.issuers, response);
    }
    grpc::Status MintToken(grpc::ServerContext*, const v1::MintTokenRequest* request,
                           v1::MintTokenResponse* response) override {
      return Give(Note(owner_, "MintToken", *request), owner_.answers.minted, response);
    }
    grpc::Status WhoAmI(grpc::ServerContext*, const v1::WhoAmIRequest* request, v1::WhoAmIResponse* response) override {
      return Give(Note(owner_, "WhoAmI", *request), owner_.answers.caller, response);
    }

   private:
    FakeControlPlane& owner_;
  };

  Policy policy_;
  Approval approval_;
  Session session_;
  Revocation revocation_;
  Fleet fleet_;
  Audit audit_;
  Identity identity_;
};

FakeControlPlane::FakeControlPlane() { Start(nullptr, 0); }

FakeControlPlane::FakeControlPlane(const std::shared_ptr<grpc::ServerCredentials>& credentials, int port) {
  Start(credentials, port);
}

FakeControlPlane::~FakeControlPlane() { server_->Shutdown(); }

void FakeControlPlane::Start(const std::shared_ptr<grpc::ServerCredentials>& credentials, int port) {
  services_ = std::make_unique<Services>(*this);
  grpc::ServerBuilder builder;
  if (credentials != nullptr) {
    builder.AddListeningPort(fmt::format("127.0.0.1:{}", port), credentials, &port_);
  }
  services_->Register(&builder);
  server_ = builder.BuildAndStart();
}

std::shared_ptr<grpc::Channel> FakeControlPlane::Channel() {
  return server_->InProcessChannel(grpc::ChannelArguments());
}

std::string FakeControlPlane::Request(const std::string& method) const {
  const std::lock_guard lock(mutex_);
  const auto found = requests_.find(method);
  return found == requests_.end() ? "" : found->second.back();
}

int FakeControlPlane::Calls(const std::string& method) const {
  const std::lock_guard lock(mutex_);
  const auto found = requests_.find(method);
  return found == requests_.end() ? 0 : static_cast<int>(found->second.size());
}

}  // namespace chaperone::testing
