#include "api/masking/plan.h"

#include <catch2/catch.hpp>
#include <random>

#include "api/policy/policy_testing.h"
#include "api/sql/analyze.h"
#include "api/sql/fixture.h"
#include "dataplane/masking/masking_testing.h"
#include "dataplane/masking/result.h"

namespace chaperone::masking {
namespace {

using Kind = OutputMask::Kind;

std::shared_ptr<const policy::View> View(std::string_view masks) {
  const std::string body =
      "statements:\n  - {id: all, effect: allow, actions: [\"*\"], resources: [\"*\"]}\nmasking:\n" +
      std::string(masks);
  static std::vector<std::shared_ptr<const policy::Bundle>> kept;
  kept.push_back(policy::MustCompile({policy::DocumentFor("test", body)}));
  return kept.back()->ViewFor(policy::Agent(), policy::Shop());
}

struct Planned {
  sql::Facts facts;
  StatementPlan plan;
  std::shared_ptr<const policy::View> view;
};

Planned Plan(std::string_view masks, std::string_view sql) {
  Planned planned;
  planned.view = View(masks);
  planned.facts = sql::Analyze(sql, sql::ShopCatalog(), {.role = "postgres"}, {});
  planned.plan = PlanStatement(planned.facts.statements.at(0), sql::ShopCatalog(), *planned.view);
  return planned;
}

constexpr std::string_view kSsn = "  - {id: ssn, columns: [\"public.users.ssn\"], method: redact}\n";
constexpr std::string_view kItems = "  - {id: card, columns: [\"public.orders.items.card.number\"], method: redact}\n";

ResultPlanInput Input(const Planned& planned) {
  return {planned.facts.statements[0], planned.plan, sql::ShopCatalog(), *planned.view, TestKey(), nullptr};
}

std::string MaskedCopy(const Planned& planned, size_t column, std::optional<std::string_view> cell) {
  const size_t width = planned.facts.statements[0].outputs.size();
  const auto plan = PlanCopy(Input(planned), width, false);
  REQUIRE(plan.ok());
  REQUIRE(*plan != nullptr);
  std::string out;
  switch ((*plan)->MaskCell(column, cell, &out)) {
    case ResultPlan::CellChange::kUnchanged:
      return "(unchanged)";
    case ResultPlan::CellChange::kNull:
      return "(null)";
    case ResultPlan::CellChange::kValue:
      break;
  }
  return out;
}

TEST_CASE("A column's own values take the rule's method, computed ones show nothing", "[masking]") {
  const Planned planned = Plan(kSsn, "SELECT ssn, ssn || 'x', name, count(*) OVER () FROM users");
  REQUIRE_FALSE(planned.plan.refusal);
  CHECK(planned.plan.outputs[0].kind == Kind::kColumn);
  CHECK(planned.plan.outputs[1].kind == Kind::kOpaque);
  CHECK(planned.plan.outputs[2].kind == Kind::kNone);
  CHECK(planned.plan.outputs[3].kind == Kind::kNone);
}

TEST_CASE("A mask on a part of a JSON column masks the part, and everything that is computed from the column",
          "[masking]") {
  const Planned planned = Plan(kItems, "SELECT items, items->'card', note FROM orders");
  REQUIRE_FALSE(planned.plan.refusal);
  REQUIRE(planned.plan.outputs[0].kind == Kind::kPaths);
  CHECK(planned.plan.outputs[0].paths.size() == 1);
  CHECK(planned.plan.outputs[1].kind == Kind::kOpaque);
  CHECK(planned.plan.outputs[2].kind == Kind::kNone);
  CHECK(planned.plan.touches_masked);
  const std::vector<ResultColumn> columns = {{"items", 0, 0, oid::kJsonb, -1, false},
                                             {"?column?", 0, 0, oid::kJsonb, -1, false},
                                             {"note", 0, 0, oid::kText, -1, false}};
  Planned unchecked = planned;
  for (sql::OutputColumn& output : unchecked.facts.statements[0].outputs) {
    output.origin_known = false;
  }
  const auto plan = PlanResult(Input(unchecked), columns);
  REQUIRE(plan.ok());
  std::string out;
  CHECK((*plan)->MaskCell(0, R"({"card": {"number": "4111"}, "n": 1})", &out) == ResultPlan::CellChange::kValue);
  CHECK(out == R"({"card": {"number": "****"}, "n": 1})");
}

TEST_CASE("A JSON column of which a part is masked decides nothing and is written nowhere", "[masking][fail-closed]") {
  CHECK(Plan(kItems, "SELECT id FROM orders WHERE items->'card'->>'number' = '4111'").plan.refusal);
  CHECK(Plan(kItems, "SELECT id FROM orders ORDER BY items").plan.refusal);
  CHECK(Plan(kItems, "INSERT INTO open_t (x) SELECT items::text FROM orders").plan.refusal);
  CHECK_FALSE(Plan(kItems, "SELECT items FROM orders WHERE id = 1").plan.refusal);
}

TEST_CASE("A masked column groups beside its table's key, and the refusal without it says so", "[masking]") {
  CHECK_FALSE(Plan(kSsn, "SELECT id, ssn, count(*) FROM users GROUP BY id, ssn").plan.refusal);
  const Planned refused = Plan(kSsn, "SELECT ssn, count(*) FROM users GROUP BY ssn");
  REQUIRE(refused.plan.refusal);
  CHECK(refused.plan.refusal->hint.find("beside its table's primary key") != std::string::npos);
}

TEST_CASE("A mask on the whole column goes before masks on its parts", "[masking]") {
  const std::string both =
      std::string(kItems) + "  - {id: whole, columns: [\"public.orders.items\"], method: \"null\"}\n";
  const Planned planned = Plan(both, "SELECT items FROM orders");
  CHECK(planned.plan.outputs[0].kind == Kind::kColumn);
  CHECK(planned.plan.outputs[0].rule->id == "whole");
}

TEST_CASE("What detectors find in a row's cells is what they find in each alone", "[masking]") {
  constexpr std::string_view kFound =
      "  - {id: found, detect: [secret_key, credit_card], tables: [\"public.users\"], method: redact}\n";
  const Planned planned = Plan(kFound, "SELECT name || '', name || '', name || '', name || '' FROM users");
  DetectorCache cache;
  const auto rules = SearchRules::Make(*planned.view, TestKey(), &cache);
  REQUIRE(rules.ok());
  ResultPlanInput input = Input(planned);
  input.search = *rules;
  const std::vector<ResultColumn> columns(4, {"?column?", 0, 0, oid::kText, -1, false});
  const auto plan = PlanResult(input, columns);
  REQUIRE(plan.ok());
  REQUIRE(*plan != nullptr);
  const std::vector<std::string> kinds = {"nothing",
                                          "",
                                          "pay 4111 1111 1111 1111 now",
                                          "password=8hR!kd92Kls",
                                          "password=",
                                          "key sk_live_4eC39HqLyjWDarjtT1zdp7dc",
                                          "pass\u200bword=8hR!kd92Kls"};
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    std::string row = std::string("\0\4", 2);
    std::string expected = row;
    for (size_t column = 0; column < 4; ++column) {
      const std::string& cell = kinds[random() % kinds.size()];
      std::string masked;
      const bool changed = (*plan)->MaskCell(column, cell, &masked) == ResultPlan::CellChange::kValue;
      CHECK(changed == (&cell - kinds.data() != 0 && !cell.empty() && cell != "password="));
      row += std::string(3, '\0') + static_cast<char>(cell.size()) + cell;
      const std::string& shown = changed ? masked : cell;
      expected += std::string(3, '\0') + static_cast<char>(shown.size()) + shown;
    }
    std::string out;
    uint64_t masked_cells = 0;
    REQUIRE((*plan)->MaskRow(row, &out, &masked_cells).ok());
    CHECK(out == expected);
  }
}

TEST_CASE("COPY masks by column list, by query outputs and by type", "[masking]") {
  const Planned table = Plan(kSsn, "COPY users (id, ssn) TO STDOUT");
  REQUIRE_FALSE(table.plan.refusal);
  CHECK(MaskedCopy(table, 0, "1") == "(unchanged)");
  CHECK(MaskedCopy(table, 1, "123-45-6789") == "****");
  CHECK(MaskedCopy(table, 1, std::nullopt) == "(unchanged)");
  const Planned query = Plan(kSsn, "COPY (SELECT upper(ssn) AS a, length(ssn), ssn, v.code FROM users, v) TO STDOUT");
  REQUIRE_FALSE(query.plan.refusal);
  CHECK(MaskedCopy(query, 1, "11") == "(null)");
  CHECK(MaskedCopy(query, 1, std::nullopt) == "(null)");
  CHECK(MaskedCopy(query, 2, "123-45-6789") == "****");
  CHECK(MaskedCopy(query, 3, "123-45-6789") == "****");
  const Planned part = Plan(kItems, "COPY orders (items) TO STDOUT");
  CHECK(MaskedCopy(part, 0, R"({"card": {"number": "4111"}})") == R"({"card": {"number": "****"}})");
}

TEST_CASE("COPY that the database lays out otherwise ends the session", "[masking][fail-closed]") {
  const Planned planned = Plan(kSsn, "COPY users (id, ssn) TO STDOUT WITH (FORMAT binary)");
  REQUIRE_FALSE(planned.plan.refusal);
  CHECK(PlanCopy(Input(planned), 2, true).ok());
  CHECK_FALSE(PlanCopy(Input(planned), 2, false).ok());
  CHECK_FALSE(PlanCopy(Input(planned), 3, true).ok());
  const Planned select = Plan(kSsn, "SELECT id FROM users");
  CHECK_FALSE(PlanCopy(Input(select), 1, false).ok());
}

TEST_CASE("COPY options that cannot be masked are refused where something is masked, and only there",
          "[masking][fail-closed]") {
  const Planned refused = Plan(kSsn, "COPY users TO STDOUT WITH (ENCODING 'LATIN1')");
  REQUIRE(refused.plan.refusal);
  CHECK(refused.plan.refusal->message.starts_with("ENCODING is not supported"));
  CHECK(refused.plan.refusal->rule == "ssn");
  CHECK(refused.plan.refusal->column == "public.users.ssn");
  CHECK(Plan(kSsn, "COPY users TO STDOUT WITH (NULL '123-45-6789')").plan.refusal);
  CHECK_FALSE(Plan(kSsn, "COPY orders TO STDOUT WITH (ENCODING 'LATIN1', NULL '')").plan.refusal);
  CHECK_FALSE(Plan(kSsn, "COPY users TO STDOUT WITH (FORMAT csv, NULL '123-45-6789')").plan.refusal);
}

}  // namespace
}  // namespace chaperone::masking
