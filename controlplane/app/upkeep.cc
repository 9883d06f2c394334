#include "controlplane/app/upkeep.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace chaperone::app {

Upkeep::Upkeep(std::vector<Chore> chores) : chores_(std::move(chores)), thread_([this] { Run(); }) {}

Upkeep::~Upkeep() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void Upkeep::Run() {
  using Clock = std::chrono::steady_clock;
  std::vector<Clock::time_point> due(chores_.size());
  for (size_t i = 0; i < chores_.size(); ++i) {
    due[i] = Clock::now() + chores_[i].every;
  }
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (stop_.wait_until(lock, *std::min_element(due.begin(), due.end()), [this] { return stopping_; })) {
        return;
      }
    }
    for (size_t i = 0; i < chores_.size(); ++i) {
      if (due[i] <= Clock::now()) {
        if (const absl::Status status = chores_[i].run(); !status.ok()) {
          spdlog::warn("{}: {}", chores_[i].name, base::Describe(status));
        }
        due[i] = Clock::now() + chores_[i].every;
      }
    }
  }
}

}  // namespace chaperone::app
