// The catalog: reading rows, look-ups, and the way through bytes and back.
#include "api/sql/catalog.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "api/sql/analyze.h"
#include "api/sql/catalog_builder.h"
#include "api/sql/catalog_codec.h"
#include "api/sql/catalog_queries.h"
#include "api/sql/describe.h"
#include "api/sql/fixture.h"
#include "api/sql/oids.h"
#include "api/sql/parse.h"

namespace chaperone::sql {
namespace {

const Relation& Find(std::string_view schema, std::string_view name) {
  const Relation* relation = ShopCatalog().FindRelation(ShopCatalog().FindSchema(schema), name);
  REQUIRE(relation != nullptr);
  return *relation;
}

std::vector<std::string> FactsOf(std::string_view sql, const Catalog& catalog) {
  return DescribeFacts(Analyze(sql, catalog, {.role = "postgres"}), catalog);
}

TEST_CASE("relations have their columns, kinds and relatives") {
  const Relation& users = Find("public", "users");
  CHECK(users.kind == RelationKind::kTable);
  REQUIRE(users.FindColumn("ssn") != nullptr);
  CHECK(users.FindColumn("ssn")->attnum == 4);
  CHECK(users.FindColumn("ssn")->type == oids::kText);
  CHECK(users.FindColumn("created")->not_null);
  CHECK(users.FindColumn("nosuch") == nullptr);
  CHECK(users.ColumnByNumber(4)->name == "ssn");
  CHECK(Find("public", "child").parents == std::vector<Oid>{Find("public", "parent").oid});
  CHECK(Find("public", "parts").children.size() == 2);
  CHECK(Find("public", "orders").triggers.size() == 1);
  CHECK(Find("public", "ruled").rule_events == kOnDelete);
  CHECK(Find("public", "locked").row_security);
  CHECK(ShopCatalog().ColumnName({users.oid, 4}) == "public.users.ssn");
  CHECK(ShopCatalog().ColumnName({users.oid, -1}) == "public.users.ctid");
  CHECK(ShopCatalog().ColumnName({users.oid, 99}).empty());
}

TEST_CASE("functions know their class, arguments and columns") {
  const auto functions = ShopCatalog().FindFunctions("pair");
  REQUIRE(functions.size() == 1);
  CHECK(functions[0]->function_class == FunctionClass::kUser);
  CHECK(functions[0]->arguments.size() == 1);
  REQUIRE(functions[0]->out_names.size() == 2);
  CHECK(functions[0]->out_names[1] == "y");
  CHECK(ShopCatalog().FindFunctions("def")[0]->defaults == 1);
  CHECK(ShopCatalog().FindFunctions("def")[0]->security_definer);
  CHECK(ShopCatalog().FindFunctions("pg_read_file")[0]->function_class == FunctionClass::kFiles);
  CHECK(ShopCatalog().FindFunctions("citext_eq")[0]->function_class == FunctionClass::kSafe);
}

TEST_CASE("the server's own functions are all judged") {
  CHECK(ListedFunctionCount() > 3200);
  for (const Function& function : ShopCatalog().data().functions) {
    if (function.oid < 16384) {
      INFO(ShopCatalog().FunctionName(function));
      CHECK(function.function_class != FunctionClass::kUnlisted);
      CHECK(function.function_class != FunctionClass::kUser);
    }
  }
}

TEST_CASE("a built-in is one only by oid, name and arguments together", "[fail-closed]") {
  FunctionIdentity lower{.oid = 870, .schema = "pg_catalog", .name = "lower", .arguments = "25"};
  CHECK(ClassifyFunction(lower) == FunctionClass::kSafe);
  lower.arguments = "1043";
  CHECK(ClassifyFunction(lower) == FunctionClass::kUnlisted);
  lower = {.oid = 20000, .schema = "pg_catalog", .name = "lower", .arguments = "25"};
  CHECK(ClassifyFunction(lower) == FunctionClass::kUser);
  lower = {.oid = 870, .schema = "public", .name = "lower", .arguments = "25"};
  CHECK(ClassifyFunction(lower) == FunctionClass::kUnlisted);
  // Of an extension that is not pure, or in a language that is not looked through.
  CHECK(ClassifyFunction({.oid = 20000, .language = "c", .extension = "dblink"}) == FunctionClass::kUser);
  CHECK(ClassifyFunction({.oid = 20000, .language = "plpgsql", .extension = "citext"}) == FunctionClass::kUser);
  CHECK(ClassifyFunction({.oid = 20000, .language = "c", .extension = "citext"}) == FunctionClass::kSafe);
}

TEST_CASE("every system view is resolved") {
  for (const Relation& relation : ShopCatalog().data().relations) {
    if (relation.is_view()) {
      INFO(ShopCatalog().RelationName(relation.oid));
      REQUIRE(relation.view != nullptr);
      CHECK(relation.view->columns.size() == relation.columns.size());
    }
  }
}

TEST_CASE("a snapshot comes back from its bytes with the same facts") {
  const std::string bytes = EncodeCatalog(ShopCatalog());
  const auto decoded = DecodeCatalog(bytes);
  REQUIRE(decoded.ok());
  CHECK(EncodeCatalog(**decoded) == bytes);
  for (const char* sql : {"SELECT * FROM vv JOIN orders o ON o.id = 3", "SELECT upper(code), leak(name) FROM users",
                          "INSERT INTO parts SELECT 1, 'eu', ssn FROM mv", "SELECT * FROM pair(1)"}) {
    CHECK(FactsOf(sql, **decoded) == FactsOf(sql, ShopCatalog()));
  }
  // Names and types only.
  for (const char* text : {"LIKE '%@%'", "gotcha", "LEFT JOIN", "SELECT"}) {
    CHECK(bytes.find(text) == std::string::npos);
  }
}

TEST_CASE("the fuzzer's seed is of the version at hand") {
  // A table t (a, b) with the primary key a, a view v of it, and what SELECT lower(b), a = 1 needs. With
  // CHAPERONE_GOLDEN_OUT=<folder> the seed is written anew there.
  using Cells = std::vector<std::optional<std::string_view>>;
  const std::vector<std::pair<size_t, Cells>> rows = {
      {0, {"db", "150005", "UTF8"}},
      {1, {"11", "pg_catalog"}},
      {1, {"2200", "public"}},
      {2, {"16400", "2200", "16402", "t", "r", "false", "f", "f"}},
      {2, {"16401", "2200", "16403", "v", "v", "false", "f", "f"}},
      {3, {"16400", "1", "a", "23", "-1", "t", "f", "t"}},
      {3, {"16400", "2", "b", "25", "-1", "f", "f", "f"}},
      {3, {"16401", "1", "a", "23", "-1", "f", "f", "f"}},
      {4, {"16", "11", "bool", "b", "B", "t", "0", "0", "0", "0", "-1"}},
      {4, {"23", "11", "int4", "b", "N", "f", "0", "0", "0", "0", "-1"}},
      {4, {"25", "11", "text", "b", "S", "t", "0", "0", "0", "0", "-1"}},
      {5,
       {"65", "11", "int4eq", "f", "16", "f", "f", "i", "0", "0", "23 23", std::nullopt, std::nullopt, std::nullopt,
        "internal", std::nullopt}},
      {5,
       {"870", "11", "lower", "f", "25", "f", "f", "i", "0", "0", "25", std::nullopt, std::nullopt, std::nullopt,
        "internal", std::nullopt}},
      {6, {"96", "11", "=", "23", "23", "16", "65"}},
      {8, {"16401", "SELECT t.a FROM public.t;"}}};
  CatalogBuilder builder;
  for (const auto& [query, cells] : rows) {
    REQUIRE(builder.AddRow(query, cells).ok());
  }
  const auto catalog = builder.Build();
  REQUIRE(catalog.ok());
  const std::string bytes = EncodeCatalog(**catalog);
  if (const char* const folder = std::getenv("CHAPERONE_GOLDEN_OUT")) {
    std::ofstream(std::string(folder) + "/small", std::ios::binary) << bytes;
  }
  REQUIRE(DecodeCatalog(bytes).ok());
  std::ifstream in("api/sql/testdata/fuzz_catalog/small", std::ios::binary);
  CHECK(bytes == std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()));
}

TEST_CASE("damaged bytes are refused, wherever they are cut", "[fail-closed]") {
  const std::string bytes = EncodeCatalog(ShopCatalog());
  for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 300) {
    CHECK(DecodeCatalog(std::string_view(bytes).substr(0, size)).status().code() == absl::StatusCode::kDataLoss);
  }
  CHECK_FALSE(DecodeCatalog(bytes + "x").ok());
  std::string other = bytes;
  other[4] = 3;
  CHECK(base::Message(DecodeCatalog(other).status()) == "the catalog snapshot has version 3, and 2 is understood");
  for (size_t at = 5; at < bytes.size(); at += 1 + bytes.size() / 200) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 0xFF);
    // Whatever it is now, it does not crash, and statements on it can be looked at.
    if (const auto decoded = DecodeCatalog(flipped); decoded.ok()) {
      FactsOf("SELECT lower(name), * FROM users, vv", **decoded);
    }
  }
}

