// Which event loop a new session goes to.
#ifndef CHAPERONE_DATAPLANE_APP_PLACEMENT_H_
#define CHAPERONE_DATAPLANE_APP_PLACEMENT_H_

#include <cstddef>
#include <vector>

namespace chaperone::app {

struct LoopLoad {
  size_t sessions = 0;
  // It used more than half a core lately.
  bool is_busy = false;
};

// The index of the loop for one more session. A loop's cost for each message falls with the number of sessions that are
// ready at once (one wait serves them all), and every loop that sleeps costs a wake-up: so a loop takes a handful of
// sessions before the next one gets any. Loops that are busy get a session only when all are, and then the one with the
// fewest. REQUIRES: `loops` is not empty.
size_t PickLoop(const std::vector<LoopLoad>& loops);

}  // namespace chaperone::app

#endif  // CHAPERONE_DATAPLANE_APP_PLACEMENT_H_
