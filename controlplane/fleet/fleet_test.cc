#include "controlplane/fleet/fleet.h"

#include <catch2/catch.hpp>
#include <future>

#include "api/base/fake_clock.h"
#include "controlplane/metrics/metrics_for_tests.h"
#include "controlplane/store/memory/memory_store.h"

namespace chaperone::fleet {
namespace {

class FakeLink final : public SidecarLink {
 public:
  void SendSnapshot(std::shared_ptr<const PublishedSnapshot> snapshot) override {
    snapshots.push_back(std::move(snapshot));
  }
  void Send(const v1::SyncResponse& message) override {
    messages.push_back(message);
    if (on_send) {
      on_send(message);
    }
  }
  void Close(const absl::Status& status) override { closed = status; }

  std::vector<std::shared_ptr<const PublishedSnapshot>> snapshots;
  std::vector<v1::SyncResponse> messages;
  std::function<void(const v1::SyncResponse&)> on_send;
  absl::Status closed;
};

struct Fixture {
  base::FakeClock clock;
  metrics::MetricsForTests metrics;
  std::unique_ptr<store::Store> store = store::NewMemoryStore();
  std::unique_ptr<Fleet> fleet = Load();
  uint64_t sequence = 0;

  std::unique_ptr<Fleet> Load(const Limits& limits = {}) {
    auto loaded = Fleet::Load(store.get(), &clock, metrics.get(), limits);
    REQUIRE(loaded.ok());
    return *std::move(loaded);
  }

  static v1::Hello Hello(const std::string& endpoint = "shop-prod") {
    v1::Hello hello;
    hello.set_endpoint(endpoint);
    hello.set_version("1.0");
    (*hello.mutable_labels())["env"] = "prod";
    return hello;
  }

  std::shared_ptr<FakeLink> Connect(const std::string& name, const std::string& endpoint = "shop-prod") {
    auto link = std::make_shared<FakeLink>();
    const absl::Status status = fleet->Connect(name, Hello(endpoint), link);
    INFO(status.ToString());
    REQUIRE(status.ok());
    return link;
  }

  void Publish(uint64_t version, uint64_t revision) {
    auto snapshot = std::make_shared<PublishedSnapshot>();
    snapshot->version = version;
    snapshot->policy_revision = revision;
    snapshot->sequence = ++sequence;
    snapshot->nonce = fmt::format("nonce {}", sequence);
    snapshot->published_at = clock.Steady();
    fleet->Push(snapshot);
  }

  absl::Status Answer(const std::string& name, const FakeLink& link, uint64_t version,
                      const std::string& rejected = "") {
    v1::SyncRequest message;
    message.mutable_acknowledgement()->set_version(version);
    message.mutable_acknowledgement()->set_rejected_reason(rejected);
    message.mutable_acknowledgement()->set_nonce(link.snapshots.empty() ? "" : link.snapshots.back()->nonce);
    return fleet->Receive(name, &link, message);
  }

  absl::Status Closed(const std::string& name, const FakeLink& link, const std::string& cause,
                      std::vector<std::string> sessions) {
    v1::SyncRequest message;
    message.mutable_sessions_closed()->set_cause(cause);
    message.mutable_sessions_closed()->mutable_session_ids()->Assign(sessions.begin(), sessions.end());
    return fleet->Receive(name, &link, message);
  }

  // "side-1 PENDING, side-2 REJECTED".
  std::string Rollout(uint64_t revision) {
    std::string text;
    for (const v1::RolloutStatus& status : fleet->Rollout(revision, clock.Wall() - std::chrono::seconds(5))) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", status.sidecar(),
                          v1::RolloutStatus::State_Name(status.state()));
    }
    return text;
  }
};

TEST_CASE("a sidecar that connects gets the newest snapshot and what it may have missed") {
  Fixture f;
  f.fleet->SetDecisionsSource([](const std::string& sidecar) {
    v1::Approval approval;
    approval.set_id("apr_for_" + sidecar);
    return std::vector<v1::Approval>{approval};
  });
  f.Publish(3, 1);
  const auto link = f.Connect("side-1");
  REQUIRE(link->snapshots.size() == 1);
  CHECK(link->snapshots[0]->version == 3);
  REQUIRE(link->messages.size() == 1);
  CHECK(link->messages[0].approval().id() == "apr_for_side-1");
  f.Publish(4, 2);
  CHECK(link->snapshots.size() == 2);
}

