// Where decisions about approvals arrive and waiting sessions are told: the control plane pushes them, in any order
// with the answer to the request that opened them.
#ifndef CHAPERONE_DATAPLANE_APPROVAL_BOARD_H_
#define CHAPERONE_DATAPLANE_APPROVAL_BOARD_H_

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

#include "dataplane/approval/gate.h"

namespace chaperone::approval {

// Thread-safe.
class Board {
 public:
  // Decisions that are remembered for a session that subscribes late.
  static constexpr size_t kRememberedMax = 1024;
  using Listener = std::function<void(const Approval&)>;
  using Subscription = uint64_t;

  // `listener` is called from then on with every decision about `id`, on the thread that reports it, and at once with
  // the last one that is known. It must be quick, and must not call the board.
  Subscription Subscribe(const std::string& id, Listener listener);
  // After it returns the listener is not called any more.
  void Unsubscribe(Subscription subscription);
  void Report(const Approval& approval);

 private:
  struct Entry {
    std::string id;
    Listener listener;
  };
  std::mutex mutex_;
  // All guarded by mutex_, which is held while listeners run: an unsubscribed one never does.
  Subscription next_ = 1;
  std::unordered_map<Subscription, Entry> listeners_;
  std::unordered_map<std::string, Approval> decisions_;
  std::deque<std::string> order_;
};

}  // namespace chaperone::approval

#endif  // CHAPERONE_DATAPLANE_APPROVAL_BOARD_H_
