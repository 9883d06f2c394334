#include "dataplane/app/placement.h"

#include <algorithm>
#include <tuple>

namespace chaperone::app {

namespace {

// A loop relays about a hundred thousand statements a second, more than this many clients usually ask for.
constexpr size_t kSessionsTogether = 96;

}  // namespace

size_t PickLoop(const std::vector<LoopLoad>& loops) {
  const auto cost = [](const LoopLoad& loop) {
    const bool is_busy = loop.is_busy || loop.taken >= kSessionsTogether;
    return std::make_tuple(is_busy, is_busy ? loop.sessions : loop.sessions / kSessionsTogether);
  };
  const auto cheapest = std::min_element(loops.begin(), loops.end(),
                                         [&](const LoopLoad& a, const LoopLoad& b) { return cost(a) < cost(b); });
  return static_cast<size_t>(cheapest - loops.begin());
}

}  // namespace chaperone::app
