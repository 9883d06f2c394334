// Runs the CLI in memory against a FakeControlPlane, at a fixed time.
#ifndef CHAPERONE_TOOLS_CHAPERONE_TESTING_CLI_RUN_H_
#define CHAPERONE_TOOLS_CHAPERONE_TESTING_CLI_RUN_H_

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "tools/chaperone/cli.h"
#include "tools/chaperone/testing/fake_control_plane.h"

namespace chaperone::testing {

struct RunOptions {
  std::string input;
  std::map<std::string, std::string> environment;
  bool out_is_terminal = false;
};

struct RunResult {
  int code = 0;
  std::string out;
  std::string err;
  // What the command asked to sleep, together.
  std::chrono::milliseconds slept{0};
  // The options of the connection that it made.
  cli::ConnectionOptions connection;
};

// The clock of every run: kStartUs of recorded_session.h.
RunResult RunCommand(FakeControlPlane& control_plane, const std::vector<std::string>& arguments,
                     const RunOptions& options = {});

}  // namespace chaperone::testing

#endif  // CHAPERONE_TOOLS_CHAPERONE_TESTING_CLI_RUN_H_
