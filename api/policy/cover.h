// Which documents and rules reach as far as which others: for the linter. "Covers" is certain (nothing that the other
// meets escapes this one); "may overlap" errs towards yes.
#ifndef CHAPERONE_API_POLICY_COVER_H_
#define CHAPERONE_API_POLICY_COVER_H_

#include "api/policy/document.h"

namespace chaperone::policy {

// Principals and databases.
bool ReachCovers(const Document& wide, const Document& narrow);
bool ReachMayOverlap(const Document& a, const Document& b);

// Everybody who has a token is meant.
bool IsEverybody(const PrincipalEntry& entry);

// Holds always, for every session that the document reaches.
bool IsUnconditional(const StatementRule& rule);

// Every action and resource of `narrow` is one of `wide`; conditions do not count.
bool RuleCovers(const StatementRule& wide, const StatementRule& narrow);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_COVER_H_
