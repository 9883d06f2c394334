#include "api/policy/rule_memo.h"

#include <functional>

namespace chaperone::policy {

namespace {

constexpr size_t kResourceBytesMax = 256;

}  // namespace

RuleMemo::RuleMemo(size_t slots) : slots_count_(slots), slots_(std::make_unique<std::atomic<const Entry*>[]>(slots)) {}

size_t RuleMemo::SlotOf(const sql::Need& need) const {
  const size_t tag = static_cast<size_t>(need.action) * 16 + static_cast<size_t>(need.kind);
  return (std::hash<std::string_view>()(need.resource) + tag * 0x9e3779b97f4a7c15U) & (slots_count_ - 1);
}

RuleMemo::~RuleMemo() {
  for (size_t i = 0; i < slots_count_; ++i) {
    delete slots_[i].load(std::memory_order_relaxed);
  }
}

const std::vector<uint32_t>* RuleMemo::Find(const sql::Need& need) const {
  for (size_t slot = SlotOf(need);; slot = (slot + 1) & (slots_count_ - 1)) {
    const Entry* entry = slots_[slot].load(std::memory_order_acquire);
    if (entry == nullptr) {
      return nullptr;
    }
    if (entry->IsFor(need)) {
      return &entry->numbers;
    }
  }
}

void RuleMemo::Add(const sql::Need& need, std::span<const uint32_t> numbers) const {
  // Counted before it is added, so that half of the slots stay free however many threads add at once.
  if (need.resource.size() > kResourceBytesMax || size_.load(std::memory_order_relaxed) >= slots_count_ / 2) {
    return;
  }
  size_.fetch_add(1, std::memory_order_relaxed);
  auto fresh = std::make_unique<const Entry>(
      Entry{need.action, need.kind, need.resource, std::vector<uint32_t>(numbers.begin(), numbers.end())});
  for (size_t slot = SlotOf(need);; slot = (slot + 1) & (slots_count_ - 1)) {
    const Entry* found = nullptr;
    if (slots_[slot].compare_exchange_strong(found, fresh.get(), std::memory_order_acq_rel)) {
      fresh.release();
      return;
    }
    if (found->IsFor(need)) {
      return;
    }
  }
}

}  // namespace chaperone::policy
