// Parsing: what comes out, what is refused with which words, and that no text ends the process.
#include "api/sql/parse.h"

#include <pthread.h>

#include <catch2/catch.hpp>
#include <functional>
#include <string>

namespace chaperone::sql {
namespace {

absl::StatusOr<Tree> ParseText(std::string_view text) { return Parse(text, ParseLimits(), nullptr); }

std::string ErrorOf(std::string_view text, int32_t* location = nullptr) {
  const absl::StatusOr<Tree> tree = Parse(text, ParseLimits(), location);
  return tree.ok() ? "parsed" : std::string(base::Message(tree.status()));
}

std::string Repeat(std::string_view piece, size_t count) {
  std::string out;
  out.reserve(piece.size() * count);
  for (size_t i = 0; i < count; ++i) {
    out += piece;
  }
  return out;
}

// Runs `body` on a thread with a stack of 256 KiB.
void OnSmallStack(std::function<void()> body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  // The sanitizers' frames are several times as large.
#ifdef CHAPERONE_SANITIZED
  pthread_attr_setstacksize(&attributes, size_t{1} << 20);
#else
  pthread_attr_setstacksize(&attributes, size_t{256} << 10);
#endif
  pthread_t thread;
  REQUIRE(pthread_create(
              &thread, &attributes,
              [](void* argument) -> void* {
                (*static_cast<std::function<void()>*>(argument))();
                return nullptr;
              },
              &body) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST_CASE("a statement's tree is PostgreSQL's, field by field") {
  const absl::StatusOr<Tree> tree = ParseText("SELECT a.b AS c, 'x', 1, 2.5, true, NULL FROM s.t WHERE x = $1");
  REQUIRE(tree.ok());
  REQUIRE(tree->statements.size() == 1);
  const Node& select = *tree->statements[0].node;
  REQUIRE(select.Is<pg::SelectStmt>());
  const NodeList targets = select.Get(pg::SelectStmt::kTargetList);
  REQUIRE(targets.size() == 6);
  CHECK(targets[0]->Get(pg::ResTarget::kName) == "c");
  CHECK(targets[0]->location() == 7);
  const auto constant = [&](size_t i) { return targets[i]->Get(pg::ResTarget::kVal); };
  CHECK(constant(1)->Get(pg::A_Const::kVal)->Get(pg::String::kSval) == "x");
  CHECK(constant(2)->Get(pg::A_Const::kVal)->Get(pg::Integer::kIval) == 1);
  CHECK(constant(3)->Get(pg::A_Const::kVal)->Get(pg::Float::kFval) == "2.5");
  CHECK(constant(4)->Get(pg::A_Const::kVal)->Get(pg::Boolean::kBoolval));
  CHECK(constant(5)->Get(pg::A_Const::kIsnull));
  const Node& table = *select.Get(pg::SelectStmt::kFromClause)[0];
  CHECK(table.Get(pg::RangeVar::kSchemaname) == "s");
  CHECK(table.Get(pg::RangeVar::kRelname) == "t");
  CHECK_FALSE(table.Has(pg::RangeVar::kCatalogname));
  CHECK(table.Get(pg::RangeVar::kRelpersistence) == "p");
  const Node& where = *select.Get(pg::SelectStmt::kWhereClause);
  CHECK(where.Get(pg::A_Expr::kKind) == pg::A_Expr_Kind::AEXPR_OP);
  CHECK(where.Get(pg::A_Expr::kRexpr)->Get(pg::ParamRef::kNumber) == 1);
}

TEST_CASE("a struct within a struct becomes a node of its own") {
  const absl::StatusOr<Tree> tree = ParseText("CREATE FOREIGN TABLE s.f (a int) SERVER x");
  REQUIRE(tree.ok());
  const Node& create = *tree->statements[0].node;
  REQUIRE(create.Is<pg::CreateForeignTableStmt>());
  const Node* base = create.Get(pg::CreateForeignTableStmt::kBase);
  REQUIRE(base->Is<pg::CreateStmt>());
  CHECK(base->Get(pg::CreateStmt::kRelation)->Get(pg::RangeVar::kRelname) == "f");
  CHECK(create.Get(pg::CreateForeignTableStmt::kServername) == "x");
}

TEST_CASE("plain DISTINCT is a list with one null") {
  const absl::StatusOr<Tree> tree = ParseText("SELECT DISTINCT a FROM t");
  REQUIRE(tree.ok());
  const NodeList distinct = tree->statements[0].node->Get(pg::SelectStmt::kDistinctClause);
  REQUIRE(distinct.size() == 1);
  CHECK(distinct[0] == nullptr);
}

TEST_CASE("statements know their byte ranges") {
  const std::string text = " select 1 ;; update t set a='\xC3\xA4;' where b ; -- end\n";
  const absl::StatusOr<Tree> tree = ParseText(text);
  REQUIRE(tree.ok());
  REQUIRE(tree->statements.size() == 2);
  const auto piece = [&](size_t i) { return text.substr(tree->statements[i].offset, tree->statements[i].length); };
  CHECK(piece(0) == "select 1");
  CHECK(piece(1) == "update t set a='\xC3\xA4;' where b");
  CHECK(ParseText("").value().statements.empty());
  CHECK(ParseText(" -- nothing").value().statements.empty());
}

TEST_CASE("literals are lexed as with standard_conforming_strings on") {
  const absl::StatusOr<Tree> tree = ParseText(R"(SELECT '\', ssn FROM users --')");
  REQUIRE(tree.ok());
  CHECK(tree->statements[0].node->Get(pg::SelectStmt::kTargetList).size() == 2);
}

TEST_CASE("identifiers come decoded and folded") {
  const absl::StatusOr<Tree> tree = ParseText(R"(SELECT U&"\0073sn", SSN, "Ssn" FROM Users)");
  REQUIRE(tree.ok());
  const auto name = [&](size_t i) {
    const Node* reference = tree->statements[0].node->Get(pg::SelectStmt::kTargetList)[i]->Get(pg::ResTarget::kVal);
    return std::string(reference->Get(pg::ColumnRef::kFields)[0]->Get(pg::String::kSval));
  };
  CHECK(name(0) == "ssn");
  CHECK(name(1) == "ssn");
  CHECK(name(2) == "Ssn");
}

TEST_CASE("a parse error has a byte position and never a token of the text", "[fail-closed]") {
  int32_t location = 0;
  CHECK(ErrorOf("SELECT '\xC3\xA4' 'secret' FROM", &location) == "syntax error");
  CHECK(location == 12);
  CHECK(ErrorOf("SELECT 1 FROM", &location) == "syntax error at end of input");
  CHECK(ErrorOf("SELECT 'secret", &location) == "unterminated quoted string");
  CHECK(location == 7);
  CHECK(ErrorOf("SELECT \"\"") == "zero-length delimited identifier");
  CHECK(ErrorOf("SELECT U&'\\00zz secret'").find("secret") == std::string::npos);
}

TEST_CASE("text that a server would read differently is refused", "[fail-closed]") {
  int32_t location = 0;
  CHECK(ErrorOf(std::string_view("SELECT 1\0; DROP TABLE t", 23), &location) ==
        "the statement is not valid UTF-8 at byte 8");
  CHECK(location == 8);
  CHECK(ErrorOf("SELECT '\x83'") == "the statement is not valid UTF-8 at byte 8");
  // Overlong, surrogate, beyond the last plane, cut short.
  for (const char* bad :
       {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xE2\x82"}) {
    CHECK(FindInvalidUtf8(std::string("12345678") + bad) == 8);
  }
  for (const char* good :
       {"\xC2\x80", "\xE0\xA0\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "plain ascii text"}) {
    CHECK(FindInvalidUtf8(good) == std::string_view::npos);
  }
}

TEST_CASE("limits refuse with the limit's name", "[fail-closed]") {
  ParseLimits limits;
  limits.text_bytes_max = 10;
  CHECK(base::Message(Parse("SELECT 12345", limits, nullptr).status()) ==
        "the statement has 12 bytes, more than 10; split it");
  limits = ParseLimits();
  limits.nodes_max = 100;
  CHECK(Parse("SELECT 1" + Repeat(",1", 100), limits, nullptr).status().code() == absl::StatusCode::kResourceExhausted);
  limits = ParseLimits();
  limits.depth_max = 100;
  CHECK(Parse("SELECT 1" + Repeat("+1", 200), limits, nullptr).status().code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("text made to exhaust the stack does not, on a stack of 256 KiB") {
  OnSmallStack([] {
    ParseLimits limits;
    limits.depth_max = 1'000'000;
    CHECK(Parse("SELECT 1" + Repeat("+1", 50'000), limits, nullptr).ok());
    CHECK(Parse("SELECT 1" + Repeat(" UNION SELECT 1", 20'000), limits, nullptr).ok());
    CHECK(Parse("SELECT " + Repeat("NOT ", 4'000) + "true", limits, nullptr).ok());
    CHECK_FALSE(Parse("SELECT " + Repeat("(", 100'000), limits, nullptr).ok());
    CHECK_FALSE(Parse("SELECT " + Repeat("(SELECT ", 100'000), limits, nullptr).ok());
    CHECK_FALSE(Parse("SELECT 1" + Repeat("+1", 50'000), ParseLimits(), nullptr).ok());
    CHECK(Parse("SELECT 1 WHERE 1 IN (1" + Repeat(",1", 500'000) + ")", limits, nullptr).ok());
  });
}

TEST_CASE("two trees are the same whatever the spelling, and different in any value") {
  const auto same = [](const char* a, const char* b) {
    const absl::StatusOr<Tree> x = ParseText(a);
    const absl::StatusOr<Tree> y = ParseText(b);
    return SameTree(x->statements[0].node, y->statements[0].node, 1000);
  };
  CHECK(same("select A from T", "SELECT  a /* x */ FROM t"));
  CHECK_FALSE(same("select a from t", "select b from t"));
  CHECK_FALSE(same("select 1", "select 2"));
  CHECK_FALSE(same("select 1", "select 1, 1"));
  CHECK_FALSE(same("select a from t", "select a from t where true"));
}

TEST_CASE("a dump names node types and fields") {
  const absl::StatusOr<Tree> tree = ParseText("SELECT a");
  CHECK(DumpTree(*tree->statements[0].node, 1000) ==
        "SelectStmt(targetList=[ResTarget(val=ColumnRef(fields=[String(sval='a' )]))])");
}

TEST_CASE("every node type of the grammar is known to the converter") {
  CHECK(KnownPostgresTags() == kNodeTagCount - 1);
}

}  // namespace
}  // namespace chaperone::sql
