#include "dataplane/runtime/wakeups.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <thread>

namespace chaperone::runtime {
namespace {

using std::chrono::microseconds;
using Kind = WakeupChoice::Kind;

constexpr SteadyTime kStart{std::chrono::hours(1)};

// What a thread would see.
class Thread {
 public:
  std::chrono::nanoseconds Runs(uint64_t runs, std::chrono::nanoseconds mean_wait) {
    total_.runs += runs;
    total_.waited += mean_wait * static_cast<int64_t>(runs);
    return choice_.OnMeasured(total_);
  }
  Kind kind() const { return choice_.kind(); }

 private:
  QueueTime total_{std::chrono::seconds(9), 1000};
  WakeupChoice choice_{total_};
};

void OnThread(const std::function<void()>& work) { std::thread(work).join(); }

TEST_CASE("a thread yields as long as only the sender keeps it waiting") {
  Thread thread;
  CHECK(thread.kind() == Kind::kYield);
  CHECK(thread.Runs(20'000, microseconds(3)) == WakeupChoice::kInterval);
  CHECK(thread.Runs(20'000, WakeupChoice::kWaitMax) == WakeupChoice::kInterval);
  CHECK(thread.Runs(0, microseconds(0)) == WakeupChoice::kInterval);
  CHECK(thread.kind() == Kind::kYield);
}

TEST_CASE("it interrupts when others keep it waiting, and tries again later") {
  Thread thread;
  CHECK(thread.Runs(200, microseconds(13)) == WakeupChoice::kInterruptMin);
  CHECK(thread.kind() == Kind::kInterrupt);
  // What it has waited while it interrupted says nothing of how yielding would be.
  CHECK(thread.Runs(100'000, microseconds(400)) == WakeupChoice::kInterval);
  CHECK(thread.kind() == Kind::kYield);
  CHECK(thread.Runs(1000, microseconds(2)) == WakeupChoice::kInterval);
  CHECK(thread.kind() == Kind::kYield);
}

TEST_CASE("it tries less often the longer others keep it waiting") {
  Thread thread;
  auto expected = WakeupChoice::kInterruptMin;
  for (int i = 0; i < 12; ++i) {
    CHECK(thread.Runs(200, microseconds(500)) == expected);
    expected = std::min(WakeupChoice::kInterruptMax, expected * 2);
    thread.Runs(200, microseconds(5));
  }
  CHECK(expected == WakeupChoice::kInterruptMax);
  for (int i = 0; i < 3; ++i) {
    CHECK(thread.Runs(200, microseconds(2)) == WakeupChoice::kInterval);
  }
  CHECK(thread.Runs(200, microseconds(500)) == WakeupChoice::kInterruptMax / 8);
}

TEST_CASE("few runs are judged together with those that follow") {
  Thread thread;
  CHECK(thread.Runs(WakeupChoice::kRunsMin - 1, microseconds(4000)) == WakeupChoice::kInterval);
  CHECK(thread.kind() == Kind::kYield);
  CHECK(thread.Runs(1, microseconds(4000)) == WakeupChoice::kInterruptMin);
}

TEST_CASE("a thread's policy follows the choice") {
  OnThread([] {
    Wakeups wakeups;
    CHECK(sched_getscheduler(0) == SCHED_BATCH);
    wakeups.Observe(kStart);
    CHECK(sched_getscheduler(0) == SCHED_BATCH);
  });
  CHECK(sched_getscheduler(0) == SCHED_OTHER);  // no other thread's
}

TEST_CASE("a thread that was given a policy keeps it") {
  OnThread([] {
    const sched_param parameters{};
    REQUIRE(sched_setscheduler(0, SCHED_IDLE, &parameters) == 0);
    Wakeups wakeups;
    wakeups.Observe(kStart);
    CHECK(sched_getscheduler(0) == SCHED_IDLE);
  });
}

TEST_CASE("a thread that waits for others stops yielding") {
  // On its core another thread never sleeps: each time it wakes it waits for that one's time slice, milliseconds.
  std::atomic<bool> stop{false};
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(sched_getcpu()), &one);
  std::thread other([&] {
    while (!stop) {
    }
  });
  REQUIRE(pthread_setaffinity_np(other.native_handle(), sizeof(one), &one) == 0);
  OnThread([&] {
    REQUIRE(sched_setaffinity(0, sizeof(one), &one) == 0);
    Wakeups wakeups;
    SteadyTime now = kStart;
    int looks = 0;
    while (sched_getscheduler(0) == SCHED_BATCH && looks < 1000) {
      usleep(100);
      now += WakeupChoice::kInterval;
      wakeups.Observe(now);
      ++looks;
    }
    CHECK(sched_getscheduler(0) == SCHED_OTHER);
    wakeups.Observe(now + WakeupChoice::kInterval);
    CHECK(sched_getscheduler(0) == SCHED_OTHER);
    wakeups.Observe(now + WakeupChoice::kInterruptMin);
    CHECK(sched_getscheduler(0) == SCHED_BATCH);
  });
  stop = true;
  other.join();
}

}  // namespace
}  // namespace chaperone::runtime