TEST_CASE("rows that are not the queries' are refused", "[fail-closed]") {
  CatalogBuilder builder;
  using Cells = std::vector<std::optional<std::string_view>>;
  CHECK_FALSE(builder.AddRow(99, Cells{"1"}).ok());
  CHECK_FALSE(builder.AddRow(1, Cells{"1"}).ok());
  CHECK_FALSE(builder.AddRow(1, Cells{"x", "public"}).ok());
  CHECK_FALSE(builder.AddRow(7, Cells{"1", "2", "3", "long", "f"}).ok());
  CHECK(builder.AddRow(1, Cells{"2200", "public"}).ok());
  CHECK(builder.Build().status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("an empty catalog knows nothing, and says so", "[fail-closed]") {
  const Catalog empty;
  const Facts facts = Analyze("SELECT lower('x')", empty, {});
  REQUIRE(facts.statements.size() == 1);
  CHECK(facts.statements[0].needs[0].action == Action::kUnknown);
}

TEST_CASE("the catalog queries name everything in full") {
  for (const std::string_view query : CatalogQueries()) {
    INFO(query);
    CHECK((query.find("ORDER BY") == std::string_view::npos || query.find("LIMIT") != std::string_view::npos));
    const auto tree = Parse(query, ParseLimits(), nullptr);
    REQUIRE(tree.ok());
    Walk(*tree->statements[0].node, [](const Node& node) {
      if (node.Is<pg::RangeVar>()) {
        CHECK(node.Get(pg::RangeVar::kSchemaname) == "pg_catalog");
      } else if (node.Is<pg::FuncCall>()) {
        CHECK(node.Get(pg::FuncCall::kFuncname).size() == 2);
      } else if (node.Is<pg::A_Expr>()) {
        CHECK(node.Get(pg::A_Expr::kName).size() == 2);
      } else if (node.Is<pg::TypeName>()) {
        CHECK(node.Get(pg::TypeName::kNames).size() == 2);
      }
      return true;
    });
  }
}

}  // namespace
}  // namespace chaperone::sql
