#include "controlplane/policies/evaluator_checker.h"

#include <catch2/catch.hpp>

namespace chaperone::policies {
namespace {

std::string Document(const std::string& name, const std::string& statements) {
  return "apiVersion: chaperone/v1\nkind: Policy\nmetadata: {name: " + name +
         "}\nprincipals: [{groups: [agents]}]\ndatabases: [\"shop/*\"]\nstatements:\n" + statements;
}

bool HasCode(const std::vector<v1::PolicyFinding>& findings, std::string_view code) {
  for (const v1::PolicyFinding& finding : findings) {
    if (finding.code() == code) {
      return true;
    }
  }
  return false;
}

TEST_CASE("documents are named, compiled and linted by the evaluator that sidecars use") {
  const auto checker = NewEvaluatorChecker([] { return std::vector<ConnectedDatabase>(); });
  const std::string good =
      Document("readers", "  - {id: read, effect: allow, actions: [read], resources: [\"public.*\"]}\n");
  CHECK(*checker->NameOf(good, "document 1") == "readers");
  const auto unreadable = checker->NameOf("kind: Policy\nkynd: x\n", "document 1");
  CHECK(absl::IsInvalidArgument(unreadable.status()));
  CHECK(base::Message(unreadable.status()).starts_with("document 1:"));
  CHECK(checker->Check({{"readers", good}}, 1).ok());
  CHECK(absl::IsInvalidArgument(checker->Check({{"broken", "nonsense"}}, 1).status()));
}

TEST_CASE("the linter knows what connected databases hold") {
  auto catalog = std::make_shared<v1::DatabaseCatalog>();
  catalog->set_database("shop");
  v1::RelationInfo* relation = catalog->add_relations();
  relation->set_schema("public");
  relation->set_name("orders");
  relation->add_columns()->set_name("id");
  std::vector<ConnectedDatabase> databases;
  const auto checker = NewEvaluatorChecker([&] { return databases; });
  const std::string document =
      Document("readers", "  - {id: read, effect: allow, actions: [read], resources: [\"public.oders\"]}\n");
  const auto blind = checker->Check({{"readers", document}}, 1);
  REQUIRE(blind.ok());
  databases.push_back({"shop", catalog});
  const auto informed = checker->Check({{"readers", document}}, 1);
  REQUIRE(informed.ok());
  CHECK(informed->size() > blind->size());
  CHECK_FALSE(HasCode(*blind, informed->back().code()));
}

}  // namespace
}  // namespace chaperone::policies
