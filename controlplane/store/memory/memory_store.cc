#include "controlplane/store/memory/memory_store.h"

#include <array>
#include <map>
#include <mutex>
#include <utility>

#include "controlplane/store/commit_queue.h"

namespace chaperone::store {

namespace {

using Table = std::map<std::string, std::string, std::less<>>;

class MemoryStore final : public Store, private CommitMedium {
 public:
  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const override {
    const std::lock_guard lock(mutex_);
    const Table& table = tables_[static_cast<size_t>(family)];
    const auto at = table.find(key);
    return at == table.end() ? std::nullopt : std::optional<std::string>(at->second);
  }

  absl::StatusOr<std::vector<Entry>> Scan(const ScanRange& range) const override {
    const std::lock_guard lock(mutex_);
    const Table& table = tables_[static_cast<size_t>(range.family)];
    const auto begin = table.lower_bound(range.begin);
    const auto end = range.end.empty() ? table.end() : table.lower_bound(range.end);
    if (!range.end.empty() && range.end <= range.begin) {
      return std::vector<Entry>();
    }
    return range.reverse ? Collect(range, std::make_reverse_iterator(end), std::make_reverse_iterator(begin))
                         : Collect(range, begin, end);
  }

  void CommitAsync(WriteBatch batch, CommitCallback done) override { queue_.Submit(std::move(batch), std::move(done)); }

 private:
  template <typename Iterator>
  static std::vector<Entry> Collect(const ScanRange& range, Iterator at, Iterator end) {
    std::vector<Entry> entries;
    size_t bytes = 0;
    for (; at != end && entries.size() < range.limit && bytes < range.value_bytes_max; ++at) {
      entries.push_back({at->first, at->second});
      bytes += at->second.size();
    }
    return entries;
  }

  absl::StatusOr<std::optional<std::string>> Read(Family family, std::string_view key) override {
    return Get(family, key);
  }

  absl::Status Write(const std::vector<const WriteBatch*>& batches) override {
    const std::lock_guard lock(mutex_);
    for (const WriteBatch* batch : batches) {
      for (const WriteBatch::Change& change : batch->changes()) {
        Table& table = tables_[static_cast<size_t>(change.family)];
        if (change.value) {
          table.insert_or_assign(change.key, *change.value);
        } else {
          table.erase(change.key);
        }
      }
    }
    return absl::OkStatus();
  }

  mutable std::mutex mutex_;
  std::array<Table, kFamilies> tables_;
  // Last: its thread uses the tables.
  CommitQueue queue_{this};
};

}  // namespace

std::unique_ptr<Store> NewMemoryStore() { return std::make_unique<MemoryStore>(); }

}  // namespace chaperone::store
