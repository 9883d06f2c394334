// Which result columns of a statement are masked, and whether the statement may run at all under the masking rules.
// Pure: from Facts, catalog and policy alone, before anything is sent. The sidecar then holds the plan against
// what the server says of its columns (dataplane/masking/result.h).
//
// Unknown means masked: an output whose sources are not known is treated as coming from a masked column.
#ifndef CHAPERONE_API_MASKING_PLAN_H_
#define CHAPERONE_API_MASKING_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "api/policy/policy.h"
#include "api/sql/catalog.h"
#include "api/sql/facts.h"

namespace chaperone::masking {

// How one output column is masked.
struct OutputMask {
  enum class Kind : uint8_t {
    kNone,
    // The column's values are a masked column's own: the rule's method applies.
    kColumn,
    // The values are a JSON column's own, of which parts are masked.
    kPaths,
    // The values are computed from masked columns, or from what is not known: nothing of them may show.
    kOpaque,
  };
  Kind kind = Kind::kNone;
  // Null for kNone, and for kOpaque without a rule (unknown sources). Of kPaths: that of the first path.
  const policy::MaskingRule* rule = nullptr;
  // Of kPaths.
  std::vector<policy::JsonPathMask> paths;
};

// The mask that a column's own values call for.
OutputMask MaskOfColumn(const policy::View& view, const sql::Catalog::ColumnParts& parts);

// Why a statement may not run, in words for the agent.
struct MaskingRefusal {
  // Of the masking rule; empty when no single rule is the reason.
  std::string policy;
  std::string rule;
  // schema.table.column
  std::string column;
  std::string message;
  std::string hint;
};

// Values that the statement compares a masked column with by equality, where the column's rule allows that.
struct EqualityProbe {
  const policy::MaskingRule* rule = nullptr;
  sql::ColumnId column;
  // As sql::EqualityProbe.
  std::vector<std::string> constants;
  std::vector<int64_t> parameters;
};

struct StatementPlan {
  // One for each output; meaningful when outputs_known.
  std::vector<OutputMask> outputs;
  bool outputs_known = false;
  // The statement refers to a masked column somewhere, or to what is not known, writes to a table that has one, or runs
  // code that someone made: errors and notices may quote values.
  bool touches_masked = false;
  // Some output is masked, or cells are searched by detectors (those of COPY … TO STDOUT too).
  bool changes_rows = false;
  std::optional<MaskingRefusal> refusal;
  // Why a value that looks masked may not be written: the statement writes a column that is masked with asterisks.
  std::optional<MaskingRefusal> written_mask;
  // To be counted against the principal's budget before each run.
  std::vector<EqualityProbe> probes;
  // The last description of this statement's result that was found to be the predicted one, with nothing to mask.
  mutable std::string verified_description;
};

// REQUIRES: the view outlives the plan.
StatementPlan PlanStatement(const sql::Statement& statement, const sql::Catalog& catalog, const policy::View& view);

}  // namespace chaperone::masking

#endif  // CHAPERONE_API_MASKING_PLAN_H_
