// chaperone-controlplane: reads the configuration, serves until SIGTERM or SIGINT.
// Exit status: 0 after a signal, 1 when it cannot start, 2 for wrong usage.
#include <grpc/support/log.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "controlplane/app/config.h"
#include "controlplane/app/control_plane.h"

namespace {

constexpr const char* kVersion = "chaperone-controlplane 0.1.0";

struct Arguments {
  std::string config;
  bool dev = false;
};

// -1 to go on, otherwise the exit status.
int ParseArguments(int argc, char** argv, Arguments* out) {
  CLI::App app(
      "Chaperone's control plane: policies, approvals, sessions and recordings, identity, and the fleet of sidecars.",
      "chaperone-controlplane");
  app.add_option("--config", out->config, "Configuration file (controlplane/app/README.md)")->required();
  app.add_flag("--dev", out->dev, "For development: issue certificates and run the development token issuer");
  app.set_version_flag("--version", kVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return -1;
}

void LogFromGrpc(gpr_log_func_args* args) {
  if (args->severity == GPR_LOG_SEVERITY_ERROR) {
    spdlog::warn("gRPC: {}", args->message);
  }
}

void StartLogging(const std::string& level) {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  spdlog::set_level(spdlog::level::from_str(level));
  spdlog::flush_on(spdlog::level::info);
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
  gpr_set_log_function(&LogFromGrpc);
}

int Fail(const absl::Status& status) {
  fmt::print(stderr, "chaperone-controlplane: {}\n", chaperone::base::Message(status));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (const int exit_status = ParseArguments(argc, argv, &arguments); exit_status >= 0) {
    return exit_status;
  }
  // Before any thread is made, so that all inherit it: signals are waited for below.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  const auto config = chaperone::app::LoadConfig(arguments.config, arguments.dev);
  if (!config.ok()) {
    return Fail(config.status());
  }
  StartLogging(config->log_level);
  auto control_plane = chaperone::app::ControlPlane::Build(*config);
  if (!control_plane.ok()) {
    return Fail(control_plane.status());
  }
  spdlog::info("serving gRPC on {} port {}, metrics on port {}{}", config->listen.address, (*control_plane)->port(),
               (*control_plane)->telemetry_port(),
               config->dev.enabled ? ", development issuer " + (*control_plane)->dev_issuer() : "");
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  spdlog::info("stopping on {}", signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
  control_plane->reset();
  return 0;
}
