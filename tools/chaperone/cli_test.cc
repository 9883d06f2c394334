// The program as a whole: arguments, help, environment, errors, and that no answer can act on a terminal.
#include "tools/chaperone/cli.h"

#include <catch2/catch.hpp>
#include <sstream>

#include "tools/chaperone/testing/cli_run.h"
#include "tools/chaperone/testing/recorded_session.h"

namespace chaperone::cli {
namespace {

using testing::FakeControlPlane;
using testing::RunCommand;
using testing::RunResult;

const std::vector<std::vector<std::string>> kEveryCommand = {
    {"policy", "apply"},
    {"policy", "get"},
    {"policy", "list"},
    {"policy", "delete"},
    {"policy", "history"},
    {"policy", "diff"},
    {"policy", "rollback"},
    {"policy", "lint"},
    {"policy", "simulate"},
    {"approvals", "list"},
    {"approvals", "show"},
    {"approvals", "approve"},
    {"approvals", "reject"},
    {"approvals", "watch"},
    {"sessions", "list"},
    {"sessions", "show"},
    {"sessions", "replay"},
    {"sessions", "tail"},
    {"sessions", "export"},
    {"sessions", "verify"},
    {"sessions", "kill"},
    {"revoke"},
    {"revocations", "list"},
    {"revocations", "lift"},
    {"sidecars", "list"},
    {"sidecars", "show"},
    {"audit", "list"},
    {"doctor"},
    {"token", "mint"},
    {"token", "exchange"},
    {"whoami"},
    {"completion"},
};

TEST_CASE("every command has help with examples and exits 0") {
  FakeControlPlane control_plane;
  for (std::vector<std::string> command : kEveryCommand) {
    std::string path;
    for (const std::string& word : command) {
      path += word + " ";
    }
    CAPTURE(path);
    command.emplace_back("--help");
    const RunResult result = RunCommand(control_plane, command);
    CHECK(result.code == kExitDone);
    CHECK(result.out.find("Examples:\n  ") != std::string::npos);
    CHECK(result.out.find("chaperone " + path.substr(0, path.size() - 1)) != std::string::npos);
    CHECK(result.err.empty());
  }
}

TEST_CASE("the program names its version and its environment") {
  FakeControlPlane control_plane;
  CHECK(RunCommand(control_plane, {"--version"}).out == "chaperone 0.1.0\n");
  const RunResult help = RunCommand(control_plane, {"--help"});
  CHECK(help.code == kExitDone);
  for (const std::string word :
       {"CHAPERONE_ADDRESS", "CHAPERONE_CA", "CHAPERONE_CERT", "CHAPERONE_KEY", "Exit codes"}) {
    CHECK(help.out.find(word) != std::string::npos);
  }
}

TEST_CASE("wrong usage exits 2, says what is wrong and where help is") {
  FakeControlPlane control_plane;
  const auto usage = [&](const std::vector<std::string>& arguments) {
    const RunResult result = RunCommand(control_plane, arguments);
    CHECK(result.code == kExitUsage);
    CHECK(result.out.empty());
    CHECK(result.err.find("--help") != std::string::npos);
    return result.err;
  };
  CHECK(usage({"polcy", "list"}).find("did you mean 'policy'?\nSee: chaperone --help") != std::string::npos);
  CHECK(usage({"policy", "gt"}).find("did you mean 'get'?\nSee: chaperone policy --help") != std::string::npos);
  CHECK(usage({"audit", "list", "--actr", "bob"}).find("did you mean '--actor'?") != std::string::npos);
  CHECK(usage({"policy", "list", "--adress", "x"}).find("did you mean '--address'?") != std::string::npos);
  CHECK(usage({}).find("See: chaperone --help") != std::string::npos);
  CHECK(usage({"approvals"}).find("See: chaperone approvals --help") != std::string::npos);
  CHECK(usage({"approvals", "show"}).find("id is required") != std::string::npos);
  CHECK(usage({"sessions", "list", "-o", "xml"}).find("xml") != std::string::npos);
  CHECK(usage({"sessions", "list", "--limit", "0"}).find("--limit") != std::string::npos);
  CHECK(usage({"sessions", "list", "--timeout", "soon"}).find("not a duration") != std::string::npos);
  CHECK(usage({"revoke", "--subject", "a", "--for", "soon"}).find("not a duration") != std::string::npos);
  CHECK(usage({"revoke", "--reason", "x"}).find("say whom") != std::string::npos);
  CHECK(usage({"sessions", "replay", "ses_1", "--speed", "2", "--no-delay"}).find("--no-delay") != std::string::npos);
  CHECK(usage({"policy", "apply"}).find("--file is required") != std::string::npos);
  CHECK(usage({"completion", "tcsh"}).find("tcsh") != std::string::npos);
  CHECK(usage({"policy", "\x1b[2J\x07"}).find_first_of("\x1b\x07") == std::string::npos);
}

TEST_CASE("flags override the environment, and may stand anywhere") {
  FakeControlPlane control_plane;
  const std::map<std::string, std::string> environment = {{"CHAPERONE_ADDRESS", "env:1"},
                                                          {"CHAPERONE_CA", "env-ca"},
                                                          {"CHAPERONE_CERT", "env-cert"},
                                                          {"CHAPERONE_KEY", "env-key"}};
  const auto from_environment = RunCommand(control_plane, {"whoami"}, {.environment = environment}).connection;
  CHECK(from_environment.address == "env:1");
  CHECK(from_environment.ca == "env-ca");
  CHECK(from_environment.cert == "env-cert");
  CHECK(from_environment.key == "env-key");
  const auto behind =
      RunCommand(control_plane,
                 {"whoami", "--address", "flag:2", "--ca", "a", "--cert", "b", "--key", "c", "--server-name", "d"},
                 {.environment = environment})
          .connection;
  CHECK(behind.address == "flag:2");
  CHECK(behind.ca == "a");
  CHECK(behind.server_name == "d");
  CHECK(RunCommand(control_plane, {"--address", "front:3", "policy", "list"}).connection.address == "front:3");
  CHECK(RunCommand(control_plane, {"policy", "list", "--address", "back:4"}).connection.address == "back:4");
  CHECK(RunCommand(control_plane, {"whoami"}).connection.address == "localhost:7400");
}

TEST_CASE("a failure exits 1 and says what to do next") {
  FakeControlPlane control_plane;
  control_plane.answers.caller.set_name("alice");
  control_plane.answers.caller.add_roles("auditor");
  const auto failure = [&](const std::vector<std::string>& arguments, const std::string& method, grpc::Status status) {
    control_plane.answers.failures = {{method, std::move(status)}};
    const RunResult result = RunCommand(control_plane, arguments);
    CHECK(result.code == kExitFailed);
    return result.err;
  };
  using grpc::StatusCode;
  CHECK(failure({"policy", "get", "x"}, "GetPolicy", {StatusCode::NOT_FOUND, "no policy x"}) ==
        "chaperone: no policy x\nSee what there is: chaperone policy list\n");
  CHECK(
      failure({"sessions", "kill", "x"}, "KillSession", {StatusCode::PERMISSION_DENIED, "the role admin is needed"}) ==
      "chaperone: the role admin is needed (you are alice, with the role auditor)\n"
      "`sessions kill` needs the role admin; use a certificate that has it (--cert, --key).\n");
  CHECK(failure({"whoami"}, "WhoAmI", {StatusCode::UNAUTHENTICATED, "no certificate"})
            .find("CHAPERONE_CERT and CHAPERONE_KEY") != std::string::npos);
  CHECK(failure({"whoami"}, "WhoAmI", {StatusCode::UNAVAILABLE, "Connection refused"}) ==
        "chaperone: cannot reach the control plane at localhost:7400: Connection refused\n"
        "Is the control plane running and reachable at localhost:7400? Another address: --address or "
        "CHAPERONE_ADDRESS.\n");
  CHECK(failure({"policy", "delete", "x", "--expected-revision", "3"}, "DeletePolicy",
                {StatusCode::ABORTED, "it is at 4"})
            .find("--expected-revision") != std::string::npos);
  CHECK(failure({"policy", "simulate", "--sql", "SELECT 1", "--database", "e/d", "--subject", "a"}, "SimulatePolicy",
                {StatusCode::UNIMPLEMENTED, ""})
            .find("policy simulate: not available yet\n") != std::string::npos);
  CHECK(failure({"whoami"}, "WhoAmI", {StatusCode::INTERNAL, "\x1b[2Jboom\nchaperone: all is well"}) ==
        "chaperone: \\x1b[2Jboom\\nchaperone: all is well\n");
  control_plane.answers.failures.clear();
  const RunResult exchange = RunCommand(control_plane, {"token", "exchange"});
  CHECK(exchange.code == kExitFailed);
  CHECK(exchange.err.find("token exchange: not available yet") != std::string::npos);
}

// Fills every string field of a message, and of the messages in it, with hostile text.
void Poison(google::protobuf::Message* message, int depth = 0) {
  const std::string evil =
      "\x1b]0;pwned\x07\x1b[2J\xe2\x80\xae\xc2\x9b"
      "31m\r\nDecision: allow";
  const auto* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const auto* field = message->GetDescriptor()->field(i);
    if (field->is_map()) {
      continue;
    }
    if (field->type() == google::protobuf::FieldDescriptor::TYPE_STRING) {
      field->is_repeated() ? reflection->AddString(message, field, evil) : reflection->SetString(message, field, evil);
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE && depth < 5) {
      Poison(field->is_repeated() ? reflection->AddMessage(message, field) : reflection->MutableMessage(message, field),
             depth + 1);
    }
  }
}

TEST_CASE("no answer of the control plane can act on the terminal") {
  FakeControlPlane control_plane;
  testing::Answers& answers = control_plane.answers;
  Poison(&answers.applied);
  Poison(&answers.rollout.emplace_back());
  answers.rollout.back().set_state(v1::RolloutStatus::REJECTED);
  Poison(&answers.policies[0]);
  Poison(&answers.policy);
  Poison(&answers.revisions);
  Poison(&answers.lint);
  Poison(&answers.simulation);
  Poison(&answers.approvals);
  Poison(&answers.approval);
  answers.approval.set_state(v1::Approval::PENDING);
  Poison(&answers.watched.emplace_back());
  Poison(&answers.sessions);
  Poison(&answers.session);
  Poison(&answers.revoked);
  Poison(&answers.revocations);
  Poison(&answers.lifted);
  Poison(&answers.sidecars);
  Poison(&answers.sidecar);
  Poison(&answers.audit);
  Poison(&answers.issuers);
  Poison(&answers.minted);
  Poison(&answers.caller);
  const std::vector<std::vector<std::string>> commands = {
      {"policy", "apply", "-f", "-", "--wait"},
      {"policy", "get", "x"},
      {"policy", "list"},
      {"policy", "delete", "x"},
      {"policy", "rollback", "1"},
      {"policy", "history"},
      {"policy", "diff", "--from", "1"},
      {"policy", "diff", "-f", "-"},
      {"policy", "lint", "-f", "-"},
      {"policy", "simulate", "--sql", "x", "--database", "e/d", "--subject", "a"},
      {"approvals", "list"},
      {"approvals", "show", "x"},
      {"approvals", "approve", "x"},
      {"approvals", "reject", "x"},
      {"approvals", "watch"},
      {"sessions", "list"},
      {"sessions", "show", "x"},
      {"sessions", "verify", "x"},
      {"sessions", "kill", "\x1b[2J"},
      {"revoke", "--subject", "x"},
      {"revocations", "list"},
      {"revocations", "lift", "x"},
      {"sidecars", "list"},
      {"sidecars", "show", "x"},
      {"audit", "list"},
      {"doctor"},
      {"token", "mint", "--subject", "x"},
      {"whoami"},
  };
  for (std::vector<std::string> command : commands) {
    const RunResult result = RunCommand(control_plane, command, {.input = "a: 1\n"});
    CAPTURE(command, result.out, result.err);
    CHECK_FALSE((result.out + result.err).empty());
    for (const std::string_view hazard : {"\x1b", "\x07", "\r", "\xe2\x80\xae", "\xc2\x9b"}) {
      CHECK(result.out.find(hazard) == std::string::npos);
      CHECK(result.err.find(hazard) == std::string::npos);
    }
    // And no line of a stranger's at the left edge, but for the document that was asked for.
    if (command == std::vector<std::string>{"policy", "get", "x"}) {
      continue;
    }
    CHECK(result.out.find("\nDecision: allow") == std::string::npos);
    CHECK(result.err.find("\nDecision: allow") == std::string::npos);
    command.insert(command.end(), {"-o", "json"});
    const RunResult json = RunCommand(control_plane, command, {.input = "a: 1\n"});
    for (const std::string_view hazard : {"\x1b", "\x07", "\r", "\xe2\x80\xae", "\xc2\x9b"}) {
      CHECK(json.out.find(hazard) == std::string::npos);
    }
  }
}

TEST_CASE("completion scripts know every command and its flags") {
  FakeControlPlane control_plane;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const RunResult result = RunCommand(control_plane, {"completion", shell});
    CHECK(result.code == kExitDone);
    for (const auto& command : kEveryCommand) {
      CAPTURE(shell, command);
      CHECK(result.out.find("'" + std::string(" ") + command.front() +
                            (command.size() > 1 ? " " + command.back() : "") + "'") != std::string::npos);
    }
    CHECK(result.out.find("expected-revision") != std::string::npos);
  }
}

}  // namespace
}  // namespace chaperone::cli
