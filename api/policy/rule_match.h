// Whether a statement rule is about a need: the definition, one rule at a time. The index (rule_index.h) finds the same
// rules faster.
//
// Where a resource leaves room for doubt, doubt works against the statement: rules that restrict (deny,
// require_approval) match when any reading fits, rules that allow only when every reading fits.
//   - "a.b.c" of a relation may be schema a.b or name b.c.
//   - What happens to a schema or a database happens to all within it: a restricting rule on `audit.*` covers
//     DROP SCHEMA audit.
//   - A need on the statement as a whole ("*") may touch anything: every restricting rule for the action covers it.
//     Not so for settings and channels, where the whole is DISCARD or UNLISTEN *.
#ifndef CHAPERONE_API_POLICY_RULE_MATCH_H_
#define CHAPERONE_API_POLICY_RULE_MATCH_H_

#include <string_view>

#include "api/policy/document.h"
#include "api/sql/facts.h"

namespace chaperone::policy {

// Whose favour doubt works in.
enum class Doubt : uint8_t { kMatches, kMatchesNot };

// The doubt that a rule of this effect has.
inline Doubt DoubtOf(Decision effect) { return effect == Decision::kAllow ? Doubt::kMatchesNot : Doubt::kMatches; }

bool PatternMatches(const ResourcePattern& pattern, const sql::Need& need, Doubt doubt);

// The need is spared by the rule's `except`.
bool IsExcepted(const StatementRule& rule, const sql::Need& need);

// `when.where` holds. TRUNCATE never has a WHERE.
bool WhereHolds(WhereCondition where, const sql::Need& need);

// Action, resources, except and where: all of the rule that depends on nothing but the need.
bool RuleMatches(const StatementRule& rule, const sql::Need& need);

// The one dot of a schema-qualified name; npos when there is none or more than one.
size_t OnlyDot(std::string_view name);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_RULE_MATCH_H_
