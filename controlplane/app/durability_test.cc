// The real program, killed without warning while a sidecar sends records: whatever was acknowledged is there after a
// restart, and nothing is there twice.
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "api/base/clock.h"
#include "chaperone/v1/session.grpc.pb.h"
#include "controlplane/app/clients_for_tests.h"
#include "controlplane/model/keys.h"
#include "controlplane/sessions/sidecar_fake.h"

extern char** environ;

namespace chaperone::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "controlplane/app/chaperone-controlplane";

// The program as a process of its own, in a folder of its own.
class Program {
 public:
  Program() {
    std::string name = (fs::temp_directory_path() / "chaperone-cp-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder_ = name;
    std::ofstream(folder_ + "/config.yaml") << "listen: {address: 127.0.0.1, port: 0}\n"
                                               "telemetry: {port: 0}\n"
                                               "state: "
                                            << folder_ << "/state\n"
                                            << "dev: {enabled: true, issuer: {port: 0}}\n"
                                               "log: {level: error}\n";
  }
  ~Program() {
    if (pid_ > 0) {
      Kill();
    }
    fs::remove_all(folder_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void Start() {
    const std::string port_file = folder_ + "/state/listen_port";
    fs::remove(port_file);
    const std::string config = folder_ + "/config.yaml";
    const char* arguments[] = {kProgram, "--config", config.c_str(), nullptr};
    REQUIRE(posix_spawn(&pid_, kProgram, nullptr, nullptr, const_cast<char**>(arguments), environ) == 0);
    for (int i = 0; i < 1200 && !fs::exists(port_file); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    std::ifstream(port_file) >> port_;
    REQUIRE(port_ != 0);
  }

  void Kill() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  // The exit status after SIGTERM.
  int Terminate() {
    kill(pid_, SIGTERM);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::shared_ptr<grpc::Channel> As(const std::string& name) const {
    return ChannelAs(folder_ + "/state/certificates", name, port_);
  }

 private:
  std::string folder_;
  pid_t pid_ = 0;
  uint16_t port_ = 0;
};

// A sidecar's spool: every batch it ever made, to be sent again from wherever the control plane says.
struct FakeSpool {
  const base::SystemClock clock{};
  const std::string id = model::IdKey(base::SpoolId::New(clock));
  sessions::FakeRecording recording{clock, "agent-7"};
  std::vector<v1::RecordBatch> batches;

  const v1::RecordBatch& Batch(size_t index) {
    while (batches.size() <= index) {
      batches.push_back(sessions::BatchOf(batches.size() + 1, {recording.Statement().Text(2000).Seal()}));
    }
    return batches[index];
  }
};

// Every stored chunk by its first record.
std::map<uint64_t, std::string> ReadAll(const Program& program, const FakeSpool& spool) {
  v1::ReadRecordingRequest request;
  request.set_id(spool.recording.id().ToString());
  const auto context = Context();
  const auto stub = v1::SessionService::NewStub(program.As("auditor"));
  const auto reader = stub->ReadRecording(context.get(), request);
  std::map<uint64_t, std::string> chunks;
  for (v1::ReadRecordingResponse response; reader->Read(&response);) {
    CHECK(chunks.emplace(response.chunk().first_record(), response.chunk().payload()).second);
  }
  CHECK(reader->Finish().ok());
  return chunks;
}

TEST_CASE("kill -9 under load loses no acknowledged batch and stores none twice") {
  Program program;
  FakeSpool spool;
  uint64_t acknowledged = 0;
  constexpr int kRounds = 4;
  for (int round = 0; round < kRounds; ++round) {
    program.Start();
    RecordClient stream(program.As("sidecar"), spool.id);
    v1::RecordResponse welcome;
    REQUIRE(stream.Hello(&welcome));
    // Nothing that was acknowledged is asked for again.
    REQUIRE(welcome.position() >= acknowledged);
    uint64_t sent = welcome.position();
    acknowledged = sent;
    // Several under way all the time, so that the kill hits some.
    for (int i = 0; i < 60; ++i) {
      while (sent < acknowledged + 16) {
        REQUIRE(stream.Send(spool.Batch(sent)));
        ++sent;
      }
      REQUIRE(stream.AwaitDurable(acknowledged + 1));
      ++acknowledged;
    }
    program.Kill();
  }
  program.Start();
  const auto stored = ReadAll(program, spool);
  CHECK(stored.size() >= acknowledged);
  CHECK(stored.size() <= spool.batches.size());
  for (size_t i = 0; i < stored.size(); ++i) {
    const v1::Chunk& sent = spool.batches[i].chunks(0);
    REQUIRE(stored.contains(sent.first_record()));
    CHECK(stored.at(sent.first_record()) == sent.payload());
  }
  // The rest of the spool follows without a gap.
  RecordClient stream(program.As("sidecar"), spool.id);
  v1::RecordResponse welcome;
  REQUIRE(stream.Hello(&welcome));
  CHECK(welcome.position() == stored.size());
  for (const v1::RecordBatch& batch : spool.batches) {
    REQUIRE(stream.Send(batch));
  }
  REQUIRE(stream.AwaitDurable(spool.batches.size()));
  CHECK(ReadAll(program, spool).size() == spool.batches.size());
  CHECK(stream.Finish().ok());
  CHECK(program.Terminate() == 0);
}

}  // namespace
}  // namespace chaperone::app
