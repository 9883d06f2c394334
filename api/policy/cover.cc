#include "api/policy/cover.h"

#include <algorithm>

namespace chaperone::policy {

namespace {

using Kind = AttributeMatch::Kind;

bool HasStar(const AttributeMatch& match) {
  return match.kind == Kind::kGlobs &&
         std::any_of(match.globs.begin(), match.globs.end(), [](const Glob& glob) { return glob.IsAny(); });
}

bool AttributeCovers(const AttributeMatch& wide, const AttributeMatch& narrow) {
  switch (wide.kind) {
    case Kind::kAny:
      return true;
    case Kind::kPresent:
      return narrow.kind == Kind::kPresent || narrow.kind == Kind::kGlobs;
    case Kind::kAbsent:
      return narrow.kind == Kind::kAbsent;
    case Kind::kGlobs:
      break;
  }
  if (narrow.kind == Kind::kPresent) {
    return HasStar(wide);
  }
  return narrow.kind == Kind::kGlobs && std::all_of(narrow.globs.begin(), narrow.globs.end(), [&](const Glob& glob) {
           return std::any_of(wide.globs.begin(), wide.globs.end(),
                              [&](const Glob& other) { return other.Covers(glob); });
         });
}

// Issuer and subject: a star is everybody.
bool IdentityCovers(const AttributeMatch& wide, const AttributeMatch& narrow) {
  return HasStar(wide) || AttributeCovers(wide, narrow);
}

bool AttributeMayOverlap(const AttributeMatch& a, const AttributeMatch& b) {
  if (a.kind == Kind::kAny || b.kind == Kind::kAny) {
    return true;
  }
  if (a.kind == Kind::kAbsent || b.kind == Kind::kAbsent) {
    return a.kind == b.kind;
  }
  if (a.kind == Kind::kPresent || b.kind == Kind::kPresent) {
    return true;
  }
  return std::any_of(a.globs.begin(), a.globs.end(), [&](const Glob& glob) {
    return std::any_of(b.globs.begin(), b.globs.end(), [&](const Glob& other) { return glob.Overlaps(other); });
  });
}

bool EntryCovers(const PrincipalEntry& wide, const PrincipalEntry& narrow) {
  return IdentityCovers(wide.issuer, narrow.issuer) && IdentityCovers(wide.subject, narrow.subject) &&
         AttributeCovers(wide.groups, narrow.groups) && AttributeCovers(wide.client, narrow.client) &&
         AttributeCovers(wide.human, narrow.human) && AttributeCovers(wide.task, narrow.task);
}

// A principal is in many groups: groups never keep two entries apart.
bool EntriesMayOverlap(const PrincipalEntry& a, const PrincipalEntry& b) {
  return AttributeMayOverlap(a.issuer, b.issuer) && AttributeMayOverlap(a.subject, b.subject) &&
         AttributeMayOverlap(a.client, b.client) && AttributeMayOverlap(a.human, b.human) &&
         AttributeMayOverlap(a.task, b.task);
}

// For each of `narrow` there is one of `wide`.
template <typename T, typename Covers>
bool EachCovered(const std::vector<T>& wide, const std::vector<T>& narrow, Covers covers) {
  return std::all_of(narrow.begin(), narrow.end(), [&](const T& item) {
    return std::any_of(wide.begin(), wide.end(), [&](const T& other) { return covers(other, item); });
  });
}

template <typename T, typename Overlap>
bool AnyOverlap(const std::vector<T>& a, const std::vector<T>& b, Overlap overlap) {
  return std::any_of(a.begin(), a.end(), [&](const T& item) {
    return std::any_of(b.begin(), b.end(), [&](const T& other) { return overlap(item, other); });
  });
}

}  // namespace

bool ReachCovers(const Document& wide, const Document& narrow) {
  return &wide == &narrow ||
         (EachCovered(wide.principals, narrow.principals, EntryCovers) &&
          EachCovered(wide.databases, narrow.databases, [](const DatabasePattern& a, const DatabasePattern& b) {
            return a.endpoint.Covers(b.endpoint) && a.database.Covers(b.database);
          }));
}

bool ReachMayOverlap(const Document& a, const Document& b) {
  return &a == &b || (AnyOverlap(a.principals, b.principals, EntriesMayOverlap) &&
                      AnyOverlap(a.databases, b.databases, [](const DatabasePattern& x, const DatabasePattern& y) {
                        return x.endpoint.Overlaps(y.endpoint) && x.database.Overlaps(y.database);
                      }));
}

bool IsEverybody(const PrincipalEntry& entry) {
  const auto open = [](const AttributeMatch& match) { return match.kind == Kind::kAny || HasStar(match); };
  return open(entry.issuer) && open(entry.subject) && open(entry.groups) && entry.client.kind == Kind::kAny &&
         entry.human.kind == Kind::kAny && entry.task.kind == Kind::kAny;
}

bool IsUnconditional(const StatementRule& rule) {
  return rule.when.where == WhereCondition::kAny && !rule.when.time && !rule.when.max_affected_rows &&
         !rule.when.HasSessionPart() && rule.except.empty();
}

bool RuleCovers(const StatementRule& wide, const StatementRule& narrow) {
  return (narrow.actions & ~wide.actions).none() &&
         EachCovered(wide.resources, narrow.resources,
                     [](const ResourcePattern& a, const ResourcePattern& b) { return a.Covers(b); });
}

}  // namespace chaperone::policy
