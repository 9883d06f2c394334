// Where one coroutine waits for several things at once: descriptors, a deadline, and word from other parts of the
// program. Each is a bit; a wait returns the bits that were raised since the last one.
//
//   WatchedFd client(loop, waiter, stream.fd(), kClientReady);
//   client.WantRead(true);
//   const uint32_t bits = co_await waiter.Wait(deadline);
//   if (bits & Waiter::kTimeout) …
#ifndef CHAPERONE_DATAPLANE_RUNTIME_WAITER_H_
#define CHAPERONE_DATAPLANE_RUNTIME_WAITER_H_

#include <coroutine>
#include <cstdint>
#include <utility>

#include "dataplane/runtime/loop.h"

namespace chaperone::runtime {

class Waiter {
 public:
  // The deadline of the wait has passed.
  static constexpr uint32_t kTimeout = 1;
  // The owner wants the coroutine to end (revocation, kill, shutdown). Never cleared: every later wait returns at once.
  static constexpr uint32_t kInterrupt = 2;
  // The first bit that is free for the owner's own events.
  static constexpr uint32_t kFirstFree = 4;

  explicit Waiter(Loop& loop) : timer_(loop, [this] { OnTimer(); }), loop_(loop) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // Resumes the waiting coroutine, if it waits, before it returns. On the loop's thread.
  void Raise(uint32_t bits);
  bool interrupted() const { return (raised_ & kInterrupt) != 0; }

  // Suspends until a bit is raised or `deadline` passes; returns the bits and clears them. One coroutine at a time.
  auto Wait(SteadyTime deadline) {
    struct Awaiter {
      Waiter& waiter;
      SteadyTime deadline;
      bool await_ready() const noexcept { return waiter.raised_ != 0; }
      void await_suspend(std::coroutine_handle<> handle) { waiter.Suspend(handle, deadline); }
      uint32_t await_resume() noexcept { return waiter.Take(); }
    };
    return Awaiter{*this, deadline};
  }

  Loop& loop() { return loop_; }

 private:
  void Suspend(std::coroutine_handle<> handle, SteadyTime deadline);
  uint32_t Take() { return std::exchange(raised_, raised_ & kInterrupt); }
  void OnTimer();

  Loop::Timer timer_;
  Loop& loop_;
  std::coroutine_handle<> waiting_;
  uint32_t raised_ = 0;
  SteadyTime deadline_{};
  // When the timer is due; it is left armed when a deadline moves back, and rearmed only once it fires early.
  SteadyTime armed_for_{};
};

// A descriptor whose readiness raises bits of a waiter. Interest starts empty; a change of interest costs a system
// call.
class WatchedFd final : public Loop::Watcher {
 public:
  // `bits` are raised for every event on the descriptor, whichever direction.
  WatchedFd(Waiter& waiter, uint32_t bits) : waiter_(waiter), bits_(bits) {}
  ~WatchedFd() override { Release(); }
  WatchedFd(const WatchedFd&) = delete;
  WatchedFd& operator=(const WatchedFd&) = delete;

  // Starts to watch `fd`; what it raises needs the memory `needs`. Errors: Internal.
  absl::Status Attach(int fd, const Loop::Needs& needs = {});
  // Stops watching. REQUIRES: called before the descriptor is closed.
  void Release();
  void Want(bool read, bool write);
  // From the next change of interest on, readiness is told once (EPOLLET): the kernel does not look at the descriptor
  // again before each wait to see whether it still holds. Nothing is lost by it: after each event either the owner says
  // Exhausted(), or Want() has the kernel look again, at the price of a system call. For owners that mostly exhaust it.
  void TellOnce(bool once) { once_ = once; }
  // A read found nothing more: it would have blocked, or got less than it asked for (epoll(7), "Questions and answers",
  // 9). Not to be said of TLS, which reads one record at a time.
  void Exhausted() { told_ = is_ending_; }
  bool attached() const { return id_ != Loop::kNotWatched; }
  void OnReady(uint32_t events) override;

 private:
  Waiter& waiter_;
  const uint32_t bits_;
  Loop::WatchId id_ = Loop::kNotWatched;
  uint32_t interest_ = 0;
  bool once_ = false;
  // An event was told, and more may be there.
  bool told_ = false;
  // The peer's end of the stream, or an error, was told along with it: it is still to be read, behind what came before.
  bool is_ending_ = false;
};

}  // namespace chaperone::runtime

#endif  // CHAPERONE_DATAPLANE_RUNTIME_WAITER_H_
