#include "dataplane/app/lane.h"

#include <pthread.h>

#include <ctime>
#include <utility>

#include "dataplane/runtime/wakeups.h"

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
    runtime::Wakeups wakeups;
    loop->Run(&wakeups);
  });
}

void Lane::Take(listener::Accepted accepted) {
  ++taken_;
  sessions_.fetch_add(1, std::memory_order_relaxed);
  // std::function wants copies: the descriptor travels as a number.
  const int fd = accepted.fd.Release();
  loop->Post([this, fd, peer = std::move(accepted.peer_address), is_local = accepted.is_local] {
    table->Accept(runtime::Fd(fd), peer, is_local, [this] { sessions_.fetch_sub(1, std::memory_order_relaxed); });
  });
}

LoopLoad Lane::Load(runtime::SteadyTime now) {
  if (const auto elapsed = now - measured_at_; elapsed >= kLoadInterval) {
    const std::chrono::nanoseconds used = CpuUsed();
    is_busy_ = used - cpu_used_ > elapsed * kBusyShare;
    cpu_used_ = used;
    measured_at_ = now;
    taken_ = 0;
  }
  const size_t sessions = sessions_.load(std::memory_order_relaxed);
  if (sessions == 0) {
    // Those that kept it busy have gone.
    is_busy_ = false;
    taken_ = 0;
  }
  return {.sessions = sessions, .taken = taken_, .is_busy = is_busy_};
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
