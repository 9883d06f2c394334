#include "controlplane/simulation/simulator.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "api/base/fake_clock.h"
#include "api/sql/catalog_codec.h"
#include "api/sql/fixture.h"

namespace chaperone::simulation {
namespace {

constexpr const char* kPolicy = R"(apiVersion: chaperone/v1
kind: Policy
metadata: {name: agents}
principals: [{groups: [coding-agents]}]
databases: ["shop-prod/*"]
statements:
  - {id: read, effect: allow, actions: [read], resources: ["public.*", "crm.*"]}
  - {id: writes, effect: require_approval, actions: [insert, update], resources: ["public.*"],
     when: {labels: {env: prod}}, approval: {approvers: [db-owners], count: 2}}
masking:
  - {id: ssn, columns: ["*.*.ssn"], except: [public.gen.ssn], method: keep_last_4, in_predicates: equality}
  - {id: found, detect: [credit_card], method: redact, tables: [public.orders]}
)";

// One stored revision, one database.
struct Fixture {
  base::FakeClock clock;
  std::shared_ptr<policies::Bundle> stored = std::make_shared<policies::Bundle>();
  std::shared_ptr<v1::DatabaseCatalog> catalog = std::make_shared<v1::DatabaseCatalog>();
  Simulator simulator{
      [this](const std::string& endpoint, const std::string& database) -> absl::StatusOr<ReportedCatalog> {
        if (endpoint != "shop-prod" || database != "shop") {
          return base::NotFound("no sidecar has reported {}/{}", endpoint, database);
        }
        return ReportedCatalog{catalog, "side-1", {{"env", "prod"}}};
      },
      [this](uint64_t revision) -> absl::StatusOr<std::shared_ptr<const policies::Bundle>> {
        if (revision > 7) {
          return base::NotFound("there is no revision {}", revision);
        }
        return std::shared_ptr<const policies::Bundle>(stored);
      },
      &clock};

  Fixture() {
    stored->revision = 7;
    stored->policies["agents"].set_document(kPolicy);
    catalog->set_database("shop");
    catalog->set_encoded(sql::EncodeCatalog(sql::ShopCatalog()));
    catalog->set_role("app");
    catalog->add_search_path("$user");
    catalog->add_search_path("public");
  }

  static v1::PolicyScope Scope() {
    v1::PolicyScope scope;
    scope.set_database("shop-prod/shop");
    scope.mutable_principal()->set_subject("agent-7");
    scope.mutable_principal()->add_groups("coding-agents");
    return scope;
  }

  static v1::SimulatePolicyRequest Request(const std::string& sql) {
    v1::SimulatePolicyRequest request;
    *request.mutable_scope() = Scope();
    request.set_sql(sql);
    return request;
  }

