#include "dataplane/runtime/cores.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace chaperone::runtime {
namespace {

class Group {
 public:
  Group() {
    char path[] = "/tmp/chaperone-cores-XXXXXX";
    REQUIRE(mkdtemp(path) != nullptr);
    folder_ = path;
  }
  ~Group() { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(folder_ + "/" + name).parent_path());
    std::ofstream(folder_ + "/" + name) << text << "\n";
  }
  unsigned cores() const { return UsableCores(folder_); }

 private:
  std::string folder_;
};

TEST_CASE("without a limit every core counts") {
  const unsigned all = std::max(1U, std::thread::hardware_concurrency());
  const Group group;
  CHECK(group.cores() == all);
  group.Write("cpu.max", "max 100000");
  CHECK(group.cores() == all);
  group.Write("cpu.max", "nonsense");
  CHECK(group.cores() == all);
  group.Write("cpu.max", "50000 0");
  CHECK(group.cores() == all);
  group.Write("cpu.max", "9223372036854775807 100000");
  CHECK(group.cores() == all);
}

TEST_CASE("a limit of version 2 is rounded up to whole cores") {
  const Group group;
  group.Write("cpu.max", "50000 100000");
  CHECK(group.cores() == 1);
  group.Write("cpu.max", "100000 100000");
  CHECK(group.cores() == 1);
  group.Write("cpu.max", "100001 100000");
  CHECK(group.cores() == std::min(2U, std::max(1U, std::thread::hardware_concurrency())));
}

TEST_CASE("a limit of version 1 counts as well") {
  const Group group;
  group.Write("cpu/cpu.cfs_period_us", "100000");
  group.Write("cpu/cpu.cfs_quota_us", "20000");
  CHECK(group.cores() == 1);
  group.Write("cpu/cpu.cfs_quota_us", "-1");
  CHECK(group.cores() == std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace chaperone::runtime
