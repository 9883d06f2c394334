// One statement's way to its approval: opened at the control plane, waited for while it may be held, used up before it
// runs.
//
// A state machine that other threads' answers move, and that tells its session when there is something to do.
// Threading: the session's loop; answers are posted to it.
#ifndef CHAPERONE_DATAPLANE_SESSION_APPROVAL_WAIT_H_
#define CHAPERONE_DATAPLANE_SESSION_APPROVAL_WAIT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dataplane/approval/board.h"
#include "dataplane/approval/gate.h"
#include "dataplane/runtime/loop.h"

namespace chaperone::session {

class ApprovalWait {
 public:
  enum class State : uint8_t {
    // Asked; the control plane has not answered.
    kOpening,
    // Open and undecided.
    kPending,
    // Given, and not used up yet.
    kApproved,
    // Being used up.
    kConsuming,
    // Used up: the statement may run, once.
    kConsumed,
    kRejected,
    kExpired,
    // There is no answer to be had.
    kFailed,
  };

  // `changed` is called on `loop` after each change of state.
  ApprovalWait(approval::Gate& gate, approval::Board& board, runtime::Loop& loop, std::function<void()> changed);
  ~ApprovalWait();
  ApprovalWait(const ApprovalWait&) = delete;
  ApprovalWait& operator=(const ApprovalWait&) = delete;

  // REQUIRES: called once.
  void Open(approval::Request request);
  // REQUIRES: state() == kApproved.
  void Consume();

  State state() const { return state_; }
  const std::string& id() const { return approval_.id; }
  // The last voter's comment, or why there is no answer.
  const std::string& comment() const { return approval_.comment; }
  const std::string& decided_by() const { return approval_.decided_by; }

 private:
  void OnOpened(absl::StatusOr<approval::Approval> answer);
  void OnConsumed(const absl::StatusOr<approval::Approval>& answer);
  void OnDecision(const approval::Approval& decision);
  void Set(State state);
  // Runs `work` on the loop if this still lives then.
  std::function<void(std::function<void(ApprovalWait&)>)> Poster();

  approval::Gate& gate_;
  approval::Board& board_;
  runtime::Loop& loop_;
  const std::function<void()> changed_;
  std::string digest_;
  State state_ = State::kOpening;
  approval::Approval approval_;
  std::optional<approval::Board::Subscription> subscription_;
  // Emptied when this goes.
  std::shared_ptr<ApprovalWait*> self_;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_APPROVAL_WAIT_H_
