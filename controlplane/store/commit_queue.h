// Group commit: batches of many callers, checked one after another on one thread and written together with a single
// sync. Both stores sit on it, so that order, atomicity and preconditions mean the same in both.
#ifndef CHAPERONE_CONTROLPLANE_STORE_COMMIT_QUEUE_H_
#define CHAPERONE_CONTROLPLANE_STORE_COMMIT_QUEUE_H_

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "controlplane/store/store.h"

namespace chaperone::store {

// What a store does beneath the queue. Called on the queue's thread only.
class CommitMedium {
 public:
  virtual ~CommitMedium() = default;
  virtual absl::StatusOr<std::optional<std::string>> Read(Family family, std::string_view key) = 0;
  // Applies the changes of all batches, in order, atomically, and makes them durable.
  virtual absl::Status Write(const std::vector<const WriteBatch*>& batches) = 0;
};

struct CommitQueueLimits {
  // Past this, Submit blocks. A larger batch is taken alone.
  size_t queued_bytes_max = 128 << 20;
  // What one group may hold.
  size_t group_bytes_max = 16 << 20;
  size_t group_batches_max = 4096;
};

class CommitQueue {
 public:
  // REQUIRES: `medium` outlives the queue.
  explicit CommitQueue(CommitMedium* medium, CommitQueueLimits limits = {});
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;
  // Commits what is queued, then stops.
  ~CommitQueue();

  // Store::CommitAsync.
  void Submit(WriteBatch batch, CommitCallback done);

 private:
  struct Item {
    WriteBatch batch;
    CommitCallback done;
  };

  void Run();
  std::vector<Item> TakeGroup();
  void CommitGroup(std::vector<Item>& group);

  CommitMedium* const medium_;
  const CommitQueueLimits limits_;
  std::mutex mutex_;
  std::condition_variable queued_;
  std::condition_variable room_;
  std::deque<Item> items_;
  size_t queued_bytes_ = 0;
  bool stopping_ = false;
  // Last: starts when everything else stands.
  std::thread thread_;
};

}  // namespace chaperone::store

#endif  // CHAPERONE_CONTROLPLANE_STORE_COMMIT_QUEUE_H_
