// chaperone-sidecar --config F
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <string_view>

#include "dataplane/app/sidecar.h"

namespace {

constexpr int kCannotStart = 1;
constexpr int kUsage = 2;

void StartLogging(const std::string& level) {
  auto logger = spdlog::stderr_logger_mt("chaperone");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

// Threads inherit the mask: signals arrive at sigwait alone.
void BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h")) {
    std::printf("usage: chaperone-sidecar --config FILE\n\nThe keys of the file: dataplane/app/README.md.\n");
    return 0;
  }
  if (argc != 3 || std::string_view(argv[1]) != "--config") {
    std::fprintf(stderr, "usage: chaperone-sidecar --config FILE\n");
    return kUsage;
  }
  const auto config = chaperone::app::LoadConfig(argv[2]);
  if (!config.ok()) {
    std::fprintf(stderr, "chaperone-sidecar: %s\n", std::string(chaperone::base::Message(config.status())).c_str());
    return kCannotStart;
  }
  StartLogging(config->log_level);
  BlockSignals();
  const auto sidecar = chaperone::app::Sidecar::Build(*config);
  if (!sidecar.ok()) {
    std::fprintf(stderr, "chaperone-sidecar: %s\n", std::string(chaperone::base::Message(sidecar.status())).c_str());
    return kCannotStart;
  }
  (*sidecar)->Run();
  return 0;
}
