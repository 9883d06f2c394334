// A set of columns during the analysis of one statement: bits over the columns that the statement has touched so far
// (ColumnTable numbers them). Small sets need no memory of their own.
#ifndef CHAPERONE_API_SQL_COLUMN_SET_H_
#define CHAPERONE_API_SQL_COLUMN_SET_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "api/sql/facts.h"

namespace chaperone::sql {

class ColumnSet {
 public:
  void Add(size_t index) {
    if (index < 64) {
      low_ |= uint64_t{1} << index;
      return;
    }
    const size_t word = index / 64 - 1;
    if (high_.size() <= word) {
      high_.resize(word + 1);
    }
    high_[word] |= uint64_t{1} << (index % 64);
  }
  void Add(const ColumnSet& other) {
    low_ |= other.low_;
    if (high_.size() < other.high_.size()) {
      high_.resize(other.high_.size());
    }
    for (size_t i = 0; i < other.high_.size(); ++i) {
      high_[i] |= other.high_[i];
    }
  }
  void Remove(const ColumnSet& other) {
    low_ &= ~other.low_;
    for (size_t i = 0; i < high_.size() && i < other.high_.size(); ++i) {
      high_[i] &= ~other.high_[i];
    }
  }
  bool Contains(const ColumnSet& other) const {
    if ((other.low_ & ~low_) != 0) {
      return false;
    }
    for (size_t i = 0; i < other.high_.size(); ++i) {
      if ((other.high_[i] & ~(i < high_.size() ? high_[i] : 0)) != 0) {
        return false;
      }
    }
    return true;
  }
  bool empty() const {
    if (low_ != 0) {
      return false;
    }
    for (const uint64_t word : high_) {
      if (word != 0) {
        return false;
      }
    }
    return true;
  }
  // Calls `visit(index)` in rising order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    VisitWord(low_, 0, visit);
    for (size_t i = 0; i < high_.size(); ++i) {
      VisitWord(high_[i], (i + 1) * 64, visit);
    }
  }

 private:
  template <typename Visit>
  static void VisitWord(uint64_t word, size_t base, Visit& visit) {
    while (word != 0) {
      visit(base + static_cast<size_t>(std::countr_zero(word)));
      word &= word - 1;
    }
  }

  uint64_t low_ = 0;
  std::vector<uint64_t> high_;
};

// The columns that a statement has touched, numbered in order of appearance.
class ColumnTable {
 public:
  size_t IndexOf(ColumnId column) {
    // Statements touch a handful of columns: a scan beats a hash until they touch many.
    if (columns_.size() <= kScanMax) {
      for (size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i] == column) {
          return i;
        }
      }
    } else if (const auto it = index_.find(Key(column)); it != index_.end()) {
      return it->second;
    }
    columns_.push_back(column);
    if (columns_.size() == kScanMax + 1) {
      for (size_t i = 0; i < columns_.size(); ++i) {
        index_.emplace(Key(columns_[i]), i);
      }
    } else if (columns_.size() > kScanMax) {
      index_.emplace(Key(column), columns_.size() - 1);
    }
    return columns_.size() - 1;
  }
  ColumnId operator[](size_t index) const { return columns_[index]; }

 private:
  static constexpr size_t kScanMax = 32;
  static uint64_t Key(ColumnId column) {
    return (uint64_t{column.relation} << 16) | static_cast<uint16_t>(column.attnum);
  }

  std::vector<ColumnId> columns_;
  std::unordered_map<uint64_t, size_t> index_;
};

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_COLUMN_SET_H_
