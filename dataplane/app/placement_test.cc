#include "dataplane/app/placement.h"

#include <catch2/catch.hpp>

namespace chaperone::app {
namespace {

void Give(LoopLoad& loop) {
  ++loop.sessions;
  ++loop.taken;
}

TEST_CASE("few sessions share a loop, many are spread evenly") {
  std::vector<LoopLoad> loops(4);
  for (int i = 0; i < 96; ++i) {
    const size_t picked = PickLoop(loops);
    CHECK(picked == 0);
    Give(loops[picked]);
  }
  for (int i = 96; i < 512; ++i) {
    Give(loops[PickLoop(loops)]);
  }
  for (const LoopLoad& loop : loops) {
    CHECK(loop.sessions == 128);
  }
}

TEST_CASE("a busy loop gets a session only when all are busy") {
  CHECK(PickLoop({{.sessions = 1, .is_busy = true}, {.sessions = 140}}) == 1);
  CHECK(PickLoop({{.sessions = 3, .is_busy = true}, {.sessions = 2, .is_busy = true}}) == 1);
  CHECK(PickLoop({{.sessions = 500, .is_busy = true}}) == 0);
}

TEST_CASE("a burst does not land on the one loop that was not busy") {
  std::vector<LoopLoad> loops = {{.is_busy = true}, {}};
  for (int i = 0; i < 240; ++i) {
    Give(loops[PickLoop(loops)]);
  }
  CHECK(loops[0].sessions == 120);
  CHECK(loops[1].sessions == 120);
}

TEST_CASE("sessions that do nothing do not keep others away") {
  CHECK(PickLoop({{.sessions = 100, .is_busy = false}, {.sessions = 4, .taken = 4, .is_busy = true}}) == 0);
}

}  // namespace
}  // namespace chaperone::app
