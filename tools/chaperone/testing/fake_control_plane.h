// A control plane for tests of the CLI: every operator service, with answers that the test sets and requests that it
// reads back. It checks nothing and stores nothing. Set answers before a call; read requests after it.
#ifndef CHAPERONE_TOOLS_CHAPERONE_TESTING_FAKE_CONTROL_PLANE_H_
#define CHAPERONE_TOOLS_CHAPERONE_TESTING_FAKE_CONTROL_PLANE_H_

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "chaperone/v1/approval.grpc.pb.h"
#include "chaperone/v1/audit.grpc.pb.h"
#include "chaperone/v1/fleet.grpc.pb.h"
#include "chaperone/v1/identity.grpc.pb.h"
#include "chaperone/v1/policy.grpc.pb.h"
#include "chaperone/v1/revocation.grpc.pb.h"
#include "chaperone/v1/session.grpc.pb.h"

namespace chaperone::testing {

// What the services answer.
struct Answers {
  // By method name ("GetPolicy"): fail with this status.
  std::map<std::string, grpc::Status> failures;
  v1::ApplyPoliciesResponse applied;
  std::vector<v1::RolloutStatus> rollout;
  // By revision; 0 is the current one.
  std::map<uint64_t, v1::ListPoliciesResponse> policies;
  v1::Policy policy;
  v1::ListPolicyRevisionsResponse revisions;
  v1::LintPoliciesResponse lint;
  v1::SimulatePolicyResponse simulation;
  v1::ExplainMaskResponse explanation;
  v1::SuggestPolicyResponse suggestion;
  v1::ListApprovalsResponse approvals;
  v1::Approval approval;
  std::vector<v1::Approval> watched;
  v1::ListSessionsResponse sessions;
  v1::Session session;
  std::vector<v1::Chunk> chunks;
  v1::KillSessionResponse killed;
  v1::RevokeResponse revoked;
  v1::ListRevocationsResponse revocations;
  v1::LiftRevocationResponse lifted;
  v1::ListSidecarsResponse sidecars;
  v1::Sidecar sidecar;
  v1::ListAuditEntriesResponse audit;
  v1::ListIssuersResponse issuers;
  v1::MintTokenResponse minted;
  v1::WhoAmIResponse caller;
};

class FakeControlPlane {
 public:
  // In memory, for Channel().
  FakeControlPlane();
  // On a TCP port of the loopback address, 0 for a free one.
  FakeControlPlane(const std::shared_ptr<grpc::ServerCredentials>& credentials, int port);
  ~FakeControlPlane();
  FakeControlPlane(const FakeControlPlane&) = delete;
  FakeControlPlane& operator=(const FakeControlPlane&) = delete;

  std::shared_ptr<grpc::Channel> Channel();
  int port() const { return port_; }

  Answers answers;

  // The last request of a method in protobuf's text form, on one line; empty when it was not called.
  std::string Request(const std::string& method) const;
  int Calls(const std::string& method) const;

 private:
  class Services;

  void Start(const std::shared_ptr<grpc::ServerCredentials>& credentials, int port);

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> requests_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace chaperone::testing

#endif  // CHAPERONE_TOOLS_CHAPERONE_TESTING_FAKE_CONTROL_PLANE_H_
