// A few threads for what would keep a loop from serving others: name look-ups, reading of large files, parsing of large
// texts. Work runs in order of arrival; its completion is posted to the loop that asked.
#ifndef CHAPERONE_DATAPLANE_RUNTIME_WORKERS_H_
#define CHAPERONE_DATAPLANE_RUNTIME_WORKERS_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "dataplane/runtime/loop.h"

namespace chaperone::runtime {

class Workers {
 public:
  // `queue_max`: how much work may wait.
  Workers(int threads, size_t queue_max);
  // Finishes the work at hand, drops the rest.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs `work` on a worker, then `done` on `loop`. False, and nothing runs, when the queue is full. Thread-safe.
  bool Run(Loop& loop, std::function<void()> work, std::function<void()> done);

 private:
  struct Item {
    Loop* loop;
    std::function<void()> work;
    std::function<void()> done;
  };
  void Serve();

  const size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Item> queue_;  // guarded by mutex_
  bool stopping_ = false;   // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace chaperone::runtime

#endif  // CHAPERONE_DATAPLANE_RUNTIME_WORKERS_H_
