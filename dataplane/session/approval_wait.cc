#include "dataplane/session/approval_wait.h"

#include <utility>

namespace chaperone::session {

ApprovalWait::ApprovalWait(approval::Gate& gate, approval::Board& board, runtime::Loop& loop,
                           std::function<void()> changed)
    : gate_(gate),
      board_(board),
      loop_(loop),
      changed_(std::move(changed)),
      self_(std::make_shared<ApprovalWait*>(this)) {}

ApprovalWait::~ApprovalWait() {
  if (subscription_) {
    board_.Unsubscribe(*subscription_);
  }
  *self_ = nullptr;
}

std::function<void(std::function<void(ApprovalWait&)>)> ApprovalWait::Poster() {
  runtime::Loop* const loop = &loop_;
  return [loop, self = self_](std::function<void(ApprovalWait&)> work) {
    loop->Post([self, work = std::move(work)] {
      if (*self != nullptr) {
        work(**self);
      }
    });
  };
}

void ApprovalWait::Open(approval::Request request) {
  digest_ = request.digest;
  gate_.Open(std::move(request), [post = Poster()](absl::StatusOr<approval::Approval> answer) {
    post([answer = std::move(answer)](ApprovalWait& wait) { wait.OnOpened(answer); });
  });
}

void ApprovalWait::OnOpened(absl::StatusOr<approval::Approval> answer) {
  if (!answer.ok()) {
    approval_.comment = base::Message(answer.status());
    return Set(State::kFailed);
  }
  approval_ = *std::move(answer);
  subscription_ = board_.Subscribe(approval_.id, [post = Poster()](const approval::Approval& decision) {
    post([decision](ApprovalWait& wait) { wait.OnDecision(decision); });
  });
  if (approval_.state == approval::State::kPending) {
    return Set(State::kPending);
  }
  OnDecision(approval_);
}

void ApprovalWait::OnDecision(const approval::Approval& decision) {
  if (state_ != State::kOpening && state_ != State::kPending) {
    return;
  }
  approval_ = decision;
  switch (decision.state) {
    case approval::State::kApproved:
      return Set(State::kApproved);
    case approval::State::kRejected:
      return Set(State::kRejected);
    case approval::State::kExpired:
      return Set(State::kExpired);
    case approval::State::kConsumed:
      // Another session of the same principal was faster.
      approval_.comment = "it was used up by another session";
      return Set(State::kExpired);
    case approval::State::kPending:
      return;
  }
}

void ApprovalWait::Consume() {
  state_ = State::kConsuming;
  gate_.Consume(approval_.id, digest_, [post = Poster()](absl::StatusOr<approval::Approval> answer) {
    post([answer = std::move(answer)](ApprovalWait& wait) { wait.OnConsumed(answer); });
  });
}

void ApprovalWait::OnConsumed(const absl::StatusOr<approval::Approval>& answer) {
  if (answer.ok()) {
    return Set(State::kConsumed);
  }
  approval_.comment = base::Message(answer.status());
  Set(answer.status().code() == absl::StatusCode::kFailedPrecondition ? State::kExpired : State::kFailed);
}

void ApprovalWait::Set(State state) {
  state_ = state;
  changed_();
}

}  // namespace chaperone::session