  v1::SimulatePolicyResponse Simulate(const v1::SimulatePolicyRequest& request) {
    const auto response = simulator.Simulate(request);
    INFO(response.status().ToString());
    REQUIRE(response.ok());
    return *response;
  }
};

bool Has(const v1::SimulatePolicyResponse& response, const std::string& fact) {
  return std::ranges::find(response.facts(), fact) != response.facts().end();
}

TEST_CASE("a simulation tells verdict, rule, facts and what becomes of each column") {
  Fixture f;
  const auto response = f.Simulate(Fixture::Request("SELECT u.id, ssn AS code FROM users u LIMIT 1"));
  CHECK(response.decision() == "allow");
  CHECK(response.policy() == "agents");
  CHECK(response.rule() == "read");
  CHECK_FALSE(response.session_refused());
  CHECK(response.revision() == 7);
  CHECK(response.sidecar() == "side-1");
  CHECK(response.role() == "app");
  CHECK(Has(response, "SELECT"));
  CHECK(Has(response, "  needs read public.users"));
}

TEST_CASE("each output column has its sources, its mask and the detectors that search it") {
  Fixture f;
  const auto response = f.Simulate(Fixture::Request("SELECT u.id, ssn AS code, md5(ssn), note FROM users u, orders"));
  REQUIRE(response.columns_size() == 4);
  CHECK(response.columns(0).method().empty());
  CHECK(response.columns(0).detectors().empty());
  CHECK(response.columns(1).name() == "code");
  CHECK(response.columns(1).sources(0) == "public.users.ssn");
  CHECK(response.columns(1).method() == "keep_last_4");
  CHECK(response.columns(1).rule() == "agents/ssn");
  CHECK(response.columns(2).method() == "hidden");
  CHECK(response.columns(3).method().empty());
  REQUIRE(response.columns(3).detectors_size() == 1);
  CHECK(response.columns(3).detectors(0) == "agents/found");
}

TEST_CASE("approvals, masking's refusals and the default deny") {
  Fixture f;
  const auto held = f.Simulate(Fixture::Request("UPDATE users SET name = 'x' WHERE id = 1"));
  CHECK(held.decision() == "require_approval");
  CHECK(held.approvers(0) == "db-owners");
  CHECK(held.approvals_required() == 2);
  const auto copied = f.Simulate(Fixture::Request("UPDATE users SET name = ssn WHERE id = 1"));
  CHECK(copied.decision() == "deny");
  CHECK(copied.policy() == "agents");
  CHECK(copied.rule() == "ssn");
  CHECK(copied.resource() == "public.users.ssn");
  const auto denied = f.Simulate(Fixture::Request("DELETE FROM orders"));
  CHECK(denied.decision() == "deny");
  CHECK(denied.rule().empty());
  CHECK(denied.action() == "delete");
  CHECK_FALSE(denied.hint().empty());
}

TEST_CASE("the search_path and documents of the question take the place of the stored ones") {
  Fixture f;
  auto request = Fixture::Request("SELECT * FROM orders");
  CHECK(f.Simulate(request).decision() == "allow");
  request.add_search_path("evil");
  const auto elsewhere = f.Simulate(request);
  CHECK(elsewhere.decision() == "deny");
  CHECK(elsewhere.resource() == "evil.orders");
  request.mutable_scope()->add_documents(R"(apiVersion: chaperone/v1
kind: Policy
metadata: {name: draft}
principals: [{subject: "*"}]
databases: ["*"]
statements: [{id: all, effect: allow, actions: [read], resources: ["*"]}]
)");
  const auto draft = f.Simulate(request);
  CHECK(draft.decision() == "allow");
  CHECK(draft.policy() == "draft");
  CHECK(draft.revision() == 0);
}

TEST_CASE("a principal that no policy grants anything is told that its session would be refused") {
  Fixture f;
  auto request = Fixture::Request("SELECT 1");
  request.mutable_scope()->mutable_principal()->clear_groups();
  CHECK(f.Simulate(request).session_refused());
}

TEST_CASE("what cannot be asked is an error with its reason") {
  Fixture f;
  auto request = Fixture::Request("SELECT 1");
  request.mutable_scope()->set_database("shop");
  CHECK(absl::IsInvalidArgument(f.simulator.Simulate(request).status()));
  request.mutable_scope()->set_database("shop-prod/nope");
  CHECK(absl::IsNotFound(f.simulator.Simulate(request).status()));
  request = Fixture::Request("SELECT 1");
  request.mutable_scope()->set_revision(8);
  CHECK(absl::IsNotFound(f.simulator.Simulate(request).status()));
  CHECK(absl::IsInvalidArgument(f.simulator.Simulate(Fixture::Request("")).status()));
  request = Fixture::Request("SELECT 1");
  request.mutable_scope()->add_documents("kind: Nonsense");
  CHECK(absl::IsInvalidArgument(f.simulator.Simulate(request).status()));
  f.catalog = std::make_shared<v1::DatabaseCatalog>(*f.catalog);
  f.catalog->set_encoded("CHCT of the future");
  CHECK(absl::IsFailedPrecondition(f.simulator.Simulate(Fixture::Request("SELECT 1")).status()));
  f.catalog->clear_encoded();
  CHECK(absl::IsFailedPrecondition(f.simulator.Simulate(Fixture::Request("SELECT 1")).status()));
}

v1::ExplainedColumn Explained(const v1::ExplainMaskResponse& response, const std::string& name) {
  const auto found = std::ranges::find_if(
      response.columns(), [&](const v1::ExplainedColumn& column) { return column.column().name() == name; });
  REQUIRE(found != response.columns().end());
  return *found;
}

TEST_CASE("explaining a table says for each column whether and why it is masked") {
  Fixture f;
  v1::ExplainMaskRequest request;
  *request.mutable_scope() = Fixture::Scope();
  request.set_table("users");
  auto response = f.simulator.ExplainMask(request);
  REQUIRE(response.ok());
  CHECK(response->table() == "public.users");
  const v1::ExplainedColumn ssn = Explained(*response, "ssn");
  CHECK(ssn.column().method() == "keep_last_4");
  CHECK(ssn.in_predicates() == "equality");
  CHECK(ssn.type() == "text");
  CHECK(ssn.because(0) == "public.users.ssn is named by *.*.ssn of agents/ssn (line 11): keep_last_4");
  CHECK(Explained(*response, "name").because(0) == "no masking rule names it");
  request.set_table("public.vv");
  response = f.simulator.ExplainMask(request);
  REQUIRE(response.ok());
  CHECK(Explained(*response, "code").column().method() == "keep_last_4");
  CHECK(Explained(*response, "up").column().method() == "hidden");
  request.set_table("gen");
  response = f.simulator.ExplainMask(request);
  REQUIRE(response.ok());
  CHECK(Explained(*response, "ssn").column().method().empty());
  CHECK_THAT(Explained(*response, "ssn").because(0), Catch::Contains("spared by its exception public.gen.ssn"));
  request.set_table("nope");
  CHECK(absl::IsNotFound(f.simulator.ExplainMask(request).status()));
}

TEST_CASE("without a principal, every policy of the database counts, whoever it is for") {
  Fixture f;
  v1::ExplainMaskRequest request;
  request.mutable_scope()->set_database("shop-prod/shop");
  request.set_table("users");
  const auto response = f.simulator.ExplainMask(request);
  REQUIRE(response.ok());
  CHECK(Explained(*response, "ssn").column().method() == "keep_last_4");
}

}  // namespace
}  // namespace chaperone::simulation
