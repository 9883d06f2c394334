// The evaluator: which of a view's rules decide about a need, and what that makes of a message. Used by View::Judge
// and, for "what may I do instead", by its hints.
#ifndef CHAPERONE_API_POLICY_EVALUATOR_H_
#define CHAPERONE_API_POLICY_EVALUATOR_H_

#include <absl/container/inlined_vector.h>

#include <chrono>
#include <optional>
#include <string>

#include "api/policy/view.h"

namespace chaperone::policy {

using SystemTime = std::chrono::system_clock::time_point;

// What the rules say about one need.
struct NeedResult {
  // The first denying rule, the demanding rules, the first allowing rule; by precedence.
  const ViewRule* deny = nullptr;
  absl::InlinedVector<const ViewRule*, 4> approvals;
  const ViewRule* allow = nullptr;
  // The rule that lets through the fewest rows, of those that allow or demand.
  const ViewRule* bound = nullptr;

  Decision decision() const;
  // The rule that decides; null when none does.
  const ViewRule* rule() const;
};

// Enforced rules alone, and all rules, observed ones included.
struct NeedResults {
  NeedResult enforced;
  NeedResult all;
};

// Evaluates one need. `valid_until` is brought forward to the next change of a time window that matters here.
NeedResults Evaluate(const CompiledView& view, const sql::Need& need, SystemTime now,
                     std::optional<SystemTime>* valid_until);

// "read on public.orders"; "maintain" for a need on the statement as a whole.
std::string Describe(const sql::Need& need);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_EVALUATOR_H_
