#include "tools/chaperone/testing/cli_run.h"

#include <sstream>

#include "tools/chaperone/display/moment.h"
#include "tools/chaperone/testing/recorded_session.h"

namespace chaperone::testing {

namespace {

class FixedClock final : public base::Clock {
 public:
  std::chrono::system_clock::time_point Wall() const override { return display::FromMicroseconds(kStartUs); }
  std::chrono::steady_clock::time_point Steady() const override { return {}; }
};

}  // namespace

RunResult RunCommand(FakeControlPlane& control_plane, const std::vector<std::string>& arguments,
                     const RunOptions& options) {
  std::istringstream in(options.input);
  std::ostringstream out;
  std::ostringstream err;
  RunResult result;
  const FixedClock clock;
  cli::World world{.in = in,
                   .out = out,
                   .err = err,
                   .clock = clock,
                   .environment =
                       [&](const std::string& name) {
                         const auto found = options.environment.find(name);
                         return found == options.environment.end() ? std::nullopt : std::optional(found->second);
                       },
                   .connect =
                       [&](const cli::ConnectionOptions& connection) {
                         result.connection = connection;
                         return absl::StatusOr<std::shared_ptr<grpc::Channel>>(control_plane.Channel());
                       },
                   .sleep = [&](std::chrono::milliseconds duration) { result.slept += duration; },
                   .out_is_terminal = options.out_is_terminal};
  result.code = cli::RunCli(arguments, world);
  result.out = out.str();
  result.err = err.str();
  return result;
}

}  // namespace chaperone::testing
