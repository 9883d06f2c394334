// A map from globs to values that finds the values of all globs that match a name without trying each: literals by
// hash, globs by hash of their literal prefix or suffix, whichever is longer. What starts and ends with a star (`*x*`)
// is tried one by one.
//
// Built once, then immutable and shared by threads.
#ifndef CHAPERONE_API_POLICY_GLOB_MAP_H_
#define CHAPERONE_API_POLICY_GLOB_MAP_H_

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/base/status.h"
#include "api/policy/glob.h"

namespace chaperone::policy {

template <typename T>
class GlobMap {
 public:
  // The value of exactly this glob, made when it is new. The reference is good until the next call.
  T& At(const Glob& glob) {
    const auto next = static_cast<uint32_t>(entries_.size());
    const auto [found, fresh] =
        glob.IsLiteral() ? exact_.try_emplace(glob.prefix(), next) : globs_.try_emplace(glob.Key(), next);
    const uint32_t index = found->second;
    if (fresh) {
      entries_.emplace_back(glob, T());
      File(glob, index);
    }
    return entries_[index].second;
  }

  // Calls `visit(const T&)` for each glob that matches.
  template <typename Visit>
  void ForEachMatch(std::string_view name, Visit&& visit) const {
    if (const auto found = exact_.find(base::ToAbsl(name)); found != exact_.end()) {
      visit(entries_[found->second].second);
    }
    if (any_ != kNone) {
      visit(entries_[any_].second);
    }
    for (const size_t length : prefix_lengths_) {
      if (length > name.size()) {
        break;
      }
      VisitFiled(by_prefix_, name.substr(0, length), name, visit);
    }
    for (const size_t length : suffix_lengths_) {
      if (length > name.size()) {
        break;
      }
      VisitFiled(by_suffix_, name.substr(name.size() - length), name, visit);
    }
    for (const uint32_t index : rest_) {
      if (entries_[index].first.Matches(name)) {
        visit(entries_[index].second);
      }
    }
  }

  // Calls `visit(const T&)` for every value.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const auto& [glob, value] : entries_) {
      visit(value);
    }
  }

  bool empty() const { return entries_.empty(); }

 private:
  using Filed = absl::flat_hash_map<std::string, std::vector<uint32_t>>;
  static constexpr uint32_t kNone = UINT32_MAX;

  void File(const Glob& glob, uint32_t index) {
    if (glob.IsLiteral()) {
      return;
    }
    if (glob.IsAny()) {
      any_ = index;
    } else if (glob.prefix().empty() && glob.suffix().empty()) {
      rest_.push_back(index);
    } else if (glob.prefix().size() >= glob.suffix().size()) {
      by_prefix_[glob.prefix()].push_back(index);
      AddLength(&prefix_lengths_, glob.prefix().size());
    } else {
      by_suffix_[glob.suffix()].push_back(index);
      AddLength(&suffix_lengths_, glob.suffix().size());
    }
  }

  static void AddLength(std::vector<size_t>* lengths, size_t length) {
    const auto at = std::lower_bound(lengths->begin(), lengths->end(), length);
    if (at == lengths->end() || *at != length) {
      lengths->insert(at, length);
    }
  }

  template <typename Visit>
  void VisitFiled(const Filed& filed, std::string_view part, std::string_view name, Visit&& visit) const {
    const auto found = filed.find(base::ToAbsl(part));
    if (found == filed.end()) {
      return;
    }
    for (const uint32_t index : found->second) {
      if (entries_[index].first.Matches(name)) {
        visit(entries_[index].second);
      }
    }
  }

  std::vector<std::pair<Glob, T>> entries_;
  // Into entries_: literals by name, the others by key.
  absl::flat_hash_map<std::string, uint32_t> exact_;
  absl::flat_hash_map<std::string, uint32_t> globs_;
  uint32_t any_ = kNone;
  Filed by_prefix_;
  Filed by_suffix_;
  // Ascending, without repeats.
  std::vector<size_t> prefix_lengths_;
  std::vector<size_t> suffix_lengths_;
  std::vector<uint32_t> rest_;
};

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_GLOB_MAP_H_
