// Which values of masked columns principals have asked for by equality (`in_predicates: equality`, `equality_budget` of
// POLICY.md): each value that is compared with a column tells whether it is there. Counted over all sessions of this
// sidecar, from its start on; values are kept as keyed hashes alone.
#ifndef CHAPERONE_DATAPLANE_SESSION_PROBE_BUDGET_H_
#define CHAPERONE_DATAPLANE_SESSION_PROBE_BUDGET_H_

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace chaperone::session {

// Thread-safe.
class ProbeBudget {
 public:
  // Past `values_max` values of all accounts together no new one is counted, and so none may be asked for.
  explicit ProbeBudget(size_t values_max = 1'000'000) : values_max_(values_max) {}

  // Counts the values that `account` has not asked for before. False when there would be more than `budget` of them:
  // then none is counted.
  bool Spend(const std::string& account, const std::vector<uint64_t>& values, uint32_t budget);
  // How many different values the account has asked for.
  size_t SpentBy(const std::string& account) const;

 private:
  const size_t values_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::unordered_set<uint64_t>> accounts_;  // guarded by mutex_
  size_t values_ = 0;                                                       // guarded by mutex_
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_PROBE_BUDGET_H_
