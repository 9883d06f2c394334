#include "controlplane/store/memory/memory_store.h"

#include <catch2/catch.hpp>

#include "controlplane/store/conformance/conformance.h"

namespace chaperone::store {
namespace {

TEST_CASE("the memory store reads and scans") { CheckReadsAndScans(NewMemoryStore); }
TEST_CASE("the memory store keeps preconditions") { CheckPreconditions(NewMemoryStore); }
TEST_CASE("the memory store serves many threads") { CheckConcurrency(NewMemoryStore); }
TEST_CASE("the memory store closes in order") { CheckLifecycle(NewMemoryStore); }

}  // namespace
}  // namespace chaperone::store
