// A policy to start from, made of the names and types that a database holds: reading is free, writes wait for a human,
// columns whose names look sensitive are masked. Pure. The text is for a human to edit; it is valid as it stands.
#ifndef CHAPERONE_CONTROLPLANE_SIMULATION_SUGGESTION_H_
#define CHAPERONE_CONTROLPLANE_SIMULATION_SUGGESTION_H_

#include <string>
#include <vector>

#include "api/base/status.h"
#include "chaperone/v1/fleet.pb.h"

namespace chaperone::simulation {

struct SuggestionRequest {
  std::string endpoint;
  std::string database;
  // metadata.name; empty: made from the database's name.
  std::string name;
  // Whom it is for, and who approves; empty: names to be replaced.
  std::vector<std::string> groups;
  std::vector<std::string> approvers;
};

// Errors: InvalidArgument for a name, group or database that a policy cannot hold.
absl::StatusOr<std::string> SuggestPolicy(const SuggestionRequest& request, const v1::DatabaseCatalog& catalog);

}  // namespace chaperone::simulation

#endif  // CHAPERONE_CONTROLPLANE_SIMULATION_SUGGESTION_H_
