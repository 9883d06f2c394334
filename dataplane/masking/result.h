// A statement's masking plan, held against the columns that the server says it returns, and applied to rows.
//
// The plan predicts; the server's provenance (table oid and column number in RowDescription) must agree where it says
// anything. A result that was not predicted, or is of another width, is an error that ends the session.
#ifndef CHAPERONE_DATAPLANE_MASKING_RESULT_H_
#define CHAPERONE_DATAPLANE_MASKING_RESULT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "api/masking/plan.h"
#include "api/policy/policy.h"
#include "api/sql/catalog.h"
#include "api/sql/facts.h"
#include "dataplane/masking/method.h"
#include "dataplane/masking/search.h"

namespace chaperone::masking {

// What RowDescription says of one column.
struct ResultColumn {
  std::string_view name;
  uint32_t table_oid = 0;
  int16_t attnum = 0;
  uint32_t type_oid = 0;
  int32_t type_modifier = -1;
  bool binary = false;
};

// How the rows of one result are changed. Made once for each result, or kept with a prepared statement. One session's:
// maskers keep scratch memory.
class ResultPlan {
 public:
  struct Column {
    // Null: no rule names the column.
    std::unique_ptr<CellMasker> masker;
    // Nothing of the value may show, not even that it is NULL: every cell becomes the same, `constant` or NULL.
    bool is_opaque = false;
    std::optional<std::string> constant;
    // Null: the cell is not searched, as one that is masked whole never is.
    std::unique_ptr<CellSearch> search;
    std::string rule;
    std::string method;
  };

  // `search`: what the columns' searches were made from; may be null. `look`: for the rules of all of them, where it
  // pays to look at a row before its cells.
  ResultPlan(std::vector<Column> columns, std::shared_ptr<const SearchRules> search,
             std::optional<RowLook> look = std::nullopt);

  // Appends the body of a DataRow with its cells masked, and counts the cells that were changed. Errors: DataLoss when
  // the row does not decode or has another width; then something may have been appended.
  absl::Status MaskRow(std::string_view body, std::string* out, uint64_t* masked_cells);

  // One cell that stands by itself; `cell` is absent for NULL. kValue: what it becomes was appended to `out`.
  enum class CellChange : uint8_t { kUnchanged, kValue, kNull };
  CellChange MaskCell(size_t column, std::optional<std::string_view> cell, std::string* out);

  // Every cell of the column is passed on as it is.
  bool Passes(size_t column) const {
    const Column& one = columns_[column];
    return !one.is_opaque && one.masker == nullptr && one.search == nullptr;
  }
  // The rule's id and the method's name; empty for a column that passes.
  std::string_view RuleOf(size_t column) const { return columns_[column].rule; }
  std::string_view MethodOf(size_t column) const { return columns_[column].method; }
  size_t size() const { return columns_.size(); }

 private:
  std::shared_ptr<const SearchRules> search_;
  std::vector<Column> columns_;
  std::optional<RowLook> look_;
  // What became of a cell under search.
  std::string searched_;
};

struct ResultPlanInput {
  const sql::Statement& statement;
  const StatementPlan& plan;
  const sql::Catalog& catalog;
  const policy::View& view;
  const DeploymentKey& key;
  // Of the view; null when it detects nothing.
  std::shared_ptr<const SearchRules> search;
};

// Null when every row passes as it is. Errors: FailedPrecondition when the columns are not those that were predicted,
// or when the view detects and `search` is null.
absl::StatusOr<std::shared_ptr<ResultPlan>> PlanResult(const ResultPlanInput& input,
                                                       const std::vector<ResultColumn>& columns);

// The same for the rows that COPY … TO STDOUT sends, of which the server says no more than how many columns there are
// and whether they are `binary`: names and types are those that the tree tells. REQUIRES: the statement's outputs are
// known. Errors: FailedPrecondition, as above.
absl::StatusOr<std::shared_ptr<ResultPlan>> PlanCopy(const ResultPlanInput& input, size_t columns, bool binary);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_RESULT_H_
