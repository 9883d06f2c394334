#include "controlplane/sessions/intake.h"

#include <catch2/catch.hpp>
#include <future>

#include "api/base/fake_clock.h"
#include "controlplane/metrics/metrics_for_tests.h"
#include "controlplane/model/keys.h"
#include "controlplane/sessions/sidecar_fake.h"
#include "controlplane/store/conformance/faulty_store.h"
#include "controlplane/store/memory/memory_store.h"

namespace chaperone::sessions {
namespace {

using store::Family;
using store::FaultyStore;

class FakeStream final : public RecordListener {
 public:
  void OnDurable(const base::SpoolId&, uint64_t position) override { durable = std::max(durable.load(), position); }
  void OnFailure(const absl::Status& status) override { failure = status; }
  void OnRoom() override { ++rooms; }

  std::atomic<uint64_t> durable = 0;
  absl::Status failure;
  std::atomic<int> rooms = 0;
};

struct Fixture {
  base::FakeClock clock;
  metrics::MetricsForTests metrics;
  RecordingFeed feed;
  std::unique_ptr<RecordIntake> intake;
  FaultyStore store{store::NewMemoryStore()};

  Fixture() { Restart(); }
  ~Fixture() { Settle(); }

  // Everything in memory is forgotten, as after a crash.
  void Restart(const IntakeLimits& limits = {}) {
    Settle();
    intake = std::make_unique<RecordIntake>(&store, &clock, metrics.get(), &feed, limits);
  }

  // Waits until everything queued has been committed.
  void Settle() { store.Commit({}).IgnoreError(); }

  struct Connected {
    std::shared_ptr<FakeStream> stream;
    std::shared_ptr<Spool> spool;
    v1::RecordResponse first;

    absl::Status Send(const v1::RecordBatch& batch) { return spool->Submit(stream.get(), batch); }
  };

  absl::StatusOr<Connected> TryConnect(const std::string& sidecar, const std::string& spool_id,
                                       const std::string& first_of_run = "") {
    v1::RecordHello hello;
    hello.set_spool_id(spool_id);
    hello.set_first_of_run(first_of_run);
    auto stream = std::make_shared<FakeStream>();
    std::promise<absl::StatusOr<RecordIntake::Welcome>> welcome;
    intake->Hello(sidecar, hello, stream,
                  [&](absl::StatusOr<RecordIntake::Welcome> result) { welcome.set_value(std::move(result)); });
    CHAPERONE_ASSIGN_OR_RETURN(auto got, welcome.get_future().get());
    return Connected{stream, got.spool, got.response};
  }

  Connected Connect(const std::string& spool_id, const std::string& sidecar = "side-1",
                    const std::string& first_of_run = "") {
    auto connected = TryConnect(sidecar, spool_id, first_of_run);
    INFO(connected.status().ToString());
    REQUIRE(connected.ok());
    return *std::move(connected);
  }

  std::string NewSpool() {
    clock.Advance(std::chrono::milliseconds(2));
    return model::IdKey(base::SpoolId::New(clock));
  }

  v1::Session Session(const FakeRecording& recording) {
    const auto bytes = store.Get(Family::kSessions, model::IdKey(recording.id()));
    REQUIRE(bytes.ok());
    REQUIRE(bytes->has_value());
    return *model::Decode<v1::Session>(**bytes, "session");
  }

