#include "api/sql/analyze.h"

#include <fmt/format.h>

#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/name_changes.h"
#include "api/sql/parse.h"

namespace chaperone::sql {

namespace {

Facts Refused(std::string message, int32_t location, size_t length) {
  Facts facts;
  Statement& statement = facts.statements.emplace_back();
  statement.length = static_cast<uint32_t>(length);
  statement.is_barrier = true;
  statement.write_unknown = true;
  statement.needs.push_back({.action = Action::kUnknown, .reason = message, .location = location});
  facts.error = {std::move(message), location};
  return facts;
}

// Servers of another encoding fold and cut names by other rules; their ASCII is the same everywhere.
bool IsAscii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      return false;
    }
  }
  return true;
}

void AppendSized(std::string_view part, std::string* key) {
  *key += fmt::format("{}:", part.size());
  *key += part;
}

}  // namespace

std::string FactsCacheKey(std::string_view database, const SessionContext& session, uint64_t catalog_version) {
  std::string key =
      fmt::format("{};{};{};", catalog_version, session.search_path.size(), session.parameter_types.size());
  AppendSized(database, &key);
  AppendSized(session.role, &key);
  AppendSized(session.temp_schema, &key);
  for (const std::string& schema : session.search_path) {
    AppendSized(schema, &key);
  }
  for (const Oid type : session.parameter_types) {
    key += fmt::format("{},", type);
  }
  return key;
}

Facts Analyze(std::string_view text, const Catalog& catalog, const SessionContext& session,
              const AnalyzeLimits& limits) {
  int32_t location = -1;
  absl::StatusOr<Tree> tree = Parse(text, limits.parse, &location);
  if (!tree.ok()) {
    return Refused(std::string(base::Message(tree.status())), location, text.size());
  }
  if (catalog.database().encoding != "UTF8" && !IsAscii(text)) {
    return Refused(
        fmt::format("the database's encoding is {}: only ASCII text is understood", catalog.database().encoding), -1,
        text.size());
  }
  NameChanges names(catalog, session);
  Facts facts;
  facts.statements.reserve(tree->statements.size());
  for (const ParsedStatement& parsed : tree->statements) {
    Statement& statement = facts.statements.emplace_back();
    statement.offset = parsed.offset;
    statement.length = parsed.length;
    Analyzer(names.path(), limits, session.parameter_types).AnalyzeStatement(*parsed.node, &statement);
    names.Check(*parsed.node, &statement);
    names.Note(statement);
  }
  return facts;
}

}  // namespace chaperone::sql
