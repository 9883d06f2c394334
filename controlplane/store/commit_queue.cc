#include "controlplane/store/commit_queue.h"

#include <unordered_map>
#include <utility>

namespace chaperone::store {

namespace {

// What the batches of a group that stand before the present one have changed.
class Overlay {
 public:
  void Apply(const WriteBatch& batch) {
    for (const WriteBatch::Change& change : batch.changes()) {
      changed_[Place(change.family, change.key)] = &change.value;
    }
  }

  // Null: untouched by the group.
  const std::optional<std::string>* Find(Family family, std::string_view key) const {
    if (changed_.empty()) {
      return nullptr;
    }
    const auto at = changed_.find(Place(family, key));
    return at == changed_.end() ? nullptr : at->second;
  }

 private:
  static std::string Place(Family family, std::string_view key) {
    std::string place(1, static_cast<char>(family));
    place.append(key);
    return place;
  }

  std::unordered_map<std::string, const std::optional<std::string>*> changed_;
};

absl::Status CheckPreconditions(const WriteBatch& batch, const Overlay& overlay, CommitMedium& medium) {
  for (const WriteBatch::Precondition& wanted : batch.preconditions()) {
    const std::optional<std::string>* pending = overlay.Find(wanted.family, wanted.key);
    bool holds;
    if (pending != nullptr) {
      holds = *pending == wanted.value;
    } else {
      CHAPERONE_ASSIGN_OR_RETURN(const std::optional<std::string> stored, medium.Read(wanted.family, wanted.key));
      holds = stored == wanted.value;
    }
    if (!holds) {
      return base::Aborted("a concurrent change of \"{}\" came first; read again and retry", FamilyName(wanted.family));
    }
  }
  return absl::OkStatus();
}

}  // namespace

CommitQueue::CommitQueue(CommitMedium* medium, CommitQueueLimits limits)
    : medium_(medium), limits_(limits), thread_([this] { Run(); }) {}

CommitQueue::~CommitQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  queued_.notify_one();
  room_.notify_all();
  thread_.join();
}

void CommitQueue::Submit(WriteBatch batch, CommitCallback done) {
  const size_t bytes = batch.bytes();
  {
    std::unique_lock lock(mutex_);
    // A callback that commits again must not wait for the thread it runs on.
    if (std::this_thread::get_id() != thread_.get_id()) {
      room_.wait(lock,
                 [&] { return stopping_ || queued_bytes_ == 0 || queued_bytes_ + bytes <= limits_.queued_bytes_max; });
    }
    if (!stopping_) {
      queued_bytes_ += bytes;
      items_.push_back({std::move(batch), std::move(done)});
      lock.unlock();
      queued_.notify_one();
      return;
    }
  }
  done(base::Unavailable("the store is closing"));
}

std::vector<CommitQueue::Item> CommitQueue::TakeGroup() {
  std::vector<Item> group;
  size_t bytes = 0;
  std::unique_lock lock(mutex_);
  queued_.wait(lock, [&] { return stopping_ || !items_.empty(); });
  while (!items_.empty() && group.size() < limits_.group_batches_max &&
         (group.empty() || bytes + items_.front().batch.bytes() <= limits_.group_bytes_max)) {
    bytes += items_.front().batch.bytes();
    group.push_back(std::move(items_.front()));
    items_.pop_front();
  }
  queued_bytes_ -= bytes;
  lock.unlock();
  room_.notify_all();
  return group;
}

void CommitQueue::CommitGroup(std::vector<Item>& group) {
  std::vector<absl::Status> outcomes(group.size());
  std::vector<const WriteBatch*> accepted;
  Overlay overlay;
  for (size_t i = 0; i < group.size(); ++i) {
    outcomes[i] = CheckPreconditions(group[i].batch, overlay, *medium_);
    if (outcomes[i].ok()) {
      accepted.push_back(&group[i].batch);
      if (i + 1 < group.size()) {
        overlay.Apply(group[i].batch);
      }
    }
  }
  const absl::Status written = accepted.empty() ? absl::OkStatus() : medium_->Write(accepted);
  for (size_t i = 0; i < group.size(); ++i) {
    group[i].done(outcomes[i].ok() ? written : outcomes[i]);
  }
}

void CommitQueue::Run() {
  for (;;) {
    std::vector<Item> group = TakeGroup();
    if (group.empty()) {
      return;  // stopping, and nothing is left
    }
    CommitGroup(group);
  }
}

}  // namespace chaperone::store
