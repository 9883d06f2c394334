// A store that fails when a test says so, in front of another one.
#ifndef CHAPERONE_CONTROLPLANE_STORE_CONFORMANCE_FAULTY_STORE_H_
#define CHAPERONE_CONTROLPLANE_STORE_CONFORMANCE_FAULTY_STORE_H_

#include <atomic>
#include <memory>
#include <utility>

#include "controlplane/store/store.h"

namespace chaperone::store {

class FaultyStore final : public Store {
 public:
  enum class Fault {
    kNone,
    // Commits are refused and not applied.
    kRefuseCommits,
    // Commits are applied, and their answers lost: what a crash between the two looks like to a caller.
    kLoseAnswers,
    // Reads fail.
    kRefuseReads,
  };

  explicit FaultyStore(std::unique_ptr<Store> inner) : inner_(std::move(inner)) {}

  // Every call from now on, until changed.
  void Set(Fault fault) { fault_ = fault; }

  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const override {
    if (fault_ == Fault::kRefuseReads) {
      return Failure();
    }
    return inner_->Get(family, key);
  }

  absl::StatusOr<std::vector<Entry>> Scan(const ScanRange& range) const override {
    if (fault_ == Fault::kRefuseReads) {
      return Failure();
    }
    return inner_->Scan(range);
  }

  void CommitAsync(WriteBatch batch, CommitCallback done) override {
    switch (fault_.load()) {
      case Fault::kRefuseCommits:
        // An empty batch keeps the order of callbacks, and their thread.
        return inner_->CommitAsync({}, [done = std::move(done)](const absl::Status&) { done(Failure()); });
      case Fault::kLoseAnswers:
        return inner_->CommitAsync(std::move(batch),
                                   [done = std::move(done)](const absl::Status&) { done(Failure()); });
      default:
        return inner_->CommitAsync(std::move(batch), std::move(done));
    }
  }

 private:
  static absl::Status Failure() { return base::Unavailable("the disk is full"); }

  const std::unique_ptr<Store> inner_;
  std::atomic<Fault> fault_ = Fault::kNone;
};

}  // namespace chaperone::store

#endif  // CHAPERONE_CONTROLPLANE_STORE_CONFORMANCE_FAULTY_STORE_H_
