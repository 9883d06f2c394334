// SQL text + catalog snapshot + what the session's names mean -> Facts. Pure: no clock, no I/O, no state between calls.
#ifndef CHAPERONE_API_SQL_ANALYZE_H_
#define CHAPERONE_API_SQL_ANALYZE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/sql/catalog.h"
#include "api/sql/facts.h"
#include "api/sql/parse_limits.h"

namespace chaperone::sql {

// What a text's unqualified names and parameters mean.
struct SessionContext {
  // The current role (SET ROLE included), for "$user".
  std::string role;
  // The search_path setting's entries in order, unquoted; "$user" and "pg_temp" as such.
  std::vector<std::string> search_path = {"$user", "public"};
  // The session's own temporary schema ("pg_temp_3"); empty while it has none.
  std::string temp_schema;
  // Types of $1, $2, … as the Parse message declares them; 0, or past the end: left to the server.
  std::vector<Oid> parameter_types;
};

struct AnalyzeLimits {
  ParseLimits parse;
  // Tree nodes looked at for one statement, repeats for recursive CTEs included.
  size_t steps_max = 20'000'000;
  // Levels of queries within queries.
  int query_depth_max = 48;
};

// Never fails: what is not understood becomes a need for `unknown`, with the reason. Bounded in time and memory by
// `limits` and the text's length; text of more than some 100 KiB belongs on a thread that serves nobody else.
Facts Analyze(std::string_view text, const Catalog& catalog, const SessionContext& session,
              const AnalyzeLimits& limits = {});

// Two analyses with the same text and the same key give the same facts: what a cache of facts puts before the text. Not
// a hash: equal keys are equal contexts. `catalog_version` is whatever tells the caller's snapshots of `database`
// apart.
std::string FactsCacheKey(std::string_view database, const SessionContext& session, uint64_t catalog_version);

// The parts of a search_path value as SET and SHOW write it: `"$user", public`. False when it is no list of names.
bool ParseSearchPath(std::string_view value, std::vector<std::string>* path);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_ANALYZE_H_
