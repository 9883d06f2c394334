// Patterns over names that have parts: schema.name for relations and functions, schema.table.column for masks, and
// <endpoint>/<database> for targets. Each part is a glob; a `*` never crosses a dot, except that the lone pattern `*`
// matches everything. A part in double quotes is taken literally, as PostgreSQL does: public."odd.name".
#ifndef CHAPERONE_API_POLICY_PATTERN_H_
#define CHAPERONE_API_POLICY_PATTERN_H_

#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "api/policy/glob.h"
#include "api/policy/policy.h"

namespace chaperone::policy {

inline constexpr size_t kPatternBytesMax = 512;

// What a rule's `resources` holds.
struct ResourcePattern {
  // As written.
  std::string text;
  // The lone `*`.
  bool any = false;
  // One for each part; empty when `any`.
  std::vector<Glob> parts;
  // The pattern over a name that has no parts of its own (a schema, a channel, a role): here `*` crosses dots.
  Glob flat;
  // The same for settings, whose names PostgreSQL compares without case: lower case.
  Glob setting;

  bool qualified() const { return parts.size() == 2; }
  // Errors: InvalidArgument without a place; the caller knows the line.
  static absl::StatusOr<ResourcePattern> Parse(std::string_view text);

  // A relation or function whose schema is known apart from its name.
  bool MatchesQualified(std::string_view schema, std::string_view name) const;
  // Everything that `other` matches, this matches too; whatever kind of resource.
  bool Covers(const ResourcePattern& other) const;
  bool Overlaps(const ResourcePattern& other) const;
};

// What a mask's `columns` holds: schema.table.column, with a path into a JSON value behind it or not.
struct ColumnPattern {
  std::string text;
  Glob schema;
  Glob table;
  Glob column;
  std::vector<JsonStep> path;

  static absl::StatusOr<ColumnPattern> Parse(std::string_view text);
  bool Matches(std::string_view schema_name, std::string_view table_name, std::string_view column_name) const;
};

// What `databases` holds.
struct DatabasePattern {
  std::string text;
  Glob endpoint;
  Glob database;

  static absl::StatusOr<DatabasePattern> Parse(std::string_view text);
  bool Matches(std::string_view endpoint_name, std::string_view database_name) const {
    return endpoint.Matches(endpoint_name) && database.Matches(database_name);
  }
};

// Bounds and characters that hold for every pattern and glob of a document.
absl::Status CheckPatternText(std::string_view text);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_PATTERN_H_