TEST_CASE("the newer of two streams wins, and the older one is not heard any more") {
  Fixture f;
  f.Publish(1, 1);
  const auto first = f.Connect("side-1");
  const auto second = f.Connect("side-1");
  CHECK(absl::IsAborted(first->closed));
  CHECK(f.Answer("side-1", *first, 1).ok());
  CHECK(f.Rollout(1) == "side-1 PENDING");
  f.fleet->Disconnect("side-1", first.get());
  CHECK(f.fleet->Get("side-1")->connected());
  f.Publish(2, 1);
  CHECK(first->snapshots.size() == 1);
  CHECK(second->snapshots.size() == 2);
  f.fleet->Disconnect("side-1", second.get());
  CHECK_FALSE(f.fleet->Get("side-1")->connected());
}

TEST_CASE("a rollout follows answers, refusals and disconnections") {
  Fixture f;
  const auto a = f.Connect("side-a");
  const auto b = f.Connect("side-b");
  const auto c = f.Connect("side-c");
  f.Publish(1, 1);
  CHECK(f.Rollout(1) == "side-a PENDING, side-b PENDING, side-c PENDING");
  const uint64_t seen = f.fleet->generation();
  REQUIRE(f.Answer("side-a", *a, 1).ok());
  REQUIRE(f.Answer("side-b", *b, 1, "cannot compile").ok());
  CHECK(f.fleet->generation() > seen);
  f.fleet->Disconnect("side-c", c.get());
  CHECK(f.Rollout(1) == "side-a ACKNOWLEDGED, side-b REJECTED");
  CHECK(f.fleet->Get("side-b")->rejected_reason() == "cannot compile");
  // A newer revision supersedes an older one, for better and for worse.
  f.Publish(2, 2);
  CHECK(f.Rollout(2) == "side-a PENDING, side-b PENDING");
  REQUIRE(f.Answer("side-b", *b, 2).ok());
  CHECK(f.Rollout(1) == "side-a ACKNOWLEDGED, side-b ACKNOWLEDGED");
  CHECK(f.Rollout(2) == "side-a PENDING, side-b ACKNOWLEDGED");
  CHECK(f.fleet->Get("side-b")->rejected_reason().empty());
  CHECK(f.fleet->Get("side-b")->policy_revision() == 2);
  CHECK(f.fleet->Rollout(1, f.clock.Wall() - std::chrono::seconds(5))[0].elapsed().seconds() == 5);
}

TEST_CASE("an answer to what was never sent ends the stream") {
  Fixture f;
  const auto link = f.Connect("side-1");
  CHECK(absl::IsInvalidArgument(f.Answer("side-1", *link, 1)));
  f.Publish(1, 1);
  CHECK(f.Answer("side-1", *link, 1).ok());
  CHECK(absl::IsInvalidArgument(f.Answer("side-1", *link, 2)));
  v1::SyncRequest hello;
  *hello.mutable_hello() = Fixture::Hello();
  CHECK(absl::IsInvalidArgument(f.fleet->Receive("side-1", link.get(), hello)));
}

TEST_CASE("a hello that says nothing usable is refused") {
  Fixture f;
  const auto link = std::make_shared<FakeLink>();
  CHECK(absl::IsInvalidArgument(f.fleet->Connect("side-1", Fixture::Hello(""), link)));
  CHECK(absl::IsInvalidArgument(f.fleet->Connect("side-1", Fixture::Hello("a/b"), link)));
  CHECK(absl::IsInvalidArgument(f.fleet->Connect("side-1", Fixture::Hello(std::string(513, 'x')), link)));
  f.fleet = f.Load({.sidecars_max = 1});
  f.Connect("side-1");
  CHECK(absl::IsResourceExhausted(f.fleet->Connect("side-2", Fixture::Hello(), link)));
}

TEST_CASE("a kill is answered by the sidecar, or not at all") {
  Fixture f;
  v1::KillOrder order;
  order.set_order_id("order-1");
  order.set_session_id("ses_a");
  const auto kill = [&](std::chrono::milliseconds timeout) { return f.fleet->Kill("side-1", order, timeout); };
  CHECK(absl::IsNotFound(kill(std::chrono::seconds(5)).status()));
  const auto link = f.Connect("side-1");
  const auto other = f.Connect("side-2");
  CHECK(absl::IsUnavailable(kill(std::chrono::milliseconds(20)).status()));
  // Another sidecar's word does not count.
  link->on_send = [&](const v1::SyncResponse& message) {
    CHECK(f.Closed("side-2", *other, message.kill().order_id(), {"ses_a"}).ok());
  };
  CHECK(absl::IsUnavailable(kill(std::chrono::milliseconds(20)).status()));
  link->on_send = [&](const v1::SyncResponse& message) {
    CHECK(f.Closed("side-1", *link, message.kill().order_id(), {"ses_a"}).ok());
  };
  const auto closed = kill(std::chrono::seconds(5));
  REQUIRE(closed.ok());
  CHECK(closed->session_ids(0) == "ses_a");
  link->on_send = [&](const v1::SyncResponse&) { f.fleet->Disconnect("side-1", link.get()); };
  CHECK(absl::IsUnavailable(kill(std::chrono::seconds(5)).status()));
}

