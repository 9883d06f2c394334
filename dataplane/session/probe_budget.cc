#include "dataplane/session/probe_budget.h"

#include <algorithm>

namespace chaperone::session {

bool ProbeBudget::Spend(const std::string& account, const std::vector<uint64_t>& values, uint32_t budget) {
  std::vector<uint64_t> fresh = values;
  std::sort(fresh.begin(), fresh.end());
  fresh.erase(std::unique(fresh.begin(), fresh.end()), fresh.end());
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(account);
  if (found != accounts_.end()) {
    std::erase_if(fresh, [&](uint64_t value) { return found->second.contains(value); });
  }
  if (fresh.empty()) {
    return true;
  }
  const size_t known = found == accounts_.end() ? 0 : found->second.size();
  if (known + fresh.size() > budget || values_ + fresh.size() > values_max_) {
    return false;
  }
  accounts_[account].insert(fresh.begin(), fresh.end());
  values_ += fresh.size();
  return true;
}

size_t ProbeBudget::SpentBy(const std::string& account) const {
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? 0 : found->second.size();
}

}  // namespace chaperone::session
