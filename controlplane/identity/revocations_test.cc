#include "controlplane/identity/revocations.h"

#include <catch2/catch.hpp>

#include "api/base/fake_clock.h"
#include "controlplane/metrics/metrics_for_tests.h"
#include "controlplane/store/conformance/faulty_store.h"
#include "controlplane/store/memory/memory_store.h"

namespace chaperone::identity {
namespace {

struct Fixture {
  base::FakeClock clock;
  metrics::MetricsForTests metrics;
  store::FaultyStore store{store::NewMemoryStore()};
  audit::AuditLog audit{&store, &clock, metrics.get()};
  int changes = 0;
  std::unique_ptr<Revocations> revocations = Load();
  model::Call call{{"ann", {model::Role::kAdmin}, {}}, "RevocationService.Revoke", "peer"};

  std::unique_ptr<Revocations> Load() {
    auto loaded = Revocations::Load(&store, &clock, &audit);
    REQUIRE(loaded.ok());
    (*loaded)->OnChange([this] { ++changes; });
    return *std::move(loaded);
  }

  absl::StatusOr<v1::Revocation> Revoke(const std::string& subject, int seconds = 0) {
    clock.Advance(std::chrono::milliseconds(1));
    v1::RevokeRequest request;
    request.mutable_selector()->set_subject(subject);
    request.set_reason("misbehaves");
    if (seconds != 0) {
      *request.mutable_expires_at() = model::ToProto(clock.Wall() + std::chrono::seconds(seconds));
    }
    return revocations->Add(call, request);
  }

  absl::Status Lift(const std::string& id) {
    v1::LiftRevocationRequest request;
    request.set_id(id);
    return revocations->Lift(call, request).status();
  }
};

TEST_CASE("a revocation holds, survives a restart, and is lifted") {
  Fixture f;
  const auto revoked = f.Revoke("agent-7");
  REQUIRE(revoked.ok());
  CHECK(revoked->created_by() == "ann");
  CHECK(f.changes == 1);
  f.revocations = f.Load();
  REQUIRE(f.revocations->InForce().size() == 1);
  CHECK(f.revocations->InForce()[0].selector().subject() == "agent-7");
  REQUIRE(f.Lift(revoked->id()).ok());
  CHECK(f.changes == 2);
  CHECK(f.revocations->InForce().empty());
  CHECK(absl::IsNotFound(f.Lift(revoked->id())));
  f.revocations = f.Load();
  CHECK(f.revocations->InForce().empty());
  const auto audit = f.audit.List({});
  REQUIRE(audit->entries_size() == 2);
  CHECK(audit->entries(1).detail() == "subject=agent-7: misbehaves");
}

TEST_CASE("one with an expiry stops to hold by itself, and is forgotten later") {
  Fixture f;
  REQUIRE(f.Revoke("short", 10).ok());
  REQUIRE(f.Revoke("long", 20).ok());
  REQUIRE(f.Revoke("forever").ok());
  CHECK(*f.revocations->NextExpiry() < f.clock.Wall() + std::chrono::seconds(10));
  f.clock.Advance(std::chrono::seconds(15));
  CHECK(f.revocations->InForce().size() == 2);
  CHECK(*f.revocations->NextExpiry() > f.clock.Wall());
  f.clock.Advance(std::chrono::seconds(15));
  CHECK(f.revocations->InForce().size() == 1);
  CHECK_FALSE(f.revocations->NextExpiry());
  REQUIRE(f.revocations->ForgetExpired().ok());
  CHECK(f.store.Scan(store::Prefix(store::Family::kRevocations, ""))->size() == 1);
}

TEST_CASE("a selector that matches everybody, and other nonsense, is refused") {
  Fixture f;
  v1::RevokeRequest request;
  CHECK(absl::IsInvalidArgument(f.revocations->Add(f.call, request).status()));
  request.mutable_selector()->set_subject(std::string(513, 'x'));
  CHECK(absl::IsInvalidArgument(f.revocations->Add(f.call, request).status()));
  CHECK(absl::IsInvalidArgument(f.Revoke("late", -5).status()));
  CHECK(absl::IsInvalidArgument(f.Lift("nonsense")));
}

TEST_CASE("[fail-closed] what cannot be stored and audited does not hold, and says so") {
  Fixture f;
  f.store.Set(store::FaultyStore::Fault::kRefuseCommits);
  CHECK(absl::IsUnavailable(f.Revoke("agent-7").status()));
  CHECK(f.revocations->InForce().empty());
  CHECK(f.changes == 0);
}

}  // namespace
}  // namespace chaperone::identity
