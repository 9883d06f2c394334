// Remembers which rules are about a need, so that a large policy costs what a small one does once a table was asked
// about.
//
// Threading: any number of threads may look up and add. Entries are only ever added, each is published whole, and all
// live as long as the memo. When it is full it adds no more, and the index is asked again and again.
#ifndef CHAPERONE_API_POLICY_RULE_MEMO_H_
#define CHAPERONE_API_POLICY_RULE_MEMO_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/sql/facts.h"

namespace chaperone::policy {

class RuleMemo {
 public:
  // REQUIRES: `slots` is a power of two. Half of them are used at most.
  explicit RuleMemo(size_t slots);
  ~RuleMemo();
  RuleMemo(const RuleMemo&) = delete;
  RuleMemo& operator=(const RuleMemo&) = delete;

  // Null when the need was not asked about.
  const std::vector<uint32_t>* Find(const sql::Need& need) const;
  void Add(const sql::Need& need, std::span<const uint32_t> numbers) const;

 private:
  struct Entry {
    sql::Action action;
    sql::ResourceKind kind;
    std::string resource;
    std::vector<uint32_t> numbers;

    bool IsFor(const sql::Need& need) const {
      return action == need.action && kind == need.kind && resource == need.resource;
    }
  };

  size_t SlotOf(const sql::Need& need) const;

  const size_t slots_count_;
  mutable std::atomic<size_t> size_{0};
  // Open addressing: an entry stands in the first free slot at or behind that of its hash.
  std::unique_ptr<std::atomic<const Entry*>[]> slots_;
};

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_RULE_MEMO_H_
