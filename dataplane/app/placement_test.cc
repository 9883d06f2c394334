#include "dataplane/app/placement.h"

#include <catch2/catch.hpp>

namespace chaperone::app {
namespace {

TEST_CASE("few sessions share a loop, many are spread evenly") {
  std::vector<LoopLoad> loops(4);
  for (int i = 0; i < 16; ++i) {
    const size_t picked = PickLoop(loops);
    CHECK(picked == 0);
    ++loops[picked].sessions;
  }
  for (int i = 16; i < 128; ++i) {
    ++loops[PickLoop(loops)].sessions;
  }
  for (const LoopLoad& loop : loops) {
    CHECK(loop.sessions == 32);
  }
}

TEST_CASE("a busy loop gets a session only when all are busy") {
  CHECK(PickLoop({{.sessions = 1, .is_busy = true}, {.sessions = 40}}) == 1);
  CHECK(PickLoop({{.sessions = 3, .is_busy = true}, {.sessions = 2, .is_busy = true}}) == 1);
  CHECK(PickLoop({{.sessions = 500, .is_busy = true}}) == 0);
}

}  // namespace
}  // namespace chaperone::app
