#include "controlplane/metrics/metered_store.h"

#include <chrono>
#include <utility>

namespace chaperone::metrics {

namespace {

class MeteredStore final : public store::Store {
 public:
  MeteredStore(std::unique_ptr<store::Store> inner, Metrics* metrics) : metrics_(metrics), inner_(std::move(inner)) {}

  absl::StatusOr<std::optional<std::string>> Get(store::Family family, std::string_view key) const override {
    return Counted(inner_->Get(family, key));
  }

  absl::StatusOr<std::vector<store::Entry>> Scan(const store::ScanRange& range) const override {
    return Counted(inner_->Scan(range));
  }

  void CommitAsync(store::WriteBatch batch, store::CommitCallback done) override {
    const auto start = std::chrono::steady_clock::now();
    const uint64_t bytes = batch.bytes();
    inner_->CommitAsync(std::move(batch),
                        [metrics = metrics_, start, bytes, done = std::move(done)](const absl::Status& status) {
                          if (status.ok()) {
                            metrics->ObserveCommit(std::chrono::steady_clock::now() - start, bytes);
                          } else if (!absl::IsAborted(status)) {
                            metrics->CountStoreError("commit");
                          }
                          done(status);
                        });
  }

 private:
  template <typename Result>
  Result Counted(Result result) const {
    if (!result.ok()) {
      metrics_->CountStoreError("read");
    }
    return result;
  }

  Metrics* const metrics_;
  const std::unique_ptr<store::Store> inner_;
};

}  // namespace

std::unique_ptr<store::Store> Meter(std::unique_ptr<store::Store> inner, Metrics* metrics) {
  return std::make_unique<MeteredStore>(std::move(inner), metrics);
}

}  // namespace chaperone::metrics
