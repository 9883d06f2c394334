// Time as a dependency: code that needs the time takes a `const Clock&`, so that tests set it.
#ifndef CHAPERONE_API_BASE_CLOCK_H_
#define CHAPERONE_API_BASE_CLOCK_H_

#include <chrono>

namespace chaperone::base {

class Clock {
 public:
  virtual ~Clock() = default;
  // Calendar time, for records, tokens and expiry dates.
  virtual std::chrono::system_clock::time_point Wall() const = 0;
  // Monotonic time, for deadlines and durations.
  virtual std::chrono::steady_clock::time_point Steady() const = 0;
};

// The machine's clocks. Stateless: any number of instances are the same clock.
class SystemClock final : public Clock {
 public:
  std::chrono::system_clock::time_point Wall() const override { return std::chrono::system_clock::now(); }
  std::chrono::steady_clock::time_point Steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace chaperone::base

#endif  // CHAPERONE_API_BASE_CLOCK_H_
