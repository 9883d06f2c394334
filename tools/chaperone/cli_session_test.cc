// sessions …
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tools/chaperone/proto_time.h"
#include "tools/chaperone/testing/cli_run.h"
#include "tools/chaperone/testing/recorded_session.h"

namespace chaperone::cli {
namespace {

using testing::FakeControlPlane;
using testing::RunCommand;
using testing::RunResult;

const std::string kId = "ses_01JD2Z4S1Q9X4T0V6N8M3K7R5C";

void Serve(const testing::RecordedSession& session, FakeControlPlane* control_plane) {
  control_plane->answers.session = session.Describe();
  control_plane->answers.chunks = session.chunks();
}

TEST_CASE("sessions are listed with filters, and page by page") {
  FakeControlPlane control_plane;
  CHECK(RunCommand(control_plane,
                   {"sessions", "list", "--live", "--subject", "a", "--database", "shop", "--sidecar", "s1"})
            .out == "no sessions\n");
  CHECK(control_plane.Request("ListSessions") ==
        "live_only: true subject: \"a\" database: \"shop\" sidecar: \"s1\" limit: 100");
  for (int i = 0; i < 1000; ++i) {
    control_plane.answers.sessions.add_sessions()->set_id("ses_" + std::to_string(i));
  }
  const RunResult result = RunCommand(control_plane, {"sessions", "list", "--limit", "3000"});
  CHECK(control_plane.Calls("ListSessions") == 1 + 3);
  CHECK(control_plane.Request("ListSessions") == "limit: 1000 after: \"ses_999\"");
  CHECK(result.out.find("Older ones: --after ses_999") != std::string::npos);
}

TEST_CASE("a session is shown with its head") {
  FakeControlPlane control_plane;
  Serve(testing::SampleSession(kId), &control_plane);
  v1::Session& session = control_plane.answers.session;
  session.mutable_principal()->set_subject("agent-7");
  session.set_end_reason("client_closed");
  *session.mutable_started_at() = ToProto(display::FromMicroseconds(testing::kStartUs - 5'000'000));
  const std::string out = RunCommand(control_plane, {"sessions", "show", kId}).out;
  CHECK(out.find("state:       ended: client_closed\n") != std::string::npos);
  CHECK(out.find("(5 s ago)") != std::string::npos);
  CHECK(out.find("recording:   20 records in ") != std::string::npos);
  CHECK(out.find("head:        ") != std::string::npos);
}

TEST_CASE("replay prints the transcript at once into a pipe, at the agent's pace on a terminal") {
  FakeControlPlane control_plane;
  Serve(testing::SampleSession(kId), &control_plane);
  const RunResult piped = RunCommand(control_plane, {"sessions", "replay", kId});
  CHECK(piped.code == 0);
  CHECK(piped.slept.count() == 0);
  CHECK(piped.out.find("allow: rule read-shop of coding-agents") != std::string::npos);
  CHECK(piped.out.find("session ended: client_closed") != std::string::npos);
  // 20 records, 1 ms apart.
  CHECK(RunCommand(control_plane, {"sessions", "replay", kId}, {.out_is_terminal = true}).slept.count() == 19);
  CHECK(RunCommand(control_plane, {"sessions", "replay", kId, "--speed", "0.5"}).slept.count() == 38);
  CHECK(RunCommand(control_plane, {"sessions", "replay", kId, "--no-delay"}, {.out_is_terminal = true}).slept.count() ==
        0);
  CHECK(RunCommand(control_plane, {"sessions", "replay", kId}, {.out_is_terminal = true}).out == piped.out);
}

TEST_CASE("tail follows") {
  FakeControlPlane control_plane;
  Serve(testing::SampleSession(kId), &control_plane);
  const RunResult result = RunCommand(control_plane, {"sessions", "tail", kId}, {.out_is_terminal = true});
  CHECK(result.slept.count() == 0);
  CHECK(control_plane.Request("ReadRecording") == "id: \"" + kId + "\" follow: true");
  CHECK(result.out == RunCommand(control_plane, {"sessions", "replay", kId}).out);
  const std::string json = RunCommand(control_plane, {"sessions", "tail", kId, "-o", "json"}).out;
  CHECK(std::ranges::count(json, '\n') == 20);
}

TEST_CASE("verify says that a recording is intact, or what is wrong with it", "[fail-closed]") {
  FakeControlPlane control_plane;
  Serve(testing::SampleSession(kId), &control_plane);
  const RunResult good = RunCommand(control_plane, {"sessions", "verify", kId});
  CHECK(good.code == 0);
  CHECK(good.out.find(kId + " is intact: 20 records in 2 chunks, ") == 0);
  const std::string head = good.out.substr(good.out.find("head ") + 5, 64);
  CHECK(RunCommand(control_plane, {"sessions", "verify", kId, "--head", head}).code == 0);
  CHECK(RunCommand(control_plane, {"sessions", "verify", kId, "--head", std::string(64, '0')}).code == 1);
  CHECK(RunCommand(control_plane, {"sessions", "verify", kId, "--head", "abc"}).code == 2);
  CHECK(RunCommand(control_plane, {"sessions", "verify", kId, "-o", "json"}).out.find("\"intact\":true") !=
        std::string::npos);

  (*control_plane.answers.chunks[1].mutable_payload())[30] ^= 1;
  const RunResult bad = RunCommand(control_plane, {"sessions", "verify", kId});
  CHECK(bad.code == 1);
  CHECK(bad.out.empty());
  CHECK(bad.err.find(kId + " is NOT intact: chunk 2 (records 8 to 19) was changed") != std::string::npos);
}

TEST_CASE("export writes one record a line, verified, readable by its owner alone") {
  FakeControlPlane control_plane;
  Serve(testing::SampleSession(kId), &control_plane);
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("chaperone_export_" + std::to_string(getpid()) + ".jsonl");
  const RunResult result = RunCommand(control_plane, {"sessions", "export", kId, "-f", path});
  CHECK(result.code == 0);
  CHECK(result.err.find("20 records exported and verified, head ") == 0);
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  CHECK(RunCommand(control_plane, {"sessions", "export", kId, "-f", "-"}).out == text.str());
  CHECK(std::ranges::count(text.str(), '\n') == 20);
  CHECK(std::filesystem::status(path).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  std::filesystem::remove(path);

  control_plane.answers.chunks.pop_back();
  const RunResult bad = RunCommand(control_plane, {"sessions", "export", kId, "-f", path});
  CHECK(bad.code == 1);
  CHECK(bad.err.find("export failed; what was read is in " + path.string() + ".partial") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(path));
  std::filesystem::remove(path.string() + ".partial");
  CHECK(RunCommand(control_plane, {"sessions", "export", kId, "-f", "/no/such/folder/x"}).err.find("cannot write") !=
        std::string::npos);
}

TEST_CASE("kill reports when the connection was closed") {
  FakeControlPlane control_plane;
  *control_plane.answers.killed.mutable_closed_at() = ToProto(display::FromMicroseconds(testing::kStartUs));
  CHECK(RunCommand(control_plane, {"sessions", "kill", kId, "--reason", "loop"}).out ==
        kId + " is closed, since 2025-11-30 14:03:07Z\n");
  CHECK(control_plane.Request("KillSession") == "id: \"" + kId + "\" reason: \"loop\"");
  control_plane.answers.failures["KillSession"] = {grpc::StatusCode::NOT_FOUND, "no connected sidecar has it"};
  CHECK(RunCommand(control_plane, {"sessions", "kill", kId}).err.find("chaperone sessions list --live") !=
        std::string::npos);
}

TEST_CASE("a recording that breaks off in the middle is shown as far as it goes, and fails") {
  FakeControlPlane control_plane;
  Serve(testing::SampleSession(kId), &control_plane);
  control_plane.answers.failures["ReadRecording"] = {grpc::StatusCode::DATA_LOSS, "chunk 3 is missing"};
  const RunResult result = RunCommand(control_plane, {"sessions", "replay", kId});
  CHECK(result.code == 1);
  CHECK(result.out.find("rule read-shop") != std::string::npos);
  CHECK(result.err.find("chunk 3 is missing") != std::string::npos);
}

}  // namespace
}  // namespace chaperone::cli
