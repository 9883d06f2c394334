// Whether a WHERE keeps any row out. Internal to api/sql.
#ifndef CHAPERONE_API_SQL_WHERE_H_
#define CHAPERONE_API_SQL_WHERE_H_

#include <cstdint>

#include "api/sql/scope.h"
#include "api/sql/tree.h"

namespace chaperone::sql {

// True when `where`, over rows of `target`, is as good as none: absent, true when constants are folded (NULLs aside:
// `id = id`), true for every row that is looked at, or without regard to the row; also when it has too many branches to
// tell. False when it folds to false.
class WhereJudge {
 public:
  explicit WhereJudge(const RangeItem& target) : target_(target) {}

  bool IsAbsent(const Node* where) const;

 private:
  enum class Truth : uint8_t { kTrue, kFalse, kOpen };

  Truth Judge(const Node& node, int depth) const;
  Truth JudgeBool(const Node& node, int depth) const;
  Truth JudgeComparison(const Node& node, int depth) const;
  // Whatever the row, one of the two is true (NULLs aside).
  static bool AreOpposite(const Node& a, const Node& b);
  Truth JudgeNullTest(const Node& node) const;
  Truth JudgeSubLink(const Node& node, int depth) const;
  Truth JudgeCase(const Node& node, int depth) const;
  // Whether a WHEN of `node` is taken.
  Truth JudgeWhen(const Node& node, const Node& when, int depth) const;
  // What CASE and COALESCE come to as far as constants decide.
  const Node* Fold(const Node* node, int depth) const;
  // The expression refers to a column of the target.
  bool DependsOnTarget(const Node& node) const;
  bool IsTargetColumn(const Node& node) const;
  const Column* TargetColumn(const Node& node) const;

  const RangeItem& target_;
  // Branches of CASE judged so far: nested ones are judged more than once.
  mutable int branches_ = 0;
};

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_WHERE_H_
