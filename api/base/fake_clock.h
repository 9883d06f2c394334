// A clock that stands still until a test moves it. Not thread-safe.
#ifndef CHAPERONE_API_BASE_FAKE_CLOCK_H_
#define CHAPERONE_API_BASE_FAKE_CLOCK_H_

#include "api/base/clock.h"

namespace chaperone::base {

class FakeClock final : public Clock {
 public:
  // Starts at 2026-01-01T00:00:00Z.
  FakeClock() : wall_(std::chrono::seconds(1767225600)), steady_(std::chrono::hours(1)) {}

  std::chrono::system_clock::time_point Wall() const override { return wall_; }
  std::chrono::steady_clock::time_point Steady() const override { return steady_; }

  void Advance(std::chrono::nanoseconds by) {
    wall_ += std::chrono::duration_cast<std::chrono::system_clock::duration>(by);
    steady_ += by;
  }

 private:
  std::chrono::system_clock::time_point wall_;
  std::chrono::steady_clock::time_point steady_;
};

}  // namespace chaperone::base

#endif  // CHAPERONE_API_BASE_FAKE_CLOCK_H_
