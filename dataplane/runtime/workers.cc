#include "dataplane/runtime/workers.h"

#include <utility>

namespace chaperone::runtime {

Workers::Workers(int threads, size_t queue_max) : queue_max_(queue_max) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back(&Workers::Serve, this);
  }
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

bool Workers::Run(Loop& loop, std::function<void()> work, std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= queue_max_) {
      return false;
    }
    queue_.push_back(Item{&loop, std::move(work), std::move(done)});
  }
  arrived_.notify_one();
  return true;
}

void Workers::Serve() {
  for (;;) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) {
      return;
    }
    Item item = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    item.work();
    item.loop->Post(std::move(item.done));
  }
}

}  // namespace chaperone::runtime
