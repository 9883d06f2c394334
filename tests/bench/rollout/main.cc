// Measures policy rollout to many simulated sidecar streams. README.md says what the figures mean.
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/policy/policy.h"
#include "chaperone/v1/policy.grpc.pb.h"
#include "chaperone/v1/sidecar.grpc.pb.h"
#include "controlplane/app/clients_for_tests.h"
#include "controlplane/app/control_plane.h"
#include "controlplane/identity/dev_certificates.h"

namespace chaperone::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr double kTargetMs = 1000;
constexpr std::chrono::seconds kPatience(120);

// Everybody's latest acknowledgement, and a way to wait for the last of them.
class Board {
 public:
  void Acknowledged(uint64_t revision, Clock::time_point at) {
    const std::lock_guard lock(mutex_);
    if (revision == revision_) {
      times_.push_back(at);
      changed_.notify_all();
    }
  }

  // Acknowledgements count from now on for this revision.
  void Expect(uint64_t revision) {
    const std::lock_guard lock(mutex_);
    revision_ = revision;
    times_.clear();
  }

  // Empty when not all have come in time.
  std::vector<Clock::time_point> Await(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return times_.size() >= count; });
    return times_.size() >= count ? times_ : std::vector<Clock::time_point>();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t revision_ = 0;
  std::vector<Clock::time_point> times_;
};

// Compiles each snapshot once. Real sidecars do so at the same time, each on its own machine: everybody here waits for
// the one that does it.
class Compiler {
 public:
  void Compile(const v1::Snapshot& snapshot) {
    const std::lock_guard lock(mutex_);
    if (bundle_ != nullptr && version_ == snapshot.version()) {
      return;
    }
    std::vector<std::shared_ptr<const policy::Document>> documents;
    for (const v1::SnapshotPolicy& each : snapshot.policies()) {
      auto document = policy::ParseDocument(each.document(), each.name());
      if (document.ok()) {
        documents.push_back(*std::move(document));
      }
    }
    bundle_ = *policy::Bundle::Compile(documents, snapshot.policy_revision());
    version_ = snapshot.version();
  }

 private:
  std::mutex mutex_;
  uint64_t version_ = 0;
  std::shared_ptr<const policy::Bundle> bundle_;
};

// One sidecar's Sync stream on gRPC's own threads.
class Stream final : public grpc::ClientBidiReactor<v1::SyncRequest, v1::SyncResponse> {
 public:
  Stream(const std::shared_ptr<grpc::Channel>& channel, const std::string& endpoint, Board* board, Compiler* compiler)
      : board_(board), compiler_(compiler), stub_(v1::SidecarService::NewStub(channel)) {
    request_.mutable_hello()->set_endpoint(endpoint);
    request_.mutable_hello()->set_version("bench");
    stub_->async()->Sync(&context_, this);
    StartWrite(&request_);
    StartRead(&response_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      return;
    }
    if (response_.has_snapshot()) {
      Take(response_.snapshot());
    }
    StartRead(&response_);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (ok && has_next_) {
      WriteNext();
    }
  }

  void OnDone(const grpc::Status&) override {
    const std::lock_guard lock(mutex_);
    done_ = true;
    ended_.notify_all();
  }

  void End() {
    context_.TryCancel();
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return done_; });
  }

 private:
  // What a sidecar does before it acknowledges.
  void Take(const v1::SignedSnapshot& signed_snapshot) {
    v1::Snapshot snapshot;
    snapshot.ParseFromString(signed_snapshot.snapshot());
    compiler_->Compile(snapshot);
    board_->Acknowledged(snapshot.policy_revision(), Clock::now());
    const std::lock_guard lock(mutex_);
    next_.mutable_acknowledgement()->set_version(snapshot.version());
    next_.mutable_acknowledgement()->set_nonce(signed_snapshot.nonce());
    next_.mutable_acknowledgement()->set_policy_revision(snapshot.policy_revision());
    has_next_ = true;
    if (!writing_) {
      WriteNext();
    }
  }

  void WriteNext() {
    request_ = next_;
    has_next_ = false;
    writing_ = true;
    StartWrite(&request_);
  }

  Board* const board_;
  Compiler* const compiler_;
  grpc::ClientContext context_;
  const std::unique_ptr<v1::SidecarService::Stub> stub_;
  v1::SyncResponse response_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool writing_ = true;
  bool has_next_ = false;
  bool done_ = false;
  v1::SyncRequest request_;
  v1::SyncRequest next_;
};

// Some forty rules and masks, as a team's policy has them; `round` makes each text another one.
std::string PolicyOf(int round) {
  std::string text =
      "apiVersion: chaperone/v1\nkind: Policy\nmetadata: {name: agents}\nprincipals: [{groups: [coding-agents]}]\n"
      "databases: [\"*/*\"]\nstatements:\n";
  for (int i = 0; i < 30; ++i) {
    text += fmt::format("  - {{id: read-{0}, effect: allow, actions: [read], resources: [\"app_{0}.*\"]}}\n", i);
  }
  text += "  - {id: no-ddl, effect: deny, actions: [ddl, admin], resources: [\"*\"]}\nmasking:\n";
  for (int i = 0; i < 10; ++i) {
    text += fmt::format("  - {{id: mask-{0}, columns: [\"app_{0}.customers.email\"], method: redact}}\n", i);
  }
  return text + fmt::format("limits: {{rows_per_statement: {}}}\n", 1000 + round);
}

double Percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(static_cast<double>(values.size()) * share))];
}

