// What one loop counts, without atomic read-modify-write.
#ifndef CHAPERONE_DATAPLANE_EVENTS_LOOP_METRICS_H_
#define CHAPERONE_DATAPLANE_EVENTS_LOOP_METRICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace chaperone::events {

enum class Count : uint8_t {
  kConnections,
  kSessions,
  kAuthenticationFailures,
  kSettingsRefused,
  kUpstreamFailures,
  kStatements,
  kDenied,
  kHeld,
  kRows,
  kMaskedCells,
  kScrubbedMessages,
  kClientBytes,
  kServerBytes,
  kProtocolErrors,
  kLimitsReached,
  kJudgements,
  kJudgementHits,
  kInternalErrors,
};
inline constexpr size_t kCounts = 18;

// Counters of one loop. One writer, any readers.
class LoopMetrics {
 public:
  void Add(Count count, uint64_t by = 1) {
    std::atomic<uint64_t>& value = values_[static_cast<size_t>(count)];
    value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  uint64_t Get(Count count) const { return values_[static_cast<size_t>(count)].load(std::memory_order_relaxed); }

 private:
  alignas(64) std::array<std::atomic<uint64_t>, kCounts> values_{};
};

}  // namespace chaperone::events

#endif  // CHAPERONE_DATAPLANE_EVENTS_LOOP_METRICS_H_
