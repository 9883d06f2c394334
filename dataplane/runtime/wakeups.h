// How the kernel runs a loop's thread when something comes for it: at once, in place of the thread that sent it, or as
// soon as that one waits for its answer.
//
// Interrupted between its send and its wait, the sender stays ready to run. So the loop's own send finds two threads
// that want its core, and the kernel wakes the next one elsewhere: on a core that sleeps, which in a virtual machine
// takes as long as the whole of a small statement. When the loop lets the sender come to its wait first, client, loop
// and server follow each other on one core that is awake (SCHED_BATCH, sched(7)). Where other threads want the core
// too, the loop would wait for them as well: then it interrupts, as threads do.
#ifndef CHAPERONE_DATAPLANE_RUNTIME_WAKEUPS_H_
#define CHAPERONE_DATAPLANE_RUNTIME_WAKEUPS_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "dataplane/runtime/loop.h"
#include "dataplane/runtime/stream.h"

namespace chaperone::runtime {

// What a thread has spent ready and not running, and how often it has run since it began
// (kernel: Documentation/scheduler/sched-stats.rst, /proc/<pid>/schedstat).
struct QueueTime {
  std::chrono::nanoseconds waited{0};
  uint64_t runs = 0;
};

// The choice, from what was measured.
class WakeupChoice {
 public:
  enum class Kind : uint8_t { kYield, kInterrupt };

  // How often it is measured.
  static constexpr std::chrono::milliseconds kInterval{100};
  // The mean that the sender alone accounts for: mostly 1 to 4 microseconds, up to 10 when it has more to do.
  static constexpr std::chrono::microseconds kWaitMax{12};
  // Runs that are looked at together, at least.
  static constexpr uint64_t kRunsMin = 64;
  // How long it interrupts before it finds out whether it still has to: twice as long after each time that it has, half
  // as long after each interval that it has not.
  static constexpr std::chrono::milliseconds kInterruptMin{250};
  static constexpr std::chrono::milliseconds kInterruptMax{32'000};

  explicit WakeupChoice(const QueueTime& start) : before_(start) {}

  Kind kind() const { return kind_; }
  // Takes a measurement, and says in how long the next is due.
  std::chrono::nanoseconds OnMeasured(const QueueTime& total);

 private:
  Kind kind_ = Kind::kYield;
  QueueTime before_;
  std::chrono::milliseconds interrupt_for_ = kInterruptMin;
};

// Applies it to one thread. A thread that was started with a policy of its own (chrt, CPUSchedulingPolicy=) keeps it,
// and so does one whose waiting the kernel does not tell.
class Wakeups {
 public:
  // For the calling thread, which alone may use it.
  Wakeups();

  // Before each wait; a system call or two every 100 ms.
  void Observe(SteadyTime now) {
    if (now >= next_look_) {
      Look(now);
    }
  }

 private:
  void Look(SteadyTime now);
  std::optional<QueueTime> Measure() const;

  Fd schedstat_;
  std::optional<WakeupChoice> choice_;
  SteadyTime next_look_ = SteadyTime::max();
};

}  // namespace chaperone::runtime

#endif  // CHAPERONE_DATAPLANE_RUNTIME_WAKEUPS_H_
