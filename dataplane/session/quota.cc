#include "dataplane/session/quota.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace chaperone::session {

namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::string_view kMeasureNames[] = {"rows", "bytes", "statements", "masked_values"};
// What is taken from an account at once.
constexpr uint64_t kBatches[] = {64, 64 << 10, 1, 16};

uint64_t LimitOf(const policy::Quota& quota, Measure measure) {
  switch (measure) {
    case Measure::kRows:
      return quota.rows;
    case Measure::kBytes:
      return quota.bytes;
    case Measure::kStatements:
      return quota.statements;
    case Measure::kMaskedValues:
      return quota.masked_values;
  }
  return 0;
}

// "1d", "90s": as documents write it.
std::string InWords(seconds time) {
  constexpr std::pair<int64_t, char> kUnits[] = {{86'400, 'd'}, {3600, 'h'}, {60, 'm'}};
  for (const auto& [unit, letter] : kUnits) {
    if (time.count() >= unit && time.count() % unit == 0) {
      return fmt::format("{}{}", time.count() / unit, letter);
    }
  }
  return fmt::format("{}s", time.count());
}

// To the minute, where seconds do not matter; never less than it is.
std::string RoughlyInWords(seconds time) {
  const int64_t s = time.count();
  return s < 120    ? fmt::format("{} s", s)
         : s < 7200 ? fmt::format("{} min", (s + 59) / 60)
                    : fmt::format("{} h", (s + 3599) / 3600);
}

}  // namespace

QuotaAccount::QuotaAccount(seconds window)
    : step_(std::max(nanoseconds(1), nanoseconds(window) / static_cast<int64_t>(kSteps))) {}

uint64_t QuotaAccount::StepAt(Time now) const {
  // From 1 on, so that 0 is before anything.
  return 1 + static_cast<uint64_t>(std::max(nanoseconds(0), nanoseconds(now.time_since_epoch())) / step_);
}

void QuotaAccount::MoveTo(uint64_t step) {
  if (current_.load(std::memory_order_acquire) >= step) {
    return;
  }
  const std::lock_guard lock(mutex_);
  const uint64_t current = current_.load(std::memory_order_relaxed);
  for (uint64_t next = std::max(current + 1, step >= kKept ? step - kKept + 1 : 0); next <= step; ++next) {
    for (size_t measure = 0; measure < kMeasures; ++measure) {
      const uint64_t forgotten = by_step_[next % kKept][measure].exchange(0, std::memory_order_relaxed);
      used_[measure].fetch_sub(forgotten, std::memory_order_relaxed);
    }
  }
  current_.store(std::max(current, step), std::memory_order_release);
}

QuotaAccount::Taken QuotaAccount::Take(Measure measure, uint64_t wanted, uint64_t limit, Time now) {
  const uint64_t step = StepAt(now);
  MoveTo(step);
  const size_t m = static_cast<size_t>(measure);
  uint64_t used = used_[m].load(std::memory_order_relaxed);
  uint64_t amount = 0;
  do {
    amount = used >= limit ? 0 : std::min(wanted, limit - used);
  } while (amount > 0 && !used_[m].compare_exchange_weak(used, used + amount, std::memory_order_relaxed));
  by_step_[step % kKept][m].fetch_add(amount, std::memory_order_relaxed);
  return {amount, step};
}

void QuotaAccount::GiveBack(Measure measure, const Taken& unused) {
  if (unused.amount == 0) {
    return;
  }
  const std::lock_guard lock(mutex_);
  if (current_.load(std::memory_order_relaxed) >= unused.step + kKept) {
    return;
  }
  const size_t m = static_cast<size_t>(measure);
  by_step_[unused.step % kKept][m].fetch_sub(unused.amount, std::memory_order_relaxed);
  used_[m].fetch_sub(unused.amount, std::memory_order_relaxed);
}

uint64_t QuotaAccount::Used(Measure measure, Time now) {
  MoveTo(StepAt(now));
  return used_[static_cast<size_t>(measure)].load(std::memory_order_relaxed);
}

seconds QuotaAccount::FreeIn(Measure measure, uint64_t limit, Time now) {
  uint64_t used = Used(measure, now);
  if (used < limit) {
    return seconds(0);
  }
  const std::lock_guard lock(mutex_);
  const uint64_t current = current_.load(std::memory_order_relaxed);
  uint64_t step = current >= kKept ? current - kKept + 1 : 0;
  for (; step <= current && used >= limit; ++step) {
    used -= std::min(used, by_step_[step % kKept][static_cast<size_t>(measure)].load(std::memory_order_relaxed));
  }
  // Step s, counted from 1, ends at s * step_, and is forgotten kKept - 1 steps later.
  const nanoseconds at = step_ * static_cast<int64_t>(step - 1 + kKept - 1);
  return std::chrono::ceil<seconds>(std::max(nanoseconds(0), at - nanoseconds(now.time_since_epoch())));
}

std::shared_ptr<QuotaAccount> QuotaBook::AccountOf(const std::string& key, seconds window, QuotaAccount::Time now) {
  const std::string full = fmt::format("{};{}", window.count(), key);
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(full);
  if (found != accounts_.end()) {
    return found->second;
  }
  if (accounts_.size() >= std::min(sweep_at_, accounts_max_)) {
    std::erase_if(accounts_, [now](const auto& entry) {
      bool used = entry.second.use_count() > 1;
      for (size_t m = 0; m < kMeasures && !used; ++m) {
        used = entry.second->Used(static_cast<Measure>(m), now) > 0;
      }
      return !used;
    });
    sweep_at_ = std::max<size_t>(1024, accounts_.size() * 2);
  }
  const std::string name = accounts_.size() >= accounts_max_ ? fmt::format("{};the rest", window.count()) : full;
  std::shared_ptr<QuotaAccount>& account = accounts_[name];
  if (account == nullptr) {
    account = std::make_shared<QuotaAccount>(window);
  }
  return account;
}

void QuotaMeter::SetLimits(const policy::Limits& limits, QuotaBook& book, const std::string& principal,
                           const std::string& task, Time now) {
  Settle();
  per_session_ = limits.per_session;
  shares_.clear();
  const auto add = [&](std::string_view scope, const std::string& whose,
                       const std::vector<policy::WindowedQuota>& quotas) {
    for (const policy::WindowedQuota& quota : quotas) {
      shares_.push_back({book.AccountOf(fmt::format("{};{}", scope, whose), quota.window, now),
                         scope,
                         quota.window,
                         quota.quota,
                         {}});
    }
  };
  add("per_principal", principal, limits.per_principal);
  if (!task.empty()) {
    add("per_task", task, limits.per_task);
  }
}

bool QuotaMeter::Spend(Measure measure, uint64_t amount, Time now) {
  const size_t m = static_cast<size_t>(measure);
  const uint64_t limit = LimitOf(per_session_, measure);
  if (limit != 0 && (used_[m] >= limit || amount > limit - used_[m])) {
    Exhaust(nullptr, measure, limit, now);
    return false;
  }
  for (size_t i = 0; i < shares_.size(); ++i) {
    if (!SpendShared(shares_[i], measure, amount, now)) {
      while (i-- > 0) {
        shares_[i].taken[m].amount += LimitOf(shares_[i].quota, measure) == 0 ? 0 : amount;
      }
      return false;
    }
  }
  used_[m] += amount;
  return true;
}

bool QuotaMeter::SpendShared(Share& share, Measure measure, uint64_t amount, Time now) {
  const uint64_t limit = LimitOf(share.quota, measure);
  if (limit == 0) {
    return true;
  }
  QuotaAccount::Taken& taken = share.taken[static_cast<size_t>(measure)];
  if (taken.amount < amount) {
    share.account->GiveBack(measure, taken);
    taken = share.account->Take(measure, std::max(amount, kBatches[static_cast<size_t>(measure)]), limit, now);
  }
  if (taken.amount < amount) {
    Exhaust(&share, measure, limit, now);
    return false;
  }
  taken.amount -= amount;
  return true;
}

bool QuotaMeter::Has(Measure measure, Time now) {
  const uint64_t limit = LimitOf(per_session_, measure);
  if (limit != 0 && used_[static_cast<size_t>(measure)] >= limit) {
    Exhaust(nullptr, measure, limit, now);
    return false;
  }
  for (Share& share : shares_) {
    const uint64_t shared = LimitOf(share.quota, measure);
    if (shared != 0 && share.taken[static_cast<size_t>(measure)].amount == 0 &&
        share.account->Used(measure, now) >= shared) {
      Exhaust(&share, measure, shared, now);
      return false;
    }
  }
  return true;
}

void QuotaMeter::Exhaust(const Share* share, Measure measure, uint64_t limit, Time now) {
  const std::string_view name = kMeasureNames[static_cast<size_t>(measure)];
  exhausted_ = Exhausted();
  if (share == nullptr) {
    exhausted_.limit = fmt::format("per_session.{} = {}", name, limit);
    exhausted_.hint = "This session has used up what it may; a new session starts from zero.";
    return;
  }
  exhausted_.limit = fmt::format("{}.{} = {} in {}", share->scope, name, limit, InWords(share->window));
  exhausted_.free_in = share->account->FreeIn(measure, limit, now);
  exhausted_.hint = fmt::format(
      "It counts over all sessions of the {} and has room again in {}; asking for less helps, a new session does not.",
      share->scope == "per_task" ? "task" : "principal", RoughlyInWords(*exhausted_.free_in));
}

void QuotaMeter::Settle() {
  for (Share& share : shares_) {
    SettleShare(share);
  }
}

void QuotaMeter::SettleShare(Share& share) {
  for (size_t m = 0; m < kMeasures; ++m) {
    share.account->GiveBack(static_cast<Measure>(m), std::exchange(share.taken[m], {}));
  }
}

}  // namespace chaperone::session
