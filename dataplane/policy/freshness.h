// How long the sidecar may go on with the last policy when it cannot reach the control plane (`degraded` in a policy):
// each class of statement has its own time, after which it is refused.
#ifndef CHAPERONE_DATAPLANE_POLICY_FRESHNESS_H_
#define CHAPERONE_DATAPLANE_POLICY_FRESHNESS_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "api/policy/policy.h"

namespace chaperone::policy {

// Set by whoever talks to the control plane, read by every loop. Thread-safe.
class ControlPlaneLink {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // The connection is there, and what it says is in force.
  void Restored() { lost_at_.store(kConnected, std::memory_order_relaxed); }
  // The connection was lost at `now`; keeps the earlier time when it was lost already.
  void Lost(SteadyTime now) {
    int64_t expected = kConnected;
    lost_at_.compare_exchange_strong(expected, now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  // For how long it has been lost; none while it is there.
  std::optional<std::chrono::nanoseconds> LostFor(SteadyTime now) const {
    const int64_t lost_at = lost_at_.load(std::memory_order_relaxed);
    if (lost_at == kConnected) {
      return std::nullopt;
    }
    return now.time_since_epoch() - SteadyTime::duration(lost_at);
  }

 private:
  static constexpr int64_t kConnected = INT64_MAX;
  std::atomic<int64_t> lost_at_{kConnected};
};

// Why a statement may not run on a policy of that age, in words for the agent; none when it may.
std::optional<std::string> CheckFreshness(const Degraded& degraded, bool is_write,
                                          std::optional<std::chrono::nanoseconds> lost_for);

}  // namespace chaperone::policy

#endif  // CHAPERONE_DATAPLANE_POLICY_FRESHNESS_H_
