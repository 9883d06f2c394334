// SQL text + catalog snapshot + what the session's names mean -> Facts. Pure: no clock, no I/O, no state between calls.
#ifndef CHAPERONE_API_SQL_ANALYZE_H_
#define CHAPERONE_API_SQL_ANALYZE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "api/sql/catalog.h"
#include "api/sql/facts.h"
#include "api/sql/parse.h"

namespace chaperone::sql {

// What a session's unqualified names are looked up with.
struct SessionContext {
  // The current role (SET ROLE included), for "$user".
  std::string role;
  // The search_path setting's entries in order, unquoted; "$user" and "pg_temp" as such.
  std::vector<std::string> search_path = {"$user", "public"};
  // The session's own temporary schema ("pg_temp_3"); empty while it has none.
  std::string temp_schema;
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

// The parts of a search_path value as SET and SHOW write it: `"$user", public`. False when it is no list of names.
bool ParseSearchPath(std::string_view value, std::vector<std::string>* path);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_ANALYZE_H_