  size_t Count(Family family) { return store.Scan(store::Prefix(family, ""))->size(); }
};

TEST_CASE("a batch is stored with its position and the session's summary, then acknowledged") {
  Fixture f;
  auto side = f.Connect(f.NewSpool());
  CHECK(side.first.position() == 0);
  FakeRecording recording(f.clock, "agent-7");
  recording.Statement().Statement(/*denied=*/true, 0).Statement(false, 10, 4);
  const v1::Chunk chunk = recording.Seal();
  REQUIRE(side.Send(BatchOf(100, {chunk})).ok());
  f.Settle();
  CHECK(side.stream->durable == 100);
  const v1::Session session = f.Session(recording);
  CHECK(session.state() == v1::Session::LIVE);
  CHECK(session.sidecar() == "side-1");
  CHECK(session.principal().subject() == "agent-7");
  CHECK(session.principal().groups(0) == "coding-agents");
  CHECK(session.database() == "shop");
  CHECK(session.statements() == 3);
  CHECK(session.denied() == 1);
  CHECK(session.rows() == 11);
  CHECK(session.masked_cells() == 4);
  CHECK(session.recorded_records() == 7);
  CHECK(session.recorded_bytes() == chunk.payload().size());
  CHECK(session.chain_head() == chunk.chain_after());
  CHECK(f.Count(Family::kLiveSessions) == 1);

  recording.Statement().End("client_closed");
  REQUIRE(side.Send(BatchOf(200, {recording.Seal()})).ok());
  f.Settle();
  const v1::Session ended = f.Session(recording);
  CHECK(ended.state() == v1::Session::ENDED);
  CHECK(ended.end_reason() == "client_closed");
  CHECK(ended.statements() == 4);
  CHECK(f.Count(Family::kLiveSessions) == 0);
  CHECK(f.Count(Family::kSpoolSessions) == 0);
  CHECK(f.Count(Family::kChunks) == 2);
}

TEST_CASE("after a reconnect what is stored is said, and what is sent again is not stored again") {
  Fixture f;
  const std::string spool = f.NewSpool();
  auto side = f.Connect(spool);
  FakeRecording recording(f.clock, "agent-7");
  const auto first = BatchOf(100, {recording.Statement().Seal()});
  const auto second = BatchOf(200, {recording.Statement().Seal()});
  const auto third = BatchOf(300, {recording.Statement().Seal()});
  REQUIRE(side.Send(first).ok());
  REQUIRE(side.Send(second).ok());
  f.Settle();
  for (const bool restart : {false, true}) {
    if (restart) {
      f.Restart();
    }
    auto again = f.Connect(spool);
    CHECK(again.first.position() == 200);
    REQUIRE(again.first.open_size() == 1);
    CHECK(again.first.open(0).next_record() == 5);
    CHECK(again.first.open(0).chain_head() == second.chunks(0).chain_after());
    REQUIRE(again.Send(first).ok());
    REQUIRE(again.Send(second).ok());
    f.Settle();
    CHECK(again.stream->durable == 200);
    CHECK(f.Session(recording).recorded_records() == 5);
    side = again;
  }
  REQUIRE(side.Send(third).ok());
  f.Settle();
  CHECK(side.stream->durable == 300);
  CHECK(f.Session(recording).recorded_records() == 7);
  CHECK(f.Count(Family::kChunks) == 3);
}

TEST_CASE("a batch that is in flight when the stream breaks is acknowledged on the next one") {
  Fixture f;
  const std::string spool = f.NewSpool();
  auto side = f.Connect(spool);
  FakeRecording recording(f.clock, "agent-7");
  const auto batch = BatchOf(100, {recording.Statement().Seal()});
  REQUIRE(side.Send(batch).ok());
  auto again = f.Connect(spool);
  REQUIRE(again.Send(batch).ok());
  f.Settle();
  CHECK(again.stream->durable == 100);
  CHECK(f.Count(Family::kChunks) == 1);
  CHECK(absl::IsAborted(side.stream->failure));
  CHECK(absl::IsAborted(side.Send(batch)));
}

TEST_CASE("[fail-closed] a chunk that does not continue its session is refused and nothing of its batch stored") {
  Fixture f;
  auto side = f.Connect(f.NewSpool());
  FakeRecording recording(f.clock, "agent-7");
  REQUIRE(side.Send(BatchOf(1, {recording.Statement().Seal()})).ok());
  FakeRecording other(f.clock, "agent-8");
  const v1::Chunk innocent = other.Seal();
  const v1::Chunk good = recording.Statement().Seal();
  const auto refused = [&](auto change) {
    v1::Chunk bad = good;
    change(bad);
    return absl::IsDataLoss(side.Send(BatchOf(2, {innocent, bad})));
  };
  CHECK(refused([](auto& c) { c.set_first_record(c.first_record() + 1); }));
  CHECK(refused([](auto& c) { c.set_first_record(0); }));
  CHECK(refused([](auto& c) { c.set_chain_before(std::string(32, 'x')); }));
  CHECK(refused([](auto& c) { c.set_chain_before(""); }));
  CHECK(refused([](auto& c) { c.set_chain_after(std::string(32, 'x')); }));
  CHECK(refused([](auto& c) { c.set_records(c.records() + 1); }));
  CHECK(refused([](auto& c) { c.set_records(0); }));
  CHECK(refused([](auto& c) { (*c.mutable_payload())[5] ^= 1; }));
  CHECK(refused([](auto& c) { c.mutable_payload()->pop_back(); }));
  CHECK(absl::IsInvalidArgument(side.Send(BatchOf(2, {[&] {
                                                    v1::Chunk bad = good;
                                                    bad.set_session_id("short");
                                                    return bad;
                                                  }()}))));
  f.Settle();
  CHECK(f.Count(Family::kSessions) == 1);
  CHECK(side.stream->durable == 1);
  // The stream ends at such an error; the spool is as it was.
  REQUIRE(side.Send(BatchOf(2, {innocent, good})).ok());
  f.Settle();
  CHECK(side.stream->durable == 2);
}

TEST_CASE("a chunk whose records are whole but not counted right is refused") {
  Fixture f;
  auto side = f.Connect(f.NewSpool());
  FakeRecording recording(f.clock, "agent-7");
  v1::Chunk chunk = recording.Statement().Seal();
  chunk.set_records(2);
  // A chain value that fits the wrong count: only counting the records shows it.
  recording::ChainValue before{};
  const auto after = recording::ChainAfter(before, {recording.id(), 0, 2}, chunk.payload());
  chunk.set_chain_after(std::string(after.begin(), after.end()));
  CHECK(absl::IsDataLoss(side.Send(BatchOf(1, {chunk}))));
}

TEST_CASE("[fail-closed] a sidecar cannot write into another's session") {
  Fixture f;
  auto mine = f.Connect(f.NewSpool(), "side-1");
  auto theirs = f.Connect(f.NewSpool(), "side-2");
  FakeRecording recording(f.clock, "agent-7");
  REQUIRE(mine.Send(BatchOf(1, {recording.Statement().Seal()})).ok());
  f.Settle();
  CHECK(absl::IsDataLoss(theirs.Send(BatchOf(1, {recording.Statement().Seal()}))));
}

TEST_CASE("sessions of a spool that a newer one follows have ended with their sidecar") {
  Fixture f;
  const std::string old_spool = f.NewSpool();
  auto side = f.Connect(old_spool);
  auto bystander = f.Connect(f.NewSpool(), "side-2");
  FakeRecording cut_off(f.clock, "agent-7");
  FakeRecording elsewhere(f.clock, "agent-8");
  REQUIRE(side.Send(BatchOf(1, {cut_off.Statement().Seal()})).ok());
  REQUIRE(bystander.Send(BatchOf(1, {elsewhere.Statement().Seal()})).ok());
  f.Settle();
  const std::string new_spool = f.NewSpool();
  // The restarted sidecar first sends what its old spool still holds, then its new one.
  auto rest = f.Connect(old_spool);
  REQUIRE(rest.Send(BatchOf(2, {cut_off.Statement().Seal()})).ok());
  f.Settle();
  CHECK(f.Session(cut_off).state() == v1::Session::LIVE);
  auto fresh = f.Connect(new_spool);
  CHECK(fresh.first.position() == 0);
  CHECK(fresh.first.open().empty());
  CHECK(f.Session(cut_off).state() == v1::Session::ENDED);
  CHECK(f.Session(cut_off).end_reason() == "sidecar_restarted");
  CHECK(f.Session(cut_off).statements() == 2);
  CHECK(f.Session(elsewhere).state() == v1::Session::LIVE);
  CHECK(f.Count(Family::kLiveSessions) == 1);
  CHECK(absl::IsAborted(rest.stream->failure));
}

TEST_CASE("the spools of one run live side by side, until a later run says hello") {
  Fixture f;
  const std::string first_id = f.NewSpool();
  const std::string second_id = f.NewSpool();
  auto second = f.Connect(second_id, "side-1", first_id);
  auto first = f.Connect(first_id, "side-1", first_id);
  FakeRecording one(f.clock, "agent-1");
  FakeRecording two(f.clock, "agent-2");
  REQUIRE(first.Send(BatchOf(1, {one.Statement().Seal()})).ok());
  REQUIRE(second.Send(BatchOf(1, {two.Statement().Seal()})).ok());
  second = f.Connect(second_id, "side-1", first_id);
  CHECK(second.first.position() == 1);
  CHECK(first.stream->failure.ok());
  CHECK(f.Session(one).state() == v1::Session::LIVE);
  CHECK(f.Session(two).state() == v1::Session::LIVE);
  const std::string later = f.NewSpool();
  f.Connect(later, "side-1", later);
  CHECK(f.Session(one).end_reason() == "sidecar_restarted");
  CHECK(f.Session(two).end_reason() == "sidecar_restarted");
  CHECK(absl::IsAborted(first.stream->failure));
  CHECK(absl::IsAborted(second.stream->failure));
  CHECK(absl::IsInvalidArgument(f.TryConnect("side-1", later, "short").status()));
}

TEST_CASE("spools that nobody sends any more are let go, and found again") {
  Fixture f;
  f.Restart({.spools_max = 2});
  const std::string first_id = f.NewSpool();
  auto first = f.Connect(first_id, "side-1", first_id);
  FakeRecording recording(f.clock, "agent-1");
  REQUIRE(first.Send(BatchOf(1, {recording.Statement().Seal()})).ok());
  const auto second = f.Connect(f.NewSpool(), "side-1", first_id);
  CHECK(absl::IsResourceExhausted(f.TryConnect("side-1", f.NewSpool(), first_id).status()));
  f.Settle();
  first.spool->Leave(first.stream.get());
  const auto third = f.Connect(f.NewSpool(), "side-1", first_id);
  third.spool->Leave(third.stream.get());
  const auto again = f.Connect(first_id, "side-1", first_id);
  CHECK(again.first.position() == 1);
  CHECK(again.spool != first.spool);
  CHECK(again.first.open_size() == 1);
}

TEST_CASE("the end of a dead spool's sessions waits for what of it is in flight") {
  Fixture f;
  const std::string old_spool = f.NewSpool();
  auto side = f.Connect(old_spool);
  FakeRecording recording(f.clock, "agent-7");
  REQUIRE(side.Send(BatchOf(1, {recording.Statement().Seal()})).ok());
  f.Settle();
  const std::string new_spool = f.NewSpool();
  for (uint64_t i = 2; i < 50; ++i) {
    REQUIRE(side.Send(BatchOf(i, {recording.Statement().Seal()})).ok());
  }
  f.Connect(new_spool);
  CHECK(f.Session(recording).state() == v1::Session::ENDED);
  f.Settle();
  CHECK(f.Session(recording).statements() == 49);
  CHECK(f.Session(recording).state() == v1::Session::ENDED);
}

TEST_CASE("[fail-closed] what cannot be stored is not acknowledged, and comes again") {
  Fixture f;
  const std::string spool = f.NewSpool();
  auto side = f.Connect(spool);
  FakeRecording recording(f.clock, "agent-7");
  const auto first = BatchOf(1, {recording.Statement().Seal()});
  const auto second = BatchOf(2, {recording.Statement().Seal()});
  const auto third = BatchOf(3, {recording.Statement().Seal()});
  REQUIRE(side.Send(first).ok());
  f.Settle();
  for (const auto fault : {FaultyStore::Fault::kRefuseCommits, FaultyStore::Fault::kLoseAnswers}) {
    f.store.Set(fault);
    side.Send(second).IgnoreError();
    side.Send(third).IgnoreError();
    f.Settle();
    f.store.Set(FaultyStore::Fault::kNone);
    f.Settle();
    CHECK(absl::IsUnavailable(side.stream->failure));
    CHECK(side.stream->durable == 1);
    CHECK_FALSE(side.Send(third).ok());
    side = f.Connect(spool);
    if (fault == FaultyStore::Fault::kRefuseCommits) {
      CHECK(side.first.position() == 1);
    } else {
      // Stored, though nobody heard: the position tells.
      CHECK(side.first.position() > 1);
    }
    side.stream->durable = side.first.position();
    if (side.stream->durable < 2) {
      side.stream->durable = 1;
    }
  }
  REQUIRE(side.Send(second).ok());
  REQUIRE(side.Send(third).ok());
  f.Settle();
  CHECK(f.Session(recording).recorded_records() == 7);
  CHECK(f.Count(Family::kChunks) == 3);
}

TEST_CASE("past the bytes in flight a stream waits, and is told when there is room") {
  Fixture f;
  f.Restart({.in_flight_bytes_max = 1000});
  auto side = f.Connect(f.NewSpool());
  CHECK(f.intake->HasRoom(side.stream));
  FakeRecording recording(f.clock, "agent-7");
  // The store's thread is held up, so that the batch stays in flight.
  std::promise<void> go_on;
  f.store.CommitAsync({}, [&](const absl::Status&) { go_on.get_future().wait(); });
  REQUIRE(side.Send(BatchOf(1, {recording.Text(2000).Seal()})).ok());
  CHECK(side.spool->in_flight_bytes() > 2000);
  CHECK_FALSE(f.intake->HasRoom(side.stream));
  CHECK(side.stream->rooms == 0);
  go_on.set_value();
  f.Settle();
  CHECK(side.stream->rooms == 1);
  CHECK(f.intake->HasRoom(side.stream));
  CHECK(side.spool->in_flight_bytes() == 0);
}

TEST_CASE("a hello without a spool id is refused") {
  Fixture f;
  CHECK(absl::IsInvalidArgument(f.TryConnect("side-1", "").status()));
  CHECK(absl::IsInvalidArgument(f.TryConnect("side-1", std::string(16, '\0')).status()));
  f.store.Set(FaultyStore::Fault::kRefuseReads);
  CHECK(absl::IsUnavailable(f.TryConnect("side-1", std::string(16, 'x')).status()));
}

TEST_CASE("text of an agent that is no UTF-8 is cleaned in the summary and kept in the record") {
  Fixture f;
  auto side = f.Connect(f.NewSpool());
  FakeRecording recording(f.clock, "agent\xff\x01-\xc3\xa9");
  REQUIRE(side.Send(BatchOf(1, {recording.Seal()})).ok());
  f.Settle();
  CHECK(f.Session(recording).principal().subject() == "agent -\xc3\xa9");
}

}  // namespace
}  // namespace chaperone::sessions
