#include "dataplane/runtime/waiter.h"

namespace chaperone::runtime {

void Waiter::Raise(uint32_t bits) {
  raised_ |= bits;
  if (waiting_) {
    std::exchange(waiting_, nullptr).resume();
  }
}

void Waiter::Suspend(std::coroutine_handle<> handle, SteadyTime deadline) {
  waiting_ = handle;
  deadline_ = deadline;
  if (!timer_.armed() || deadline < armed_for_) {
    armed_for_ = deadline;
    timer_.ArmAt(deadline);
  }
}

void Waiter::OnTimer() {
  if (!waiting_) {
    return;
  }
  if (loop_.Now() < deadline_) {
    armed_for_ = deadline_;
    timer_.ArmAt(deadline_);
    return;
  }
  Raise(kTimeout);
}

absl::Status WatchedFd::Attach(int fd, const Loop::Needs& needs) {
  CHAPERONE_ASSIGN_OR_RETURN(id_, waiter_.loop().Watch(fd, 0, this, needs));
  interest_ = 0;
  once_ = told_ = is_ending_ = false;
  return absl::OkStatus();
}

void WatchedFd::Release() {
  if (attached()) {
    waiter_.loop().Unwatch(std::exchange(id_, Loop::kNotWatched));
  }
}

void WatchedFd::Want(bool read, bool write) {
  uint32_t interest = (read ? EPOLLIN : 0u) | (write ? EPOLLOUT : 0u);
  if (once_ && interest != 0) {
    // The end of the stream may be told together with what comes before it, and then it is not told again.
    interest |= EPOLLET | (read ? EPOLLRDHUP : 0u);
  }
  const bool looks_again = told_ && (interest & EPOLLET) != 0;
  if ((interest != interest_ || looks_again) && attached()) {
    interest_ = interest;
    told_ = false;
    waiter_.loop().Modify(id_, interest);
  }
}

void WatchedFd::OnReady(uint32_t events) {
  told_ = true;
  is_ending_ = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  waiter_.Raise(bits_);
}

}  // namespace chaperone::runtime
