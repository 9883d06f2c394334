// An approval as the human sees it who must decide in seconds. Pure.
#ifndef CHAPERONE_TOOLS_CHAPERONE_COMMANDS_APPROVAL_VIEW_H_
#define CHAPERONE_TOOLS_CHAPERONE_COMMANDS_APPROVAL_VIEW_H_

#include <string>

#include "chaperone/v1/approval.pb.h"
#include "tools/chaperone/display/moment.h"

namespace chaperone::cli {

// Statement and parameters first, then who asks and for whom, what it needs and touches, which rule asks, until when;
// last the command lines that decide. `full` lifts the cut of a long statement.
std::string ApprovalText(const v1::Approval& approval, display::WallTime now, bool full);

// "pending", "approved", …
std::string ApprovalStateName(v1::Approval::State state);

// "agent-7 for alice@example.com".
std::string PrincipalText(const v1::Principal& principal);

// "~1,200 rows of public.customers", why there is no estimate, or empty when none was asked for.
std::string BlastRadiusText(const v1::ApprovalSubject& subject);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_COMMANDS_APPROVAL_VIEW_H_
