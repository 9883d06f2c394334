#include "dataplane/upstream/setup_findings.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace chaperone::upstream {
namespace {

SetupInput Input(std::vector<SetupFact> facts) {
  facts.push_back({"version", "15.4"});
  facts.push_back({"role", "app"});
  return {.address = {.host = "127.0.0.1", .port = 5432, .user = "app", .tls = TlsMode::kDisable},
          .database = "shop",
          .let_in_unasked = false,
          .facts = std::move(facts)};
}

std::vector<std::string> Codes(const SetupInput& input) {
  std::vector<std::string> codes;
  for (const SetupFinding& finding : FindingsFor(input)) {
    codes.push_back((finding.is_error ? "error " : "warning ") + finding.code);
  }
  return codes;
}

TEST_CASE("a role that can do no more than it should is nothing to report") {
  CHECK(Codes(Input({{"access rules can be read", "app"}, {"password encryption", "scram-sha-256"}})).empty());
}

TEST_CASE("each power of the role is a finding that says how to take it away") {
  const std::pair<SetupFact, const char*> expected[] = {
      {{"superuser", "app"}, "error upstream-role-superuser"},
      {{"bypassrls", "app"}, "error upstream-role-bypassrls"},
      {{"createrole", "app"}, "error upstream-role-createrole"},
      {{"replication", "app"}, "error upstream-role-replication"},
      {{"createdb", "app"}, "warning upstream-role-createdb"},
      {{"member", "pg_execute_server_program"}, "error upstream-role-dangerous-membership"},
      {{"owns", "public.orders"}, "error upstream-role-owns-relations"},
      {{"owns database", "shop"}, "error upstream-role-owns-database"},
      {{"may create in", "public"}, "warning upstream-role-creates"},
      {{"may run", "public.dblink"}, "warning upstream-role-runs-functions"},
      {{"password encryption", "md5"}, "warning password-md5"},
      {{"trusting rule", "line 3 (host all all 0.0.0.0 trust)"}, "error access-without-password"},
      {{"cleartext rule", "line 4 (host all all 0.0.0.0 password)"}, "error access-cleartext-password"},
      {{"open rule", "line 5 (host all all 10.0.0.0 scram-sha-256)"}, "warning access-past-sidecar"},
  };
  for (const auto& [fact, code] : expected) {
    const SetupInput input = Input({fact, {"access rules can be read", "app"}});
    CHECK(Codes(input) == std::vector<std::string>{code});
    CHECK(FindingsFor(input)[0].message.size() > 40);
  }
}

TEST_CASE("access rules that cannot be read are only worth a word when others can log in") {
  CHECK(Codes(Input({})).empty());
  const SetupInput input = Input({{"other login", "postgres"}, {"other login", "ada"}});
  CHECK(Codes(input) == std::vector<std::string>{"warning access-rules-unread"});
  CHECK(FindingsFor(input)[0].message.find("postgres, ada") != std::string::npos);
}

TEST_CASE("a connection in the open, and one that nobody had to prove anything for") {
  SetupInput input = Input({});
  input.address.host = "db.example.com";
  CHECK(Codes(input) == std::vector<std::string>{"error upstream-without-tls"});
  input.address.tls = TlsMode::kVerifyFull;
  CHECK(Codes(input).empty());
  input.let_in_unasked = true;
  CHECK(Codes(input) == std::vector<std::string>{"error upstream-without-password"});
  input.address.host = "/run/postgresql";
  CHECK(Codes(input).empty());
}

TEST_CASE("long lists are cut") {
  std::vector<SetupFact> facts;
  for (int i = 0; i < 9; ++i) {
    facts.push_back({"owns", fmt::format("public.t{}", i)});
  }
  CHECK(FindingsFor(Input(facts))[0].message.find("public.t4 and 4 more") != std::string::npos);
}

}  // namespace
}  // namespace chaperone::upstream
