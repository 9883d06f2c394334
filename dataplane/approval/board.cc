#include "dataplane/approval/board.h"

#include <utility>

namespace chaperone::approval {

Board::Subscription Board::Subscribe(const std::string& id, Listener listener) {
  const std::lock_guard lock(mutex_);
  const Subscription subscription = next_++;
  const auto known = decisions_.find(id);
  if (known != decisions_.end()) {
    listener(known->second);
  }
  listeners_.emplace(subscription, Entry{id, std::move(listener)});
  return subscription;
}

void Board::Unsubscribe(Subscription subscription) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(subscription);
}

void Board::Report(const Approval& approval) {
  const std::lock_guard lock(mutex_);
  if (decisions_.insert_or_assign(approval.id, approval).second) {
    order_.push_back(approval.id);
  }
  if (order_.size() > kRememberedMax) {
    decisions_.erase(order_.front());
    order_.pop_front();
  }
  for (const auto& [subscription, entry] : listeners_) {
    if (entry.id == approval.id) {
      entry.listener(approval);
    }
  }
}

}  // namespace chaperone::approval