TEST_CASE("a revocation waits for every connected sidecar's word") {
  Fixture f;
  const auto a = f.Connect("side-a");
  const auto b = f.Connect("side-b");
  const auto refuses = f.Connect("side-c");
  f.Publish(5, 1);
  auto waiting =
      std::async(std::launch::async, [&] { return f.fleet->AwaitRevocation("rev_1", 5, std::chrono::seconds(10)); });
  REQUIRE(f.Closed("side-a", *a, "revocation:rev_1", {"ses_1", "ses_2"}).ok());
  REQUIRE(f.Answer("side-a", *a, 5).ok());
  REQUIRE(f.Answer("side-c", *refuses, 5, "no").ok());
  CHECK(waiting.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout);
  REQUIRE(f.Answer("side-b", *b, 5).ok());
  REQUIRE(f.Closed("side-b", *b, "revocation:rev_1", {}).ok());
  const auto progress = waiting.get();
  CHECK(progress.sidecars == 3);
  CHECK(progress.confirmed == 2);
  CHECK(progress.sessions_ended == 2);
  const auto timed_out = f.fleet->AwaitRevocation("rev_2", 6, std::chrono::milliseconds(20));
  CHECK(timed_out.confirmed == 0);
}

TEST_CASE("a sidecar that keeps silent about closed sessions is waited for half a second, not longer") {
  Fixture f;
  const auto link = f.Connect("side-1");
  f.Publish(5, 1);
  REQUIRE(f.Answer("side-1", *link, 5).ok());
  f.clock.Advance(std::chrono::milliseconds(600));
  const auto start = std::chrono::steady_clock::now();
  CHECK(f.fleet->AwaitRevocation("rev_1", 5, std::chrono::seconds(10)).confirmed == 1);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("reports and catalogs show, within bounds") {
  Fixture f;
  f.fleet = f.Load({.sidecars_max = 10, .databases_max = 2, .catalog_bytes_max = 4096});
  const auto link = f.Connect("side-1");
  v1::SyncRequest report;
  report.mutable_report()->set_live_sessions(3);
  report.mutable_report()->set_spool_bytes(4096);
  report.mutable_report()->set_database_version("PostgreSQL 15.20");
  report.mutable_report()->set_database_error("connection refused");
  for (int i = 0; i < 200; ++i) {
    report.mutable_report()->add_findings()->set_code("upstream-role-superuser");
  }
  REQUIRE(f.fleet->Receive("side-1", link.get(), report).ok());
  const auto catalog = [&](const std::string& database, size_t bytes) {
    v1::SyncRequest message;
    message.mutable_catalog()->set_database(database);
    message.mutable_catalog()->set_encoded(std::string(bytes, 'c'));
    message.mutable_catalog()->add_relations()->set_name("orders");
    return f.fleet->Receive("side-1", link.get(), message);
  };
  // Two places: what was reported longest ago goes, and what is too large for any place is not taken.
  REQUIRE(catalog("first", 100).ok());
  REQUIRE(catalog("crm", 100).ok());
  REQUIRE(catalog("large", 5000).ok());
  REQUIRE(catalog("shop", 100).ok());
  CHECK(absl::IsInvalidArgument(catalog("", 1)));
  const auto sidecar = f.fleet->Get("side-1");
  REQUIRE(sidecar.ok());
  CHECK(sidecar->live_sessions() == 3);
  CHECK(sidecar->findings_size() == 100);
  CHECK(sidecar->findings(0).code() == "database-unreachable");
  REQUIRE(sidecar->databases_size() == 2);
  CHECK(sidecar->databases(1).relations(0).name() == "orders");
  CHECK(sidecar->databases(1).encoded().empty());
  CHECK(f.fleet->List().sidecars(0).databases(0).relations().empty());
  CHECK(f.fleet->Catalogs().size() == 2);
  CHECK(absl::IsNotFound(f.fleet->Get("side-9").status()));
}

struct CatalogFixture : Fixture {
  static constexpr std::chrono::milliseconds kLong{10'000};

  absl::Status Report(const FakeLink& link, const std::string& database, size_t bytes = 100) {
    v1::SyncRequest message;
    message.mutable_catalog()->set_database(database);
    message.mutable_catalog()->set_encoded(std::string(bytes, 'c'));
    return fleet->Receive("side-1", &link, message);
  }
};

TEST_CASE("a catalog that was reported is at hand, with its sidecar's labels, also when the sidecar has gone") {
  CatalogFixture f;
  const auto link = f.Connect("side-1");
  REQUIRE(f.Report(*link, "shop", 300).ok());
  for (int i = 0; i < 2; ++i) {
    const auto known = f.fleet->AwaitCatalog("shop-prod", "shop", std::chrono::milliseconds(0));
    REQUIRE(known.ok());
    CHECK(known->catalog->encoded().size() == 300);
    CHECK(known->catalog->has_reported_at());
    CHECK(known->sidecar == "side-1");
    CHECK(known->labels.at("env") == "prod");
    f.fleet->Disconnect("side-1", link.get());
  }
  CHECK(link->messages.empty());
}

TEST_CASE("a catalog that nobody has reported is asked for") {
  CatalogFixture f;
  const auto link = f.Connect("side-1");
  link->on_send = [&](const v1::SyncResponse& message) {
    REQUIRE(message.has_catalog_request());
    REQUIRE(f.Report(*link, message.catalog_request().database()).ok());
  };
  const auto known = f.fleet->AwaitCatalog("shop-prod", "crm", CatalogFixture::kLong);
  REQUIRE(known.ok());
  CHECK(known->catalog->database() == "crm");
}

TEST_CASE("a catalog that cannot be had is an error that says why") {
  CatalogFixture f;
  const auto unknown = f.fleet->AwaitCatalog("crm-prod", "crm", CatalogFixture::kLong).status();
  CHECK(absl::IsNotFound(unknown));
  const auto link = f.Connect("side-1");
  link->on_send = [&](const v1::SyncResponse&) {
    v1::SyncRequest message;
    message.mutable_catalog_unavailable()->set_database("nope");
    message.mutable_catalog_unavailable()->set_reason("database \"nope\" does not exist");
    REQUIRE(f.fleet->Receive("side-1", link.get(), message).ok());
  };
  const auto missing = f.fleet->AwaitCatalog("shop-prod", "nope", CatalogFixture::kLong).status();
  CHECK(absl::IsNotFound(missing));
  CHECK_THAT(missing.ToString(), Catch::Contains("does not exist"));
  const auto other = f.fleet->AwaitCatalog("crm-prod", "crm", CatalogFixture::kLong).status();
  CHECK_THAT(other.ToString(), Catch::Contains("known endpoints: shop-prod"));
  link->on_send = nullptr;
  CHECK(absl::IsFailedPrecondition(f.fleet->AwaitCatalog("shop-prod", "crm", std::chrono::milliseconds(20)).status()));
  link->on_send = [&](const v1::SyncResponse&) { f.fleet->Disconnect("side-1", link.get()); };
  CHECK(absl::IsFailedPrecondition(f.fleet->AwaitCatalog("shop-prod", "crm", CatalogFixture::kLong).status()));
  CHECK(absl::IsFailedPrecondition(f.fleet->AwaitCatalog("shop-prod", "crm", CatalogFixture::kLong).status()));
}

TEST_CASE("who was known is known after a restart, as not connected") {
  Fixture f;
  f.Connect("side-1");
  REQUIRE(f.store->Commit({}).ok());
  f.fleet = f.Load();
  const auto list = f.fleet->List();
  REQUIRE(list.sidecars_size() == 1);
  CHECK(list.sidecars(0).name() == "side-1");
  CHECK(list.sidecars(0).endpoint() == "shop-prod");
  CHECK_FALSE(list.sidecars(0).connected());
}

TEST_CASE("a decision reaches the sidecar it is for, if that is connected") {
  Fixture f;
  const auto link = f.Connect("side-1");
  v1::Approval approval;
  approval.set_id("apr_1");
  f.fleet->PushApproval("side-1", approval);
  f.fleet->PushApproval("side-2", approval);
  REQUIRE(link->messages.size() == 1);
  f.fleet->Disconnect("side-1", link.get());
  f.fleet->PushApproval("side-1", approval);
  CHECK(link->messages.size() == 1);
}

}  // namespace
}  // namespace chaperone::fleet
