#include "dataplane/session/scratch.h"

#include <catch2/catch.hpp>

namespace chaperone::session {
namespace {

TEST_CASE("what is held is not read over, until all of it is released") {
  Scratch scratch(100);
  char* const start = scratch.free().data();
  REQUIRE(scratch.Hold(20));
  CHECK(scratch.free().data() == start + 20);
  CHECK(scratch.free().size() == 80);
  REQUIRE(scratch.Hold(10));
  scratch.Release(1);
  CHECK(scratch.free().data() == start + 30);
  scratch.Release(1);
  CHECK(scratch.free().data() == start);
  CHECK(scratch.free().size() == 100);
}

TEST_CASE("half of it stays free") {
  Scratch scratch(100);
  CHECK_FALSE(scratch.Hold(51));
  REQUIRE(scratch.Hold(50));
  CHECK_FALSE(scratch.Hold(1));
  CHECK(scratch.free().size() == 50);
  scratch.Release(1);
  CHECK(scratch.Hold(1));
}

TEST_CASE("nothing held is nothing to release") {
  Scratch scratch(100);
  REQUIRE(scratch.Hold(10));
  scratch.Release(0);
  CHECK(scratch.free().size() == 90);
}

}  // namespace
}  // namespace chaperone::session
