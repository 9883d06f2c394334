// How many sessions there are, in all and of each principal, over all loops.
#ifndef CHAPERONE_DATAPLANE_SESSION_SESSION_COUNTER_H_
#define CHAPERONE_DATAPLANE_SESSION_SESSION_COUNTER_H_

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace chaperone::session {

// Thread-safe.
class SessionCounter {
 public:
  explicit SessionCounter(uint32_t sessions_max) : sessions_max_(sessions_max) {}

  // Counts a connection from accept on. False when there are as many as there may be.
  bool Enter() {
    const std::lock_guard lock(mutex_);
    if (total_ >= sessions_max_) {
      return false;
    }
    ++total_;
    return true;
  }
  void Leave() {
    const std::lock_guard lock(mutex_);
    --total_;
  }
  // Counts a session of `principal`, of which there may be `limit` (0: any number).
  bool EnterAs(const std::string& principal, uint32_t limit) {
    const std::lock_guard lock(mutex_);
    uint32_t& count = principals_[principal];
    if (limit != 0 && count >= limit) {
      return false;
    }
    ++count;
    return true;
  }
  void LeaveAs(const std::string& principal) {
    const std::lock_guard lock(mutex_);
    const auto found = principals_.find(principal);
    if (--found->second == 0) {
      principals_.erase(found);
    }
  }
  uint32_t total() const {
    const std::lock_guard lock(mutex_);
    return total_;
  }

 private:
  const uint32_t sessions_max_;
  mutable std::mutex mutex_;
  uint32_t total_ = 0;                                    // guarded by mutex_
  std::unordered_map<std::string, uint32_t> principals_;  // guarded by mutex_
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_SESSION_COUNTER_H_
