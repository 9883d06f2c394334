// What a denied or held agent is told to do next, in words that it can act on.
#ifndef CHAPERONE_API_POLICY_HINT_H_
#define CHAPERONE_API_POLICY_HINT_H_

#include "api/policy/evaluator.h"

namespace chaperone::policy {

// Sets `verdict->hint`. `rule` decided (null: nothing matched) about `need`. Never leaves the hint empty.
void AddHint(const CompiledView& view, const ViewRule* rule, const sql::Need& need, SystemTime now, Verdict* verdict);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_HINT_H_
