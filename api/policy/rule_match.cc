#include "api/policy/rule_match.h"

#include <algorithm>

namespace chaperone::policy {

namespace {

using sql::Action;
using sql::Need;
using sql::ResourceKind;

bool MatchesUnqualified(const ResourcePattern& pattern, std::string_view name, Doubt doubt) {
  // A relation without a schema is not expected; a restricting rule takes the schema for its own.
  return doubt == Doubt::kMatches && pattern.qualified() && pattern.parts[1].Matches(name);
}

bool MatchesQualifiedName(const ResourcePattern& pattern, std::string_view resource, Doubt doubt) {
  size_t dot = resource.find('.');
  if (dot == std::string_view::npos) {
    return MatchesUnqualified(pattern, resource, doubt);
  }
  for (; dot != std::string_view::npos; dot = resource.find('.', dot + 1)) {
    const bool matches = pattern.MatchesQualified(resource.substr(0, dot), resource.substr(dot + 1));
    if (matches == (doubt == Doubt::kMatches)) {
      return matches;
    }
  }
  return doubt == Doubt::kMatchesNot;
}

bool MatchesAsAWhole(const Need& need, Doubt doubt) {
  return doubt == Doubt::kMatches && need.action != Action::kSession && need.action != Action::kNotify;
}

}  // namespace

size_t OnlyDot(std::string_view name) {
  const size_t dot = name.find('.');
  return dot != std::string_view::npos && name.find('.', dot + 1) == std::string_view::npos ? dot
                                                                                            : std::string_view::npos;
}

bool PatternMatches(const ResourcePattern& pattern, const Need& need, Doubt doubt) {
  if (pattern.any) {
    return true;
  }
  const bool contains = doubt == Doubt::kMatches && pattern.qualified();
  switch (need.kind) {
    case ResourceKind::kNone:
      return MatchesAsAWhole(need, doubt);
    case ResourceKind::kRelation:
    case ResourceKind::kFunction:
      return MatchesQualifiedName(pattern, need.resource, doubt);
    case ResourceKind::kSetting:
      return pattern.setting.Matches(need.resource);
    case ResourceKind::kSchema:
      return pattern.flat.Matches(need.resource) || (contains && pattern.parts[0].Matches(need.resource));
    case ResourceKind::kDatabase:
      return pattern.flat.Matches(need.resource) || contains;
    case ResourceKind::kChannel:
    case ResourceKind::kRole:
      return pattern.flat.Matches(need.resource);
  }
  return doubt == Doubt::kMatches;
}

bool IsExcepted(const StatementRule& rule, const Need& need) {
  const Doubt doubt = rule.effect == Decision::kAllow ? Doubt::kMatches : Doubt::kMatchesNot;
  return std::any_of(rule.except.begin(), rule.except.end(),
                     [&](const ResourcePattern& pattern) { return PatternMatches(pattern, need, doubt); });
}

bool WhereHolds(WhereCondition where, const Need& need) {
  const bool absent = need.where_absent || need.action == Action::kTruncate;
  return where == WhereCondition::kAny || absent == (where == WhereCondition::kAbsent);
}

bool RuleMatches(const StatementRule& rule, const Need& need) {
  return rule.actions.test(static_cast<size_t>(need.action)) &&
         std::any_of(
             rule.resources.begin(), rule.resources.end(),
             [&](const ResourcePattern& pattern) { return PatternMatches(pattern, need, DoubtOf(rule.effect)); }) &&
         !IsExcepted(rule, need) && WhereHolds(rule.when.where, need);
}

}  // namespace chaperone::policy
