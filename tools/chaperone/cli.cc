#include "tools/chaperone/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "api/yaml/yaml.h"
#include "chaperone/v1/identity.grpc.pb.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/next_step.h"
#include "tools/chaperone/registry.h"
#include "tools/chaperone/usage.h"

namespace chaperone::cli {

namespace {

constexpr std::string_view kFooter = R"(Environment:
  CHAPERONE_ADDRESS  host:port of the control plane (default: localhost:7400)
  CHAPERONE_CA       PEM file: the CA of the control plane's certificate
  CHAPERONE_CERT     PEM file: your certificate; its roles decide what you may do
  CHAPERONE_KEY      PEM file: its private key

Examples:
  chaperone policy apply -f policy.yaml --wait   # enforce a policy and see every sidecar confirm it
  chaperone approvals list                       # what waits for a human
  chaperone sessions replay ses_01JD...          # what an agent did and saw
  chaperone revoke --subject agent-7             # end its sessions now and refuse new ones

Exit codes: 0 done, 1 failed, 2 wrong usage.)";

struct RawGlobals {
  ConnectionOptions connection;
  std::string output = "table";
  std::string timeout = "10s";
};

void AddGlobals(CLI::App& app, RawGlobals* raw) {
  app.add_option("--address", raw->connection.address, "host:port of the control plane");
  app.add_option("--ca", raw->connection.ca, "PEM file: the CA of the control plane's certificate");
  app.add_option("--cert", raw->connection.cert, "PEM file: your certificate");
  app.add_option("--key", raw->connection.key, "PEM file: its private key");
  app.add_option("--server-name", raw->connection.server_name,
                 "name in the control plane's certificate, if it is not the address");
  app.add_option("-o,--output", raw->output, "table for people, json for programs")
      ->check(CLI::IsMember({"table", "json"}));
  app.add_option("--timeout", raw->timeout, "how long a call may take, e.g. 30s");
}

absl::StatusOr<GlobalOptions> ReadGlobals(const RawGlobals& raw, const World& world) {
  GlobalOptions options{.connection = raw.connection};
  const auto fall_back = [&](std::string* value, const char* variable, std::string_view fallback) {
    if (value->empty()) {
      *value = world.environment(variable).value_or(std::string(fallback));
    }
  };
  fall_back(&options.connection.address, "CHAPERONE_ADDRESS", kDefaultAddress);
  fall_back(&options.connection.ca, "CHAPERONE_CA", "");
  fall_back(&options.connection.cert, "CHAPERONE_CERT", "");
  fall_back(&options.connection.key, "CHAPERONE_KEY", "");
  fall_back(&options.connection.server_name, "CHAPERONE_SERVER_NAME", "");
  options.output = raw.output == "json" ? Output::kJson : Output::kTable;
  CHAPERONE_ASSIGN_OR_RETURN(options.timeout, yaml::ParseDuration(raw.timeout));
  return options;
}

// The deepest command that was reached, for "did you mean" and "see --help".
const CLI::App* Deepest(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
  }
  return at;
}

std::string PathOf(const CLI::App* app) {
  std::string path = app->get_name();
  for (const CLI::App* parent = app->get_parent(); parent != nullptr; parent = parent->get_parent()) {
    path = parent->get_name() + " " + path;
  }
  return path;
}

// "policy gt" -> "get", "--adress" -> "--address".
std::string DidYouMean(const CLI::App& app, const std::string& word) {
  std::vector<std::string> known;
  const CLI::App* deepest = Deepest(app);
  for (const CLI::App* command : deepest->get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(command->get_name());
  }
  for (const CLI::App* level = deepest; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        known.push_back("--" + name);
      }
    }
  }
  const std::optional<std::string> nearest = yaml::Nearest(word, known);
  return nearest ? fmt::format("; did you mean '{}'?", *nearest) : "";
}

// CLI11 throws for help, for --version and for every mistake.
int ReportParseError(const CLI::App& app, const CLI::ParseError& error, World& world) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    return app.exit(error, world.out, world.err) == 0 ? kExitDone : kExitUsage;
  }
  std::string message = error.what();
  const CLI::App* deepest = Deepest(app);
  const std::vector<std::string> extras = app.remaining(true);
  if (!extras.empty()) {
    message = fmt::format("'{}' is not known here{}", extras.front(), DidYouMean(app, extras.front()));
  }
  world.err << fmt::format("chaperone: {}\nSee: {} --help\n", display::Line(message), PathOf(deepest));
  return kExitUsage;
}

// Asks who the caller is, to explain a refusal; best effort.
std::string DescribeCaller(Context& context) {
  const v1::WhoAmIRequest request;
  const auto caller = context.Call<v1::IdentityService>(&v1::IdentityService::Stub::WhoAmI, request);
  if (!caller.ok()) {
    return "";
  }
  std::string roles;
  for (const std::string& role : caller->roles()) {
    roles += (roles.empty() ? "" : ", ") + role;
  }
  return fmt::format("{}, {}", caller->name(), roles.empty() ? "without a role" : "with the role " + roles);
}

int ReportFailure(const absl::Status& status, const Registry::Entry& entry, Context& context) {
  FailedCommand failed{.name = entry.path,
                       .roles = entry.info.roles,
                       .listing = entry.info.listing,
                       .address = context.address(),
                       .caller = ""};
  if (status.code() == absl::StatusCode::kPermissionDenied) {
    failed.caller = DescribeCaller(context);
  }
  context.err() << fmt::format("chaperone: {}\n", WhatHappened(status, failed));
  const std::string next = NextStep(status, failed);
  if (!next.empty()) {
    context.err() << next << "\n";
  }
  return kExitFailed;
}

void AddCommands(Registry& registry) {
  AddPolicyCommands(registry);
  AddApprovalCommands(registry);
  AddSessionCommands(registry);
  AddRevocationCommands(registry);
  AddSidecarCommands(registry);
  AddAuditCommands(registry);
  AddDoctorCommand(registry);
  AddTokenCommands(registry);
  AddCompletionCommand(registry);
}

}  // namespace

int RunCli(const std::vector<std::string>& arguments, World& world) {
  CLI::App app("Chaperone: what AI coding agents may do on production databases, and what they did.", "chaperone");
  app.set_version_flag("--version", fmt::format("chaperone {}", kVersion));
  app.set_help_flag("-h,--help", "what this command does, with examples");
  app.require_subcommand(1);
  app.footer(std::string(kFooter));
  RawGlobals raw;
  AddGlobals(app, &raw);
  Registry registry(app);
  AddCommands(registry);
  try {
    // CLI11 takes the arguments last to first.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return ReportParseError(app, error, world);
  }
  const Registry::Entry* selected = registry.Selected();
  const absl::StatusOr<GlobalOptions> options = ReadGlobals(raw, world);
  if (!options.ok()) {
    world.err << fmt::format("chaperone: --timeout: {}\nSee: chaperone --help\n",
                             display::Line(base::Message(options.status())));
    return kExitUsage;
  }
  Context context(world, *options);
  const absl::Status status = selected->action(context);
  world.out.flush();
  if (status.ok()) {
    return kExitDone;
  }
  if (IsUsageError(status)) {
    world.err << fmt::format("chaperone: {}\nSee: chaperone {} --help\n", display::Line(base::Message(status)),
                             selected->path);
    return kExitUsage;
  }
  return ReportFailure(status, *selected, context);
}

}  // namespace chaperone::cli
