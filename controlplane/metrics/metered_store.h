// A store in front of another one that counts errors and times commits.
#ifndef CHAPERONE_CONTROLPLANE_METRICS_METERED_STORE_H_
#define CHAPERONE_CONTROLPLANE_METRICS_METERED_STORE_H_

#include <memory>

#include "controlplane/metrics/metrics.h"
#include "controlplane/store/store.h"

namespace chaperone::metrics {

// REQUIRES: `metrics` outlives the result. A refused precondition is no error.
std::unique_ptr<store::Store> Meter(std::unique_ptr<store::Store> inner, Metrics* metrics);

}  // namespace chaperone::metrics

#endif  // CHAPERONE_CONTROLPLANE_METRICS_METERED_STORE_H_
