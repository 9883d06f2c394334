// Time as a dependency: code that needs the time takes a `const Clock&`, so that tests set it.
#ifndef CHAPERONE_API_BASE_CLOCK_H_
#define CHAPERONE_API_BASE_CLOCK_H_

#include <time.h>

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
  // Straight from the C library: read after every wait, it comes from far away each time, and steady_clock::now() is
  // one more place to come from.
  std::chrono::steady_clock::time_point Steady() const override {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::chrono::steady_clock::time_point(std::chrono::seconds(now.tv_sec) +
                                                 std::chrono::nanoseconds(now.tv_nsec));
  }
};

}  // namespace chaperone::base

#endif  // CHAPERONE_API_BASE_CLOCK_H_
