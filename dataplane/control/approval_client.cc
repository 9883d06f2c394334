#include "dataplane/control/approval_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <utility>

#include "chaperone/v1/sidecar.grpc.pb.h"
#include "dataplane/control/channel.h"

namespace chaperone::control {

namespace {

constexpr std::chrono::seconds kCallTimeout{10};

approval::State StateOf(v1::Approval::State state) {
  switch (state) {
    case v1::Approval::APPROVED:
      return approval::State::kApproved;
    case v1::Approval::REJECTED:
      return approval::State::kRejected;
    case v1::Approval::EXPIRED:
      return approval::State::kExpired;
    case v1::Approval::CONSUMED:
      return approval::State::kConsumed;
    default:
      return approval::State::kPending;
  }
}

void Encode(const approval::Request& request, v1::OpenApprovalRequest* out) {
  v1::ApprovalSubject* const subject = out->mutable_subject();
  subject->set_digest(request.digest);
  v1::Principal* const principal = subject->mutable_principal();
  principal->set_issuer(request.principal.issuer);
  principal->set_subject(request.principal.subject);
  principal->mutable_groups()->Assign(request.principal.groups.begin(), request.principal.groups.end());
  principal->set_client(request.principal.client);
  principal->set_human(request.principal.human);
  principal->set_task(request.principal.task);
  principal->set_token_id(request.token_id);
  principal->mutable_expires_at()->set_seconds(
      std::chrono::duration_cast<std::chrono::seconds>(request.token_expires_at.time_since_epoch()).count());
  subject->set_endpoint(request.endpoint);
  subject->set_database(request.database);
  subject->set_role(request.role);
  subject->set_statement(request.statement);
  for (const approval::Parameter& parameter : request.parameters) {
    v1::ApprovalParameter* const encoded = subject->add_parameters();
    encoded->set_value(parameter.value);
    encoded->set_is_null(parameter.is_null);
    encoded->set_truncated(parameter.truncated);
    encoded->set_type_oid(parameter.type_oid);
  }
  subject->mutable_needs()->Assign(request.needs.begin(), request.needs.end());
  subject->mutable_search_path()->Assign(request.search_path.begin(), request.search_path.end());
  subject->set_session_id(request.session_id);
  if (request.blast_radius) {
    subject->mutable_blast_radius()->set_estimated_rows(request.blast_radius->estimated_rows);
    subject->mutable_blast_radius()->set_relation(request.blast_radius->relation);
    subject->mutable_blast_radius()->set_unavailable(request.blast_radius->unavailable);
  }
  out->set_policy(request.policy);
  out->set_rule(request.rule);
  out->set_reason(request.reason);
  out->mutable_approvers()->Assign(request.demand.approvers.begin(), request.demand.approvers.end());
  out->set_required_count(request.demand.count);
  out->mutable_expires_in()->set_seconds(request.demand.expires.count());
}

// What a call keeps alive until its answer.
template <typename Request>
struct Call {
  grpc::ClientContext context;
  Request request;
  v1::Approval response;
  approval::Answer answer;

  void Finish(const grpc::Status& status) {
    if (status.ok()) {
      answer(DecodeApproval(response));
    } else {
      answer(FromGrpc(status));
    }
  }
};

}  // namespace

approval::Approval DecodeApproval(const v1::Approval& message) {
  approval::Approval decoded;
  decoded.id = message.id();
  decoded.state = StateOf(message.state());
  if (message.votes_size() > 0) {
    const v1::ApprovalVote& last = message.votes(message.votes_size() - 1);
    decoded.comment = last.comment();
    decoded.decided_by = last.approver();
  }
  return decoded;
}

struct ApprovalClient::State {
  std::unique_ptr<v1::SidecarService::Stub> stub;
};

ApprovalClient::ApprovalClient(std::shared_ptr<grpc::Channel> channel) : state_(std::make_shared<State>()) {
  state_->stub = v1::SidecarService::NewStub(channel);
}

ApprovalClient::~ApprovalClient() = default;

void ApprovalClient::Open(approval::Request request, approval::Answer answer) {
  const auto call = std::make_shared<Call<v1::OpenApprovalRequest>>();
  Encode(request, &call->request);
  call->answer = std::move(answer);
  call->context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  state_->stub->async()->OpenApproval(&call->context, &call->request, &call->response,
                                      [call, state = state_](const grpc::Status& status) { call->Finish(status); });
}

void ApprovalClient::Consume(std::string id, std::string digest, approval::Answer answer) {
  const auto call = std::make_shared<Call<v1::ConsumeApprovalRequest>>();
  call->request.set_id(std::move(id));
  call->request.set_digest(std::move(digest));
  call->answer = std::move(answer);
  call->context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  state_->stub->async()->ConsumeApproval(&call->context, &call->request, &call->response,
                                         [call, state = state_](const grpc::Status& status) { call->Finish(status); });
}

}  // namespace chaperone::control
