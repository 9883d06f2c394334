#include "api/judgement/judge.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "api/sql/fixture.h"

namespace chaperone::judgement {
namespace {

// What an agent of the group coding-agents gets of one policy with these sections.
std::shared_ptr<const policy::View> ViewOf(std::string_view sections) {
  const auto document = policy::ParseDocument(fmt::format(R"(apiVersion: chaperone/v1
kind: Policy
metadata: {{name: agents}}
principals: [{{groups: [coding-agents]}}]
databases: ["shop-prod/*"]
{})",
                                                          sections),
                                              "agents.yaml");
  REQUIRE(document.ok());
  const auto bundle = policy::Bundle::Compile({*document}, 1);
  REQUIRE(bundle.ok());
  return (*bundle)->ViewFor({.issuer = "https://idp", .subject = "agent-7", .groups = {"coding-agents"}},
                            {.endpoint = "shop-prod", .database = "shop"});
}

std::shared_ptr<const policy::View> View() {
  return ViewOf(R"(statements:
  - {id: read, effect: allow, actions: [read], resources: ["public.*", "crm.*"]}
  - {id: writes, effect: require_approval, actions: [insert, update], resources: ["public.*"],
     approval: {approvers: [db-owners]}}
masking:
  - {id: ssn, columns: ["*.*.ssn"], method: keep_last_4}
)");
}

Judgement JudgeText(std::string_view text, const std::shared_ptr<const policy::View>& view) {
  const sql::SessionContext names{.role = "app"};
  return Judge({.text = text, .catalog = sql::ShopCatalog(), .names = names, .view = *view, .now = {}});
}

TEST_CASE("facts, verdict and masks come together, one plan for each statement") {
  const auto view = View();
  const Judgement read = JudgeText("SELECT id, ssn, md5(ssn) FROM users; SELECT 1", view);
  CHECK(read.verdict.decision == policy::Decision::kAllow);
  CHECK(read.verdict.rule == "read");
  REQUIRE(read.plans.size() == 2);
  REQUIRE(read.plans[0].outputs.size() == 3);
  CHECK(read.plans[0].outputs[0].kind == masking::OutputMask::Kind::kNone);
  CHECK(read.plans[0].outputs[1].kind == masking::OutputMask::Kind::kColumn);
  CHECK(read.plans[0].outputs[2].kind == masking::OutputMask::Kind::kOpaque);
}

TEST_CASE("no policy lets a statement change how texts are read [fail-closed]") {
  const auto view = ViewOf(R"(statements:
  - {id: all, effect: allow, actions: ["*", unknown], resources: ["*"]}
)");
  for (const char* text : {"SET standard_conforming_strings = off", "SELECT 1; SET LOCAL client_encoding = 'SQL_ASCII'",
                           "SET NAMES 'latin1'", "SELECT set_config('standard_conforming_strings', 'off', false)"}) {
    CAPTURE(text);
    const policy::Verdict verdict = JudgeText(text, view).verdict;
    CHECK(verdict.decision == policy::Decision::kDeny);
    CHECK(verdict.action == "session");
    CHECK(verdict.reason.find("decides how statements are read") != std::string::npos);
    CHECK_FALSE(verdict.hint.empty());
  }
  for (const char* text : {"SET standard_conforming_strings = on", "SET client_encoding = 'UTF8'",
                           "RESET client_encoding", "SET work_mem = '8MB'"}) {
    CAPTURE(text);
    CHECK(JudgeText(text, view).verdict.decision == policy::Decision::kAllow);
  }
}

TEST_CASE("what masking refuses is a denial that names the masking rule and its policy [fail-closed]") {
  const auto view = View();
  for (const char* text : {"SELECT id FROM users WHERE ssn LIKE '1%'", "COPY users (ssn) TO STDOUT (ENCODING 'LATIN1')",
                           "UPDATE users SET name = ssn WHERE id = 1"}) {
    const Judgement judgement = JudgeText(text, view);
    CAPTURE(text);
    CHECK(judgement.refused_by_masking);
    CHECK(judgement.verdict.decision == policy::Decision::kDeny);
    CHECK(judgement.verdict.policy == "agents");
    CHECK(judgement.verdict.rule == "ssn");
    CHECK(judgement.verdict.resource == "public.users.ssn");
    CHECK_FALSE(judgement.verdict.hint.empty());
  }
}

TEST_CASE("what policy denies stays denied by policy, whatever masking says") {
  const auto view = View();
  const Judgement judgement = JudgeText("DELETE FROM users WHERE ssn = '1'", view);
  CHECK_FALSE(judgement.refused_by_masking);
  CHECK(judgement.verdict.action == "delete");
}

TEST_CASE("a text over the bound, or that is none, is denied [fail-closed]") {
  const auto view = View();
  const sql::SessionContext names;
  const Judgement judgement = Judge({.text = "SELECT 11111111",
                                     .catalog = sql::ShopCatalog(),
                                     .names = names,
                                     .view = *view,
                                     .now = {},
                                     .text_bytes_max = 8});
  CHECK(judgement.verdict.decision == policy::Decision::kDeny);
  CHECK(JudgeText("SELEKT 1", view).verdict.decision == policy::Decision::kDeny);
}

}  // namespace
}  // namespace chaperone::judgement
