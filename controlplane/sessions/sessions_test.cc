#include "controlplane/sessions/sessions.h"

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "api/base/fake_clock.h"
#include "controlplane/metrics/metrics_for_tests.h"
#include "controlplane/model/keys.h"
#include "controlplane/sessions/intake.h"
#include "controlplane/sessions/sidecar_fake.h"
#include "controlplane/store/memory/memory_store.h"

namespace chaperone::sessions {
namespace {

class SilentStream final : public RecordListener {
  void OnDurable(const base::SpoolId&, uint64_t) override {}
  void OnFailure(const absl::Status&) override {}
  void OnRoom() override {}
};

class FakeKillSwitch final : public KillSwitch {
 public:
  absl::StatusOr<v1::SessionsClosed> Kill(const std::string& sidecar, const v1::KillOrder& order,
                                          std::chrono::milliseconds) override {
    last_sidecar = sidecar;
    last_order = order;
    return answer;
  }

  std::string last_sidecar;
  v1::KillOrder last_order;
  absl::StatusOr<v1::SessionsClosed> answer = v1::SessionsClosed();
};

struct Fixture {
  base::FakeClock clock;
  metrics::MetricsForTests metrics;
  RecordingFeed feed;
  std::unique_ptr<store::Store> store = store::NewMemoryStore();
  audit::AuditLog audit{store.get(), &clock, metrics.get()};
  FakeKillSwitch kill_switch;
  Sessions sessions{store.get(), &clock, &audit, &feed, &kill_switch, {.followers_max = 2}};
  RecordIntake intake{store.get(), &clock, metrics.get(), &feed};
  std::shared_ptr<SilentStream> stream = std::make_shared<SilentStream>();
  std::shared_ptr<Spool> spool;
  uint64_t position = 0;
  model::Call call{{"ann", {model::Role::kAuditor}, {}}, "SessionService.ReadRecording", "peer"};

  Fixture() {
    v1::RecordHello hello;
    hello.set_spool_id(model::IdKey(base::SpoolId::New(clock)));
    intake.Hello("side-1", hello, stream, [this](auto welcome) { spool = welcome->spool; });
  }
  ~Fixture() { Settle(); }

  void Settle() { store->Commit({}).IgnoreError(); }

  void Store(FakeRecording& recording) {
    REQUIRE(spool->Submit(stream.get(), BatchOf(++position, {recording.Seal()})).ok());
    Settle();
  }

  std::string StoreSession(const std::string& subject, bool ended = false) {
    clock.Advance(std::chrono::milliseconds(1));
    FakeRecording recording(clock, subject);
    recording.Statement();
    if (ended) {
      recording.End("client_closed");
    }
    Store(recording);
    return recording.id().ToString();
  }

  std::vector<std::string> List(const v1::ListSessionsRequest& request) {
    const auto response = sessions.List(request, [] { return false; });
    REQUIRE(response.ok());
    std::vector<std::string> ids;
    for (const v1::Session& session : response->sessions()) {
      ids.push_back(session.id());
    }
    return ids;
  }

  absl::StatusOr<std::vector<uint64_t>> Read(
      const std::string& id, bool follow = false, std::function<bool()> cancelled = [] { return false; }) {
    v1::ReadRecordingRequest request;
    request.set_id(id);
    request.set_follow(follow);
    std::vector<uint64_t> first_records;
    const absl::Status status =
        sessions.ReadRecording(call, request, cancelled, [&](const v1::ReadRecordingResponse& response) {
          first_records.push_back(response.chunk().first_record());
          return true;
        });
    CHAPERONE_RETURN_IF_ERROR(status);
    return first_records;
  }

