#include "controlplane/audit/audit_log.h"

#include <catch2/catch.hpp>

#include "api/base/fake_clock.h"
#include "controlplane/metrics/metrics_for_tests.h"
#include "controlplane/store/conformance/faulty_store.h"
#include "controlplane/store/memory/memory_store.h"

namespace chaperone::audit {
namespace {

struct Fixture {
  base::FakeClock clock;
  metrics::MetricsForTests metrics;
  store::FaultyStore store{store::NewMemoryStore()};
  AuditLog log{&store, &clock, metrics.get()};

  std::vector<v1::AuditEntry> List(const v1::ListAuditEntriesRequest& request = {}) {
    auto response = log.List(request);
    REQUIRE(response.ok());
    return {response->entries().begin(), response->entries().end()};
  }
};

model::Call CallBy(std::string name) {
  return {{std::move(name), {model::Role::kAdmin}, {}}, "PolicyService.ApplyPolicies", "ipv4:127.0.0.1:5"};
}

TEST_CASE("an entry holds who did what, from where") {
  Fixture f;
  REQUIRE(f.log.Write(CallBy("ann"), {"policy p", "changed p"}).ok());
  const auto entries = f.List();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].id().starts_with("aud_"));
  CHECK(entries[0].actor() == "ann");
  CHECK(entries[0].roles(0) == "admin");
  CHECK(entries[0].method() == "PolicyService.ApplyPolicies");
  CHECK(entries[0].resource() == "policy p");
  CHECK(entries[0].outcome() == "ok");
  CHECK(entries[0].peer_address() == "ipv4:127.0.0.1:5");
  CHECK(entries[0].at().seconds() == 1767225600);
}

TEST_CASE("[fail-closed] a change and its entry stand or fall together") {
  Fixture f;
  store::WriteBatch batch;
  batch.Put(store::Family::kMeta, "change", "1");
  batch.RequireValue(store::Family::kMeta, "change", "0");
  f.log.Add(CallBy("ann"), {"thing", ""}, &batch);
  CHECK_FALSE(f.store.Commit(std::move(batch)).ok());
  CHECK(f.List().empty());
  f.store.Set(store::FaultyStore::Fault::kRefuseCommits);
  CHECK_FALSE(f.log.Write(CallBy("ann"), {"thing", ""}).ok());
}

TEST_CASE("a refused call is written with the code and the reason") {
  Fixture f;
  f.log.Refused(CallBy("eve"), base::PermissionDenied("needs the role admin"));
  REQUIRE(f.store.Commit({}).ok());  // behind it in the queue
  const auto entries = f.List();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].outcome() == "PERMISSION_DENIED");
  CHECK(entries[0].detail() == "needs the role admin");
}

TEST_CASE("a flood of refused calls is cut, and the cut is said") {
  Fixture f;
  for (int i = 0; i < 1010; ++i) {
    f.log.Refused(CallBy("eve"), base::PermissionDenied("no"));
  }
  f.clock.Advance(std::chrono::seconds(2));
  f.log.Refused(CallBy("eve"), base::PermissionDenied("no"));
  REQUIRE(f.store.Commit({}).ok());
  v1::ListAuditEntriesRequest request;
  request.set_limit(1);
  CHECK(f.List(request)[0].detail() == "no (and 10 refused calls before it that were not written)");
  request.set_limit(1000);
  const auto page = f.List(request);
  REQUIRE(page.size() == 1000);
  request.set_after(page.back().id());
  CHECK(f.List(request).size() == 1);
}

TEST_CASE("the list is newest first, in pages, by actor") {
  Fixture f;
  for (int i = 0; i < 5; ++i) {
    f.clock.Advance(std::chrono::seconds(1));
    REQUIRE(f.log.Write(CallBy(i % 2 == 0 ? "ann" : "bob"), {fmt::format("r{}", i), ""}).ok());
  }
  v1::ListAuditEntriesRequest request;
  request.set_limit(2);
  auto page = f.List(request);
  REQUIRE(page.size() == 2);
  CHECK(page[0].resource() == "r4");
  request.set_after(page[1].id());
  page = f.List(request);
  CHECK(page[0].resource() == "r2");
  CHECK(page[1].resource() == "r1");
  request = {};
  request.set_actor("bob");
  CHECK(f.List(request).size() == 2);
  request.set_limit(-1);
  CHECK_FALSE(f.log.List(request).ok());
  request.set_limit(1001);
  CHECK_FALSE(f.log.List(request).ok());
  request.set_limit(1);
  request.set_after("apr_01JD2Z4S1Q9X4T0V6N8M3K7R5C");
  CHECK_FALSE(f.log.List(request).ok());
}

TEST_CASE("a detail is cut at a whole character") {
  Fixture f;
  REQUIRE(f.log.Write(CallBy("ann"), {"r", std::string(1023, 'x') + "é and more"}).ok());
  CHECK(f.List()[0].detail() == std::string(1023, 'x') + "…");
}

}  // namespace
}  // namespace chaperone::audit
