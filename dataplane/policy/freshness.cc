#include "dataplane/policy/freshness.h"

#include <fmt/format.h>

namespace chaperone::policy {

namespace {

// A short break is not degraded operation: the connection is made anew within seconds.
constexpr std::chrono::seconds kGrace{15};

}  // namespace

std::optional<std::string> CheckFreshness(const Degraded& degraded, bool is_write,
                                          std::optional<std::chrono::nanoseconds> lost_for) {
  const std::chrono::seconds allowed = is_write ? degraded.write : degraded.read;
  if (!lost_for || *lost_for <= allowed + kGrace) {
    return std::nullopt;
  }
  return fmt::format("the sidecar has not reached the control plane for {} s, and {} may go on for {} s without it",
                     std::chrono::duration_cast<std::chrono::seconds>(*lost_for).count(),
                     is_write ? "writing" : "reading", allowed.count());
}

}  // namespace chaperone::policy