  absl::StatusOr<v1::KillSessionResponse> Kill(const std::string& id) {
    v1::KillSessionRequest request;
    request.set_id(id);
    request.set_reason("runs amok");
    return sessions.Kill({{"ann", {model::Role::kAdmin}, {}}, "SessionService.KillSession", "peer"}, request);
  }
};

TEST_CASE("sessions are listed newest first, filtered, in pages") {
  Fixture f;
  const std::string a = f.StoreSession("agent-1");
  const std::string b = f.StoreSession("agent-2", /*ended=*/true);
  const std::string c = f.StoreSession("agent-1");
  v1::ListSessionsRequest request;
  CHECK(f.List(request) == std::vector{c, b, a});
  request.set_live_only(true);
  CHECK(f.List(request) == std::vector{c, a});
  request.set_live_only(false);
  request.set_subject("agent-1");
  CHECK(f.List(request) == std::vector{c, a});
  request.set_limit(1);
  CHECK(f.List(request) == std::vector{c});
  request.set_after(c);
  CHECK(f.List(request) == std::vector{a});
  request = {};
  request.set_database("shop-prod/shop");
  request.set_sidecar("side-1");
  CHECK(f.List(request).size() == 3);
  request.set_sidecar("side-2");
  CHECK(f.List(request).empty());
  CHECK(absl::IsCancelled(f.sessions.List({}, [] { return true; }).status()));
}

TEST_CASE("a recording is read whole and in order, and the reading is audited") {
  Fixture f;
  FakeRecording recording(f.clock, "agent-1");
  recording.Statement();
  f.Store(recording);
  recording.Statement();
  f.Store(recording);
  CHECK(*f.Read(recording.id().ToString()) == std::vector<uint64_t>{0, 3});
  CHECK(f.audit.List({})->entries(0).resource() == "session " + recording.id().ToString());
  CHECK(absl::IsNotFound(f.Read("ses_01JD2Z4S1Q9X4T0V6N8M3K7R5C").status()));
  CHECK(absl::IsInvalidArgument(f.Read("nonsense").status()));
}

TEST_CASE("a follower gets what is stored later, until the session ends") {
  Fixture f;
  FakeRecording recording(f.clock, "agent-1");
  recording.Statement();
  f.Store(recording);
  auto followed = std::async(std::launch::async, [&] { return f.Read(recording.id().ToString(), true); });
  for (int i = 0; i < 5; ++i) {
    recording.Statement();
    f.Store(recording);
  }
  recording.End("client_closed");
  f.Store(recording);
  const auto read = followed.get();
  REQUIRE(read.ok());
  CHECK(read->size() == 7);
  CHECK(std::is_sorted(read->begin(), read->end()));
}

TEST_CASE("followers are bounded, and one that has gone makes room") {
  Fixture f;
  const std::string id = f.StoreSession("agent-1");
  std::atomic<bool> gone = false;
  std::array<std::atomic<bool>, 2> follows{};
  std::array<std::future<absl::Status>, 2> ends;
  for (size_t i = 0; i < 2; ++i) {
    const auto is_cancelled = [&gone, &follows = follows[i]] {
      follows = true;
      follows.notify_all();
      return gone.load();
    };
    ends[i] =
        std::async(std::launch::async, [&f, &id, is_cancelled] { return f.Read(id, true, is_cancelled).status(); });
    follows[i].wait(false);
  }
  const absl::Status third = f.Read(id, true, [] { return true; }).status();
  CHECK(absl::IsResourceExhausted(third));
  gone = true;
  CHECK(absl::IsCancelled(ends[0].get()));
  CHECK(absl::IsCancelled(ends[1].get()));
  // Nobody follows any more: there is room for one that ends at its first question.
  CHECK(absl::IsCancelled(f.Read(id, true, [] { return true; }).status()));
}

TEST_CASE("a kill goes to the sidecar that has the session, and succeeds when that confirms") {
  Fixture f;
  const std::string id = f.StoreSession("agent-1");
  v1::SessionsClosed closed;
  closed.add_session_ids(id);
  closed.mutable_closed_at()->set_seconds(5);
  f.kill_switch.answer = closed;
  const auto killed = f.Kill(id);
  REQUIRE(killed.ok());
  CHECK(killed->closed_at().seconds() == 5);
  CHECK(f.kill_switch.last_sidecar == "side-1");
  CHECK(f.kill_switch.last_order.session_id() == id);
  CHECK(f.kill_switch.last_order.reason() == "runs amok");
  CHECK(f.audit.List({})->entries(0).detail() == "kill: runs amok");
}

TEST_CASE("a kill that nobody confirms is no success") {
  Fixture f;
  const std::string id = f.StoreSession("agent-1");
  f.kill_switch.answer = base::Unavailable("no answer");
  CHECK(absl::IsUnavailable(f.Kill(id).status()));
  f.kill_switch.answer = v1::SessionsClosed();
  CHECK(absl::IsNotFound(f.Kill(id).status()));
  CHECK(absl::IsNotFound(f.Kill(f.StoreSession("agent-2", /*ended=*/true)).status()));
  CHECK(absl::IsNotFound(f.Kill("ses_01JD2Z4S1Q9X4T0V6N8M3K7R5C").status()));
}

}  // namespace
}  // namespace chaperone::sessions