class Bench {
 public:
  Bench(size_t streams, int rounds) : count_(streams), rounds_(rounds) {}

  int Run() {
    std::string folder = (std::filesystem::temp_directory_path() / "chaperone-rollout-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr || !Start(folder)) {
      return 1;
    }
    const bool measured = Connect() && Measure();
    for (const auto& stream : streams_) {
      stream->End();
    }
    streams_.clear();
    control_plane_ = nullptr;
    std::filesystem::remove_all(folder);
    return measured ? Report() : 1;
  }

 private:
  bool Start(const std::string& folder) {
    app::Config config;
    config.listen = {"127.0.0.1", 0};
    config.telemetry = {"127.0.0.1", 0};
    config.state = folder + "/state";
    config.store.path = folder + "/state/store";
    config.dev.enabled = true;
    config.dev.certificates = folder + "/certificates";
    config.dev.issuer_listen.port = 0;
    config.dev.identities = {{"ann", {model::Role::kAdmin}, {}}};
    for (size_t i = 0; i < count_; ++i) {
      config.dev.identities.push_back({fmt::format("side-{}", i), {model::Role::kSidecar}, {}});
    }
    config.tls = {config.dev.certificates + "/controlplane.pem", config.dev.certificates + "/controlplane.key",
                  config.dev.certificates + "/ca.pem", ""};
    config.limits.stop_timeout = std::chrono::milliseconds(0);
    auto built = app::ControlPlane::Build(config);
    if (!built.ok()) {
      fmt::print(stderr, "{}\n", base::Message(built.status()));
      return false;
    }
    control_plane_ = *std::move(built);
    certificates_ = config.dev.certificates;
    admin_ = v1::PolicyService::NewStub(app::ChannelAs(certificates_, "ann", control_plane_->port()));
    return true;
  }

  // Streams in groups: a thousand TLS handshakes at once say nothing about a rollout.
  bool Connect() {
    constexpr size_t kGroup = 50;
    board_.Expect(0);
    for (size_t i = 0; i < count_; ++i) {
      const auto channel = app::ChannelAs(certificates_, fmt::format("side-{}", i), control_plane_->port());
      if (!channel->WaitForConnected(std::chrono::system_clock::now() + kPatience)) {
        fmt::print(stderr, "stream {} did not connect\n", i);
        return false;
      }
      streams_.push_back(std::make_unique<Stream>(channel, fmt::format("endpoint-{}", i), &board_, &compiler_));
      if ((i + 1) % kGroup == 0 && board_.Await(i + 1).empty()) {
        fmt::print(stderr, "not every stream got its first snapshot\n");
        return false;
      }
    }
    return !board_.Await(count_).empty();
  }

  bool Measure() {
    for (int round = 1; round <= rounds_; ++round) {
      v1::ApplyPoliciesRequest request;
      request.add_documents(PolicyOf(round));
      v1::ApplyPoliciesResponse response;
      board_.Expect(static_cast<uint64_t>(round));
      const auto begin = Clock::now();
      const grpc::Status status = admin_->ApplyPolicies(app::Context(kPatience).get(), request, &response);
      if (!status.ok() || response.revision() != static_cast<uint64_t>(round) || !AwaitRollout(response.revision())) {
        fmt::print(stderr, "round {}: {}\n", round, status.error_message());
        return false;
      }
      all_.push_back(Milliseconds(Clock::now() - begin).count());
      for (const Clock::time_point at : board_.Await(count_)) {
        each_.push_back(Milliseconds(at - begin).count());
      }
    }
    return each_.size() == count_ * static_cast<size_t>(rounds_);
  }

  bool AwaitRollout(uint64_t revision) {
    v1::WatchRolloutRequest request;
    request.set_revision(revision);
    const auto context = app::Context(kPatience);
    const auto reader = admin_->WatchRollout(context.get(), request);
    v1::RolloutStatus status;
    size_t acknowledged = 0;
    while (reader->Read(&status)) {
      acknowledged += status.state() == v1::RolloutStatus::ACKNOWLEDGED ? 1 : 0;
    }
    return reader->Finish().ok() && acknowledged == count_;
  }

  int Report() const {
    const double p99 = Percentile(each_, 0.99);
    fmt::print("{} streams, {} rounds, from apply to acknowledged:\n", count_, rounds_);
    fmt::print("  each sidecar  p50 {:7.1f} ms   p99 {:7.1f} ms   target p99 < {:.0f} ms: {}\n", Percentile(each_, 0.5),
               p99, kTargetMs, p99 < kTargetMs ? "met" : "missed");
    fmt::print("  all           p50 {:7.1f} ms   max {:7.1f} ms\n", Percentile(all_, 0.5), Percentile(all_, 1.0));
    return p99 < kTargetMs ? 0 : 1;
  }

  const size_t count_;
  const int rounds_;
  Board board_;
  Compiler compiler_;
  std::string certificates_;
  std::unique_ptr<app::ControlPlane> control_plane_;
  std::unique_ptr<v1::PolicyService::Stub> admin_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<double> each_;
  std::vector<double> all_;
};

}  // namespace
}  // namespace chaperone::bench

int main(int argc, char** argv) {
  const size_t streams = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 20;
  if (streams == 0 || streams > 5000 || rounds <= 0) {
    fmt::print(stderr, "usage: rollout [streams=1000] [rounds=20]\n");
    return 2;
  }
  return chaperone::bench::Bench(streams, rounds).Run();
}
