// How much principals and tasks have used of their quotas, over all sessions of this sidecar (`limits.per_session`,
// `per_principal` and `per_task` of POLICY.md). Kept in memory: a sidecar that restarts begins anew, and each sidecar
// counts for itself.
//
// A session takes from an account in batches and spends what it has taken by itself, so that a row costs no atomic
// operation; what a round has left over is given back at its end. So a quota is never exceeded, and where several
// sessions run at once one may be refused while another still holds a part of the last batch.
#ifndef CHAPERONE_DATAPLANE_SESSION_QUOTA_H_
#define CHAPERONE_DATAPLANE_SESSION_QUOTA_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/policy/policy.h"

namespace chaperone::session {

enum class Measure : uint8_t { kRows, kBytes, kStatements, kMaskedValues };
inline constexpr size_t kMeasures = 4;

// What was used of each measure within any stretch of a window. The window moves in steps of 1/64 of its length, so
// that what was used is forgotten that much too late at most, and never too early. Thread-safe.
class QuotaAccount {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit QuotaAccount(std::chrono::seconds window);

  struct Taken {
    uint64_t amount = 0;
    // When it was taken: for GiveBack.
    uint64_t step = 0;
  };
  // Takes up to `wanted`, as far as `limit` allows.
  Taken Take(Measure measure, uint64_t wanted, uint64_t limit, Time now);
  // Returns what was taken and not used. What the window has left behind is forgotten anyway.
  void GiveBack(Measure measure, const Taken& unused);
  uint64_t Used(Measure measure, Time now);
  // How long until less than `limit` is used; 0 when it is now.
  std::chrono::seconds FreeIn(Measure measure, uint64_t limit, Time now);

 private:
  static constexpr uint64_t kSteps = 64;
  // A step is forgotten when the window has moved past all of it.
  static constexpr uint64_t kKept = kSteps + 1;

  uint64_t StepAt(Time now) const;
  void MoveTo(uint64_t step);

  const std::chrono::nanoseconds step_;
  std::array<std::atomic<uint64_t>, kMeasures> used_{};
  std::atomic<uint64_t> current_{0};
  std::mutex mutex_;
  // By step and measure; subtracted from under mutex_ only.
  std::array<std::array<std::atomic<uint64_t>, kMeasures>, kKept> by_step_{};
};

// All accounts of the sidecar. Thread-safe.
class QuotaBook {
 public:
  // `key` says whose account it is; one for each window. Past `accounts_max` accounts that are in use, the rest share
  // one: strangers' quotas then run out early rather than never.
  explicit QuotaBook(size_t accounts_max = 20'000) : accounts_max_(accounts_max) {}
  std::shared_ptr<QuotaAccount> AccountOf(const std::string& key, std::chrono::seconds window, QuotaAccount::Time now);

 private:
  const size_t accounts_max_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<QuotaAccount>> accounts_;  // guarded by mutex_
  size_t sweep_at_ = 1024;                                                   // guarded by mutex_
};

// One session's spending. Threading: one loop.
class QuotaMeter {
 public:
  using Time = QuotaAccount::Time;

  QuotaMeter() = default;
  ~QuotaMeter() { Settle(); }
  QuotaMeter(const QuotaMeter&) = delete;
  QuotaMeter& operator=(const QuotaMeter&) = delete;

  // Whose quotas, from now on. What the session has used stays used. `task` may be empty.
  void SetLimits(const policy::Limits& limits, QuotaBook& book, const std::string& principal, const std::string& task,
                 Time now);
  // Nothing is bounded.
  bool empty() const { return per_session_ == policy::Quota() && shares_.empty(); }
  // Spends `amount`. False when a quota does not hold it: nothing is spent then, and `exhausted` says which.
  bool Spend(Measure measure, uint64_t amount, Time now);
  // True when one more could be spent; `exhausted` otherwise says which.
  bool Has(Measure measure, Time now);
  // Gives back what was taken in advance.
  void Settle();

  struct Exhausted {
    // "per_task.rows = 5000 in 1d".
    std::string limit;
    std::string hint;
    // When it has room again; none for a session's own.
    std::optional<std::chrono::seconds> free_in;
  };
  const Exhausted& exhausted() const { return exhausted_; }

 private:
  struct Share {
    std::shared_ptr<QuotaAccount> account;
    std::string_view scope;
    std::chrono::seconds window{};
    policy::Quota quota;
    std::array<QuotaAccount::Taken, kMeasures> taken{};
  };
  bool SpendShared(Share& share, Measure measure, uint64_t amount, Time now);
  void Exhaust(const Share* share, Measure measure, uint64_t limit, Time now);
  void SettleShare(Share& share);

  policy::Quota per_session_;
  std::array<uint64_t, kMeasures> used_{};
  std::vector<Share> shares_;
  Exhausted exhausted_;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_QUOTA_H_
