#include "dataplane/app/state_folder.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

namespace chaperone::app {
namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/chaperone-state-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

TEST_CASE("a state folder is one sidecar's at a time") {
  const Folder folder;
  const std::string path = folder.path + "/state";
  {
    const auto first = StateFolder::Open(path);
    REQUIRE(first.ok());
    const auto second = StateFolder::Open(path);
    CHECK(second.status().code() == absl::StatusCode::kFailedPrecondition);
    CHECK(base::Message(second.status()).find(path) != std::string::npos);
  }
  CHECK(StateFolder::Open(path).ok());
}

TEST_CASE("a state folder that cannot be made is named") {
  const Folder folder;
  const std::string path = folder.path + "/missing/state";
  const auto state = StateFolder::Open(path);
  CHECK_FALSE(state.ok());
  CHECK(base::Message(state.status()).find(path) != std::string::npos);
}

}  // namespace
}  // namespace chaperone::app
