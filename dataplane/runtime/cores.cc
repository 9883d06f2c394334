#include "dataplane/runtime/cores.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <thread>

namespace chaperone::runtime {

namespace {

// In microseconds.
struct CpuLimit {
  int64_t quota;
  int64_t period;
};

std::optional<CpuLimit> ReadLimit(const std::string& folder) {
  CpuLimit limit{};
  // "max 100000" is no limit: the first word is not a number.
  if (std::ifstream file(folder + "/cpu.max"); file >> limit.quota >> limit.period) {
    return limit;
  }
  std::ifstream quota(folder + "/cpu/cpu.cfs_quota_us");
  std::ifstream period(folder + "/cpu/cpu.cfs_period_us");
  if (quota >> limit.quota && period >> limit.period) {
    return limit;
  }
  return std::nullopt;
}

}  // namespace

unsigned UsableCores(const std::string& cgroup_folder) {
  const int64_t cores = std::max<int64_t>(1, std::thread::hardware_concurrency());
  const std::optional<CpuLimit> limit = ReadLimit(cgroup_folder);
  // Version 1 writes "no limit" as -1.
  if (!limit || limit->quota <= 0 || limit->period <= 0) {
    return static_cast<unsigned>(cores);
  }
  return static_cast<unsigned>(std::min(cores, (limit->quota - 1) / limit->period + 1));
}

}  // namespace chaperone::runtime
