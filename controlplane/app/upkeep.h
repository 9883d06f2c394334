// What has to be done every so often: one thread, a few chores, each with its interval.
#ifndef CHAPERONE_CONTROLPLANE_APP_UPKEEP_H_
#define CHAPERONE_CONTROLPLANE_APP_UPKEEP_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/base/status.h"

namespace chaperone::app {

class Upkeep {
 public:
  struct Chore {
    std::string name;
    std::chrono::milliseconds every;
    std::function<absl::Status()> run;
  };

  // Starts at once. A chore that fails is logged and tried again at its next time.
  explicit Upkeep(std::vector<Chore> chores);
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;
  // Waits for a chore that is under way.
  ~Upkeep();

 private:
  void Run();

  const std::vector<Chore> chores_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace chaperone::app

#endif  // CHAPERONE_CONTROLPLANE_APP_UPKEEP_H_
