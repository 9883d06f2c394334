// From what a database says of itself and of the sidecar's role to findings in words. Pure.
#ifndef CHAPERONE_DATAPLANE_UPSTREAM_SETUP_FINDINGS_H_
#define CHAPERONE_DATAPLANE_UPSTREAM_SETUP_FINDINGS_H_

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/upstream/connector.h"

namespace chaperone::upstream {

// Something wrong with what surrounds the sidecar.
struct SetupFinding {
  bool is_error = false;
  // Stable: "upstream-role-superuser".
  std::string code;
  // What is wrong and how to mend it.
  std::string message;

  bool operator==(const SetupFinding&) const = default;
};

// One row of the answer to SetupQuery or AccessRulesQuery: a kind, and a name that belongs to it.
struct SetupFact {
  std::string kind;
  std::string name;

  bool operator==(const SetupFact&) const = default;
};

// Rows of (kind, name). REQUIRES: search_path is pg_catalog, so that nobody's objects stand in for the server's.
std::string_view SetupQuery();
// The same out of pg_hba.conf; only for whoever may read it (a fact "access rules can be read" says so).
std::string_view AccessRulesQuery();

struct SetupInput {
  ServerAddress address;
  std::string database;
  // The server let the role in without asking for a password.
  bool let_in_unasked = false;
  std::vector<SetupFact> facts;
};

// Findings about one database, in a fixed order.
std::vector<SetupFinding> FindingsFor(const SetupInput& input);

// The name of the fact with that kind; empty when there is none.
std::string_view FactNamed(const std::vector<SetupFact>& facts, std::string_view kind);

}  // namespace chaperone::upstream

#endif  // CHAPERONE_DATAPLANE_UPSTREAM_SETUP_FINDINGS_H_
