// The event loop: level-triggered epoll, timers, and posts from other threads. A session lives on one loop
// from accept to end, so nothing on a statement's way takes a lock.
//
// Why not Asio here: Asio reads before it waits, which costs one failing recv for every message (measured: 8.1 system
// calls a query against 6.0 for pgbouncer); ARCHITECTURE.md has the figures. Everything off the statement path may use
// Asio.
//
// Threading: Post and Stop from anywhere; the rest on the loop's own thread, or before Run.
#ifndef CHAPERONE_DATAPLANE_RUNTIME_LOOP_H_
#define CHAPERONE_DATAPLANE_RUNTIME_LOOP_H_

#include <sys/epoll.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "api/base/clock.h"
#include "api/base/status.h"

namespace chaperone::runtime {

using SteadyTime = std::chrono::steady_clock::time_point;

class Wakeups;

class Loop {
 public:
  // Told when its descriptor is ready. It may unwatch any descriptor, its own included, while it is being told.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // `events`: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR, EPOLLRDHUP.
    virtual void OnReady(uint32_t events) = 0;
  };
  using WatchId = uint64_t;
  static constexpr WatchId kNotWatched = 0;

  // `clock` must outlive the loop. Errors: Internal when the kernel refuses descriptors.
  static absl::StatusOr<std::unique_ptr<Loop>> Create(const base::Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until Stop; then returns after the events at hand. `wakeups`, if any, is this thread's: it
  // is asked before each wait.
  void Run(Wakeups* wakeups = nullptr);
  // Thread-safe.
  void Stop();
  // Runs `work` on the loop's thread, after events at hand; in order of posting. Thread-safe.
  void Post(std::function<void()> work);
  // True on the loop's thread while it runs.
  bool IsHere() const;

  // The time when the events at hand were fetched: good for deadlines, costs nothing.
  SteadyTime Now() const { return now_; }
  // The same as a clock, with calendar time too; a clock that is set is followed within kWallAgeMax.
  const base::Clock& event_clock() const { return event_clock_; }
  static constexpr std::chrono::milliseconds kWallAgeMax{50};
  const base::Clock& clock() const { return clock_; }

  // The memory that a watcher needs when it is told, as long as it is watched; asked for while other work is done.
  struct Needs {
    const void* begin;
    const void* end;
  };
  // REQUIRES: `watcher` lives until Unwatch. Errors: Internal.
  absl::StatusOr<WatchId> Watch(int fd, uint32_t events, Watcher* watcher, const Needs& needs = {});
  // Costs a system call; call it only when the interest changes.
  void Modify(WatchId id, uint32_t events);
  // REQUIRES: called before the descriptor is closed. Events at hand for it are dropped.
  void Unwatch(WatchId id);

  // Work that is put off until the events at hand have been looked at, or enough of it waits: system calls that go best
  // one after the other. It may be destroyed while it waits.
  class Deferred {
   public:
    Deferred() = default;
    Deferred(const Deferred&) = delete;
    Deferred& operator=(const Deferred&) = delete;
    virtual void RunDeferred() = 0;

   protected:
    virtual ~Deferred();

   private:
    friend class Loop;
    // Null unless it waits.
    Loop* loop_ = nullptr;
    size_t position_ = 0;
  };
  // False when nothing is at hand that putting work off would help: then it is better done at once.
  bool IsWorthDeferring() const { return events_left_ > 0 || !deferred_.empty(); }
  // `work` runs once, however often it is put off until then.
  void Defer(Deferred& work) {
    if (work.loop_ == nullptr) {
      work.loop_ = this;
      work.position_ = deferred_.size();
      deferred_.push_back(&work);
    }
  }

  // Fires once at or after its time. Cheap to move; create one and rearm it.
  class Timer {
   public:
    Timer(Loop& loop, std::function<void()> fire) : loop_(loop), fire_(std::move(fire)) {}
    ~Timer() { Cancel(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    void ArmAt(SteadyTime when);
    void ArmAfter(std::chrono::nanoseconds delay) { ArmAt(loop_.clock_.Steady() + delay); }
    void Cancel();
    bool armed() const { return armed_; }

   private:
    friend class Loop;
    Loop& loop_;
    std::function<void()> fire_;
    std::multimap<SteadyTime, Timer*>::iterator at_;
    bool armed_ = false;
  };

 private:
  struct Slot {
    Watcher* watcher = nullptr;
    int fd = -1;
    uint32_t generation = 1;
    uint32_t next_free = 0;
    Needs needs{};
  };

  class EventClock final : public base::Clock {
   public:
    explicit EventClock(const Loop& loop) : loop_(loop) {}
    std::chrono::system_clock::time_point Wall() const override {
      const auto since =
          std::chrono::duration_cast<std::chrono::system_clock::duration>(loop_.now_ - loop_.wall_read_at_);
      return loop_.wall_ + since;
    }
    SteadyTime Steady() const override { return loop_.now_; }

   private:
    const Loop& loop_;
  };

  explicit Loop(const base::Clock& clock) : clock_(clock) {}
  void ReadClocks();
  int WaitMillis() const;
  const Slot& SlotOf(const epoll_event& event) const { return slots_[static_cast<uint32_t>(event.data.u64)]; }
  void Prefetch(const epoll_event& event) const;
  void Dispatch(const epoll_event& event);
  void FireTimers();
  void RunPosts();
  void RunDeferred();

  const base::Clock& clock_;
  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  SteadyTime now_{};
  std::chrono::system_clock::time_point wall_{};
  SteadyTime wall_read_at_{};
  const EventClock event_clock_{*this};
  std::multimap<SteadyTime, Timer*> timers_;
  // In order; null: destroyed.
  std::vector<Deferred*> deferred_;
  // Of those at hand, how many have not been looked at.
  int events_left_ = 0;
  // Index 0 is the wake-up descriptor's.
  std::vector<Slot> slots_;
  uint32_t free_slot_ = 0;

  std::mutex mutex_;
  std::vector<std::function<void()>> posts_;  // guarded by mutex_
  std::atomic<bool> stopping_{false};
};

}  // namespace chaperone::runtime

#endif  // CHAPERONE_DATAPLANE_RUNTIME_LOOP_H_
