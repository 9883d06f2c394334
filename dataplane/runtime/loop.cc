#include "dataplane/runtime/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "api/base/prefetch.h"
#include "dataplane/runtime/syscalls.h"
#include "dataplane/runtime/wakeups.h"

namespace chaperone::runtime {

namespace {

constexpr int kEventsMax = 128;
// As much work is put off at most: more of it would gain nothing and wait longer.
constexpr size_t kDeferredMax = 32;
constexpr int kWaitMillisMax = 60'000;
thread_local const Loop* current_loop = nullptr;

uint64_t Pack(uint32_t index, uint32_t generation) { return static_cast<uint64_t>(generation) << 32 | index; }

}  // namespace

absl::StatusOr<std::unique_ptr<Loop>> Loop::Create(const base::Clock& clock) {
  std::unique_ptr<Loop> loop(new Loop(clock));
  loop->epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  loop->wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (loop->epoll_fd_ < 0 || loop->wake_fd_ < 0) {
    return base::ErrnoStatus(errno, "cannot create an event loop");
  }
  loop->slots_.emplace_back();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = Pack(0, 0);
  if (epoll_ctl(loop->epoll_fd_, EPOLL_CTL_ADD, loop->wake_fd_, &event) != 0) {
    return base::ErrnoStatus(errno, "cannot watch the event loop's wake-up descriptor");
  }
  loop->ReadClocks();
  return loop;
}

Loop::~Loop() {
  if (wake_fd_ >= 0) {
    close(wake_fd_);
  }
  if (epoll_fd_ >= 0) {
    close(epoll_fd_);
  }
}

void Loop::Run(Wakeups* wakeups) {
  const Loop* const outer = std::exchange(current_loop, this);
  std::array<epoll_event, kEventsMax> events;
  while (!stopping_.load(std::memory_order_acquire)) {
    const int count = syscalls::epoll_wait(epoll_fd_, events.data(), kEventsMax, WaitMillis());
    for (int i = 0; i < count; ++i) {
      base::PrefetchObject(&SlotOf(events[static_cast<size_t>(i)]));
    }
    if (count > 0) {
      Prefetch(events[0]);
    }
    ReadClocks();
    for (int i = 0; i < count; ++i) {
      events_left_ = count - i - 1;
      if (events_left_ > 0) {
        Prefetch(events[static_cast<size_t>(i) + 1]);
      }
      Dispatch(events[static_cast<size_t>(i)]);
      if (deferred_.size() >= kDeferredMax) {
        RunDeferred();
      }
    }
    FireTimers();
    RunDeferred();
    if (wakeups != nullptr) {
      wakeups->Observe(now_);
    }
  }
  RunPosts();
  RunDeferred();
  current_loop = outer;
}

void Loop::ReadClocks() {
  now_ = clock_.Steady();
  if (wall_read_at_ == SteadyTime{} || now_ - wall_read_at_ >= kWallAgeMax) {
    wall_ = clock_.Wall();
    wall_read_at_ = now_;
  }
}

void Loop::Stop() {
  stopping_.store(true, std::memory_order_release);
  Post([] {});
}

void Loop::Post(std::function<void()> work) {
  bool was_empty;
  {
    const std::lock_guard lock(mutex_);
    was_empty = posts_.empty();
    posts_.push_back(std::move(work));
  }
  if (was_empty) {
    const uint64_t one = 1;
    // A full counter (EAGAIN) means that the loop is being woken anyway.
    [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
  }
}

bool Loop::IsHere() const { return current_loop == this; }

absl::StatusOr<Loop::WatchId> Loop::Watch(int fd, uint32_t events, Watcher* watcher, const Needs& needs) {
  uint32_t index = free_slot_;
  if (index == 0) {
    index = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  }
  Slot& slot = slots_[index];
  const WatchId id = Pack(index, slot.generation);
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) {
    const int error_number = errno;
    if (index != free_slot_) {
      slot.next_free = std::exchange(free_slot_, index);
    }
    return base::ErrnoStatus(error_number, "cannot watch a descriptor");
  }
  if (index == free_slot_) {
    free_slot_ = slot.next_free;
  }
  slot.watcher = watcher;
  slot.fd = fd;
  slot.needs = needs;
  return id;
}

void Loop::Modify(WatchId id, uint32_t events) {
  const Slot& slot = slots_[static_cast<uint32_t>(id)];
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, slot.fd, &event);
}

void Loop::Unwatch(WatchId id) {
  const auto index = static_cast<uint32_t>(id);
  Slot& slot = slots_[index];
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, slot.fd, nullptr);
  slot.watcher = nullptr;
  slot.fd = -1;
  slot.needs = {};
  // Generation 0 belongs to the wake-up descriptor.
  slot.generation = std::max<uint32_t>(1, slot.generation + 1);
  slot.next_free = std::exchange(free_slot_, index);
}

void Loop::Prefetch(const epoll_event& event) const {
  const Needs& needs = SlotOf(event).needs;
  base::Prefetch(needs.begin, needs.end);
}

void Loop::Dispatch(const epoll_event& event) {
  const auto index = static_cast<uint32_t>(event.data.u64);
  if (index == 0) {
    uint64_t count;
    [[maybe_unused]] const ssize_t drained = read(wake_fd_, &count, sizeof(count));
    RunPosts();
    return;
  }
  const Slot& slot = slots_[index];
  if (slot.generation != static_cast<uint32_t>(event.data.u64 >> 32) || slot.watcher == nullptr) {
    return;  // unwatched by an earlier event of the same batch
  }
  slot.watcher->OnReady(event.events);
}

int Loop::WaitMillis() const {
  if (timers_.empty()) {
    return kWaitMillisMax;
  }
  // Rounded up: a timer never fires early, and a loop never spins until it does. The time that the last events took
  // comes on top.
  const auto until = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - now_);
  return static_cast<int>(std::clamp<int64_t>(until.count(), 0, kWaitMillisMax));
}

void Loop::FireTimers() {
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    Timer* const timer = timers_.begin()->second;
    timers_.erase(timers_.begin());
    timer->armed_ = false;
    timer->fire_();
  }
}

void Loop::RunPosts() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(posts_);
  }
  for (const auto& item : work) {
    item();
  }
}

void Loop::RunDeferred() {
  // What runs may defer more.
  for (size_t i = 0; i < deferred_.size(); ++i) {
    if (Deferred* const work = std::exchange(deferred_[i], nullptr); work != nullptr) {
      work->loop_ = nullptr;
      work->RunDeferred();
    }
  }
  deferred_.clear();
}

Loop::Deferred::~Deferred() {
  if (loop_ != nullptr) {
    loop_->deferred_[position_] = nullptr;
  }
}

void Loop::Timer::ArmAt(SteadyTime when) {
  Cancel();
  at_ = loop_.timers_.emplace(when, this);
  armed_ = true;
}

void Loop::Timer::Cancel() {
  if (armed_) {
    loop_.timers_.erase(at_);
    armed_ = false;
  }
}

}  // namespace chaperone::runtime
