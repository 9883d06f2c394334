#include "api/sql/analyze.h"

#include <fmt/format.h>

#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/name_path.h"

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

}  // namespace

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
  const NamePath path(catalog, session);
  Facts facts;
  facts.statements.reserve(tree->statements.size());
  for (const ParsedStatement& parsed : tree->statements) {
    Statement& statement = facts.statements.emplace_back();
    statement.offset = parsed.offset;
    statement.length = parsed.length;
    Analyzer(path, limits).AnalyzeStatement(*parsed.node, &statement);
  }
  return facts;
}

}  // namespace chaperone::sql
