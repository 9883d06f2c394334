#include "dataplane/app/lane.h"

#include <pthread.h>

#include <ctime>

namespace chaperone::app {

namespace {

constexpr std::chrono::milliseconds kLoadInterval{200};
constexpr double kBusyShare = 0.5;

}  // namespace

void Lane::Start() {
  thread = std::thread([this] {
    clockid_t cpu_clock = kNoClock;
    if (pthread_getcpuclockid(pthread_self(), &cpu_clock) == 0) {
      cpu_clock_.store(cpu_clock, std::memory_order_release);
    }
    loop->Run();
  });
}

LoopLoad Lane::Load(runtime::SteadyTime now) {
  if (const auto elapsed = now - measured_at_; elapsed >= kLoadInterval) {
    const std::chrono::nanoseconds used = CpuUsed();
    is_busy_ = used - cpu_used_ > elapsed * kBusyShare;
    cpu_used_ = used;
    measured_at_ = now;
  }
  return {.sessions = sessions.load(std::memory_order_relaxed), .is_busy = is_busy_};
}

std::chrono::nanoseconds Lane::CpuUsed() const {
  timespec used{};
  const clockid_t cpu_clock = cpu_clock_.load(std::memory_order_acquire);
  if (cpu_clock == kNoClock || clock_gettime(cpu_clock, &used) != 0) {
    return cpu_used_;
  }
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace chaperone::app
