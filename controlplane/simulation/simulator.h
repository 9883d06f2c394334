// Answers what policies come to, with the code that sidecars enforce with.
//
// Threading: every function may be called from any thread.
#ifndef CHAPERONE_CONTROLPLANE_SIMULATION_SIMULATOR_H_
#define CHAPERONE_CONTROLPLANE_SIMULATION_SIMULATOR_H_

#include "api/base/clock.h"
#include "controlplane/simulation/scene.h"

namespace chaperone::simulation {

class Simulator {
 public:
  // REQUIRES: the clock outlives this.
  Simulator(CatalogSource catalogs, BundleSource bundles, const base::Clock* clock)
      : scenes_(std::move(catalogs), std::move(bundles)), clock_(clock) {}

  // What a sidecar would decide about a text now, and what its client would see. Session state is not in it: names of
  // prepared statements, approvals that were given, limits that are used up. Errors: see Scenes::Make; InvalidArgument
  // for an empty text.
  absl::StatusOr<v1::SimulatePolicyResponse> Simulate(const v1::SimulatePolicyRequest& request);
  // Errors: the same; NotFound for a table that is not there.
  absl::StatusOr<v1::ExplainMaskResponse> ExplainMask(const v1::ExplainMaskRequest& request);
  // Errors: of the catalog source; InvalidArgument for names that no policy could have.
  absl::StatusOr<v1::SuggestPolicyResponse> Suggest(const v1::SuggestPolicyRequest& request) const;

 private:
  Scenes scenes_;
  const base::Clock* const clock_;
};

}  // namespace chaperone::simulation

#endif  // CHAPERONE_CONTROLPLANE_SIMULATION_SIMULATOR_H_
