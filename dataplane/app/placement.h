// Which event loop a new session goes to.
#ifndef CHAPERONE_DATAPLANE_APP_PLACEMENT_H_
#define CHAPERONE_DATAPLANE_APP_PLACEMENT_H_

#include <cstddef>
#include <vector>

namespace chaperone::app {

struct LoopLoad {
  size_t sessions = 0;
  // Given to it since `is_busy` was found out, ended ones too.
  size_t taken = 0;
  // It used more than half a core lately.
  bool is_busy = false;
};

// The index of the loop for one more session. A loop's cost for each message falls with the number of sessions that are
// ready at once (one wait serves them all), and every loop that sleeps costs a wake-up: so a loop takes 96 sessions
// before the next one gets any. A loop that is busy, or was given as many since it was last looked at, gets a session
// only when all are so, and then the one with the fewest does. REQUIRES: `loops` is not empty.
size_t PickLoop(const std::vector<LoopLoad>& loops);

}  // namespace chaperone::app

#endif  // CHAPERONE_DATAPLANE_APP_PLACEMENT_H_
