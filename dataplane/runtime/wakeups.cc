#include "dataplane/runtime/wakeups.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace chaperone::runtime {

namespace {

bool SetPolicy(int policy) {
  const sched_param parameters{};
  return sched_setscheduler(0, policy, &parameters) == 0;
}

}  // namespace

std::chrono::nanoseconds WakeupChoice::OnMeasured(const QueueTime& total) {
  if (kind_ == Kind::kInterrupt) {
    kind_ = Kind::kYield;
    before_ = total;
    return kInterval;
  }
  const uint64_t runs = total.runs - before_.runs;
  if (runs < kRunsMin) {
    return kInterval;  // they count with the next ones
  }
  const auto mean = (total.waited - before_.waited) / static_cast<int64_t>(runs);
  before_ = total;
  if (mean <= kWaitMax) {
    interrupt_for_ = std::max(kInterruptMin, interrupt_for_ / 2);
    return kInterval;
  }
  kind_ = Kind::kInterrupt;
  return std::exchange(interrupt_for_, std::min(kInterruptMax, interrupt_for_ * 2));
}

Wakeups::Wakeups() {
  if (sched_getscheduler(0) != SCHED_OTHER) {
    return;
  }
  schedstat_ = Fd(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  const std::optional<QueueTime> start = Measure();
  if (start && SetPolicy(SCHED_BATCH)) {
    choice_.emplace(*start);
    next_look_ = SteadyTime::min();
  }
}

void Wakeups::Look(SteadyTime now) {
  const std::optional<QueueTime> total = Measure();
  if (!total) {
    SetPolicy(SCHED_OTHER);
    next_look_ = SteadyTime::max();
    return;
  }
  const WakeupChoice::Kind before = choice_->kind();
  next_look_ = now + choice_->OnMeasured(*total);
  if (choice_->kind() != before) {
    SetPolicy(choice_->kind() == WakeupChoice::Kind::kYield ? SCHED_BATCH : SCHED_OTHER);
  }
}

// The file's three numbers: nanoseconds run, nanoseconds waited, runs.
std::optional<QueueTime> Wakeups::Measure() const {
  std::array<char, 80> text;
  const ssize_t size = schedstat_.valid() ? pread(schedstat_.get(), text.data(), text.size(), 0) : -1;
  if (size <= 0) {
    return std::nullopt;
  }
  const char* at = text.data();
  const char* const end = at + size;
  std::array<int64_t, 3> numbers;
  for (int64_t& number : numbers) {
    const auto [behind, error] = std::from_chars(at, end, number);
    if (error != std::errc() || number < 0) {
      return std::nullopt;
    }
    at = behind == end ? end : behind + 1;
  }
  const QueueTime total{std::chrono::nanoseconds(numbers[1]), static_cast<uint64_t>(numbers[2])};
  return total.runs > 0 ? std::optional(total) : std::nullopt;
}

}  // namespace chaperone::runtime
