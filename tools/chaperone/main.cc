// `chaperone`: the operator's command line.
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "tools/chaperone/cli.h"

namespace {

std::optional<std::string> Environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

void Sleep(std::chrono::milliseconds duration) {
  if (duration.count() > 0) {
    std::cout << std::flush;
    poll(nullptr, 0, static_cast<int>(duration.count()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  // gRPC's own log would mix with messages for people.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  const chaperone::base::SystemClock clock;
  chaperone::cli::World world{.in = std::cin,
                              .out = std::cout,
                              .err = std::cerr,
                              .clock = clock,
                              .environment = Environment,
                              .connect = chaperone::cli::ConnectWithTls,
                              .sleep = Sleep,
                              .out_is_terminal = isatty(STDOUT_FILENO) == 1};
  return chaperone::cli::RunCli(std::vector<std::string>(argv + 1, argv + argc), world);
}
