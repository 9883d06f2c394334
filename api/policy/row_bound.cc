#include "api/policy/row_bound.h"

namespace chaperone::policy {

std::optional<Uncountable> WhyUncountable(const sql::Facts& facts) {
  for (const sql::Statement& statement : facts.statements) {
    if (statement.is_explain && statement.writes_uncounted) {
      return Uncountable{"EXPLAIN ANALYZE runs the statement without saying how many rows it changes",
                         "Leave ANALYZE out: EXPLAIN alone shows the plan without running it."};
    }
    if (statement.writes_uncounted) {
      return Uncountable{
          "rows that a WITH clause or an INSTEAD OF trigger changes are not counted",
          "Send each INSERT, UPDATE, DELETE or MERGE as a statement of its own, on a table and outside of WITH."};
    }
    if (facts.statements.size() > 1 && statement.transaction != sql::TransactionVerb::kNone) {
      return Uncountable{"a text that ends or divides its transaction cannot be undone as a whole",
                         "Send BEGIN, COMMIT, ROLLBACK and savepoints as messages of their own."};
    }
  }
  return std::nullopt;
}

}  // namespace chaperone::policy
