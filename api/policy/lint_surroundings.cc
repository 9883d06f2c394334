#include <algorithm>
#include <map>

#include "api/policy/glob_map.h"
#include "api/policy/lint_checks.h"

namespace chaperone::policy {

namespace {

using sql::Action;

// A pattern of some rule, and whether any connected database has what it names.
struct Named {
  const Document* document = nullptr;
  Place place;
  std::string_view text;
  bool found = false;
};

using Numbers = std::vector<uint32_t>;

bool Reaches(const Document& document, const KnownDatabase& database) {
  return std::any_of(document.databases.begin(), document.databases.end(), [&](const DatabasePattern& pattern) {
    return pattern.Matches(database.endpoint, database.database);
  });
}

// Marks in `named` what a set of numbers names, for documents that reach the database. What was found once stays found.
void Mark(const Numbers& numbers, const KnownDatabase& database, std::vector<Named>* named) {
  for (const uint32_t number : numbers) {
    Named& entry = (*named)[number];
    entry.found = entry.found || Reaches(*entry.document, database);
  }
}

// Actions whose resources are relations.
bool ConcernsRelations(const ActionSet& actions) {
  for (const Action action : {Action::kRead, Action::kInsert, Action::kUpdate, Action::kDelete, Action::kTruncate,
                              Action::kLock, Action::kMaintain}) {
    if (actions.test(static_cast<size_t>(action))) {
      return true;
    }
  }
  return false;
}

// A rule that may as well be about functions, or about what is still to be made, says nothing wrong when no relation is
// met.
bool NeedsRelations(const StatementRule& rule) {
  return ConcernsRelations(rule.actions) && !rule.actions.test(static_cast<size_t>(Action::kExecute)) &&
         !rule.actions.test(static_cast<size_t>(Action::kDdl));
}

bool IsSystemSchema(const Glob& schema) {
  return schema.IsLiteral() && (schema.prefix() == "pg_catalog" || schema.prefix() == "information_schema");
}

void CheckResources(const Documents& documents, const std::vector<KnownDatabase>& databases, Findings* findings) {
  std::vector<Named> named;
  GlobMap<GlobMap<Numbers>> patterns;
  for (const auto& document : documents) {
    for (const StatementRule& rule : document->statements) {
      for (const ResourcePattern& pattern : rule.resources) {
        if (NeedsRelations(rule) && pattern.qualified() && !IsSystemSchema(pattern.parts[0])) {
          patterns.At(pattern.parts[0]).At(pattern.parts[1]).push_back(static_cast<uint32_t>(named.size()));
          named.push_back(Named{document.get(), PlaceOf(*document, rule), pattern.text});
        }
      }
    }
  }
  for (const KnownDatabase& database : databases) {
    for (const KnownRelation& relation : database.relations) {
      patterns.ForEachMatch(relation.schema, [&](const GlobMap<Numbers>& names) {
        names.ForEachMatch(relation.name, [&](const Numbers& numbers) { Mark(numbers, database, &named); });
      });
    }
  }
  for (const Named& entry : named) {
    if (!entry.found) {
      findings->Warn(
          entry.place, "resource-not-found",
          fmt::format("no connected database of this policy has a relation that matches \"{}\"; check the spelling",
                      entry.text));
    }
  }
}

void CheckColumns(const Documents& documents, const std::vector<KnownDatabase>& databases, Findings* findings) {
  std::vector<Named> named;
  GlobMap<GlobMap<GlobMap<Numbers>>> patterns;
  for (const auto& document : documents) {
    for (const MaskingEntry& entry : document->masking) {
      for (const ColumnPattern& column : entry.columns) {
        if (IsSystemSchema(column.schema)) {
          continue;
        }
        patterns.At(column.schema).At(column.table).At(column.column).push_back(static_cast<uint32_t>(named.size()));
        named.push_back(Named{document.get(), PlaceOf(*document, entry), column.text});
      }
    }
  }
  for (const KnownDatabase& database : databases) {
    for (const KnownRelation& relation : database.relations) {
      patterns.ForEachMatch(relation.schema, [&](const auto& tables) {
        tables.ForEachMatch(relation.name, [&](const auto& columns) {
          for (const std::string& column : relation.columns) {
            columns.ForEachMatch(column, [&](const Numbers& numbers) { Mark(numbers, database, &named); });
          }
        });
      });
    }
  }
  for (const Named& entry : named) {
    if (!entry.found) {
      findings->Warn(
          entry.place, "mask-covers-nothing",
          fmt::format("no connected database of this policy has a column that matches \"{}\": nothing is masked by "
                      "it; check the spelling",
                      entry.text));
    }
  }
}

void CheckDatabasePatterns(const Documents& documents, const std::vector<KnownDatabase>& databases,
                           Findings* findings) {
  for (const auto& document : documents) {
    for (const DatabasePattern& pattern : document->databases) {
      const bool found = std::any_of(databases.begin(), databases.end(), [&](const KnownDatabase& database) {
        return pattern.Matches(database.endpoint, database.database);
      });
      if (!found) {
        findings->Warn(
            {document.get(), "", document->databases_line}, "database-not-found",
            fmt::format("no connected database matches \"{}\"; write <endpoint>/<database> as sidecars report them",
                        pattern.text));
      }
    }
  }
}

void CheckApproverGroups(const Place& place, const ApprovalDemand& approval,
                         const std::map<std::string_view, const KnownGroup*>& known, Findings* findings) {
  int people = 0;
  bool counted = true;
  std::vector<std::string_view> unknown;
  for (const std::string& group : approval.approvers) {
    const auto found = known.find(group);
    if (found == known.end()) {
      unknown.push_back(group);
    } else if (found->second->members) {
      people += *found->second->members;
    } else {
      counted = false;
    }
  }
  if (unknown.size() == approval.approvers.size()) {
    return findings->Fail(place, "approval-impossible",
                          fmt::format("nobody can approve: no approver is in {}; name a group that has approvers",
                                      fmt::join(unknown, " or ")));
  }
  if (counted && people < approval.count) {
    return findings->Fail(
        place, "approval-impossible",
        fmt::format("demands {} approvals, and its groups have {} people at most; lower the count or add groups",
                    approval.count, people));
  }
  for (const std::string_view group : unknown) {
    findings->Warn(place, "unknown-approvers",
                   fmt::format("no approver is in the group {}; check the spelling", group));
  }
}

}  // namespace

void CheckApprovers(const Documents& documents, const std::vector<KnownGroup>& groups, Findings* findings) {
  std::map<std::string_view, const KnownGroup*> known;
  for (const KnownGroup& group : groups) {
    known.emplace(group.name, &group);
  }
  for (const auto& document : documents) {
    for (const StatementRule& rule : document->statements) {
      if (rule.effect == Decision::kRequireApproval) {
        CheckApproverGroups(PlaceOf(*document, rule), rule.approval, known, findings);
      }
    }
  }
}

void CheckCatalogs(const Documents& documents, const std::vector<KnownDatabase>& databases, Findings* findings) {
  CheckDatabasePatterns(documents, databases, findings);
  CheckResources(documents, databases, findings);
  CheckColumns(documents, databases, findings);
}

}  // namespace chaperone::policy
