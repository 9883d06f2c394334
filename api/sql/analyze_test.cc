// Analysis by property: bounds, hostile text, resolution of overloads, classification tables.
#include "api/sql/analyze.h"

#include <pthread.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "api/sql/fixture.h"
#include "api/sql/node_role.h"
#include "api/sql/oids.h"
#include "api/sql/settings.h"

namespace chaperone::sql {
namespace {

Facts FactsOf(std::string_view sql, SessionContext session = {.role = "postgres"}) {
  return Analyze(sql, ShopCatalog(), session);
}

Statement One(std::string_view sql, SessionContext session = {.role = "postgres"}) {
  Facts facts = FactsOf(sql, std::move(session));
  REQUIRE(facts.statements.size() == 1);
  return std::move(facts.statements[0]);
}

bool Needs(const Statement& statement, Action action, std::string_view resource) {
  return std::any_of(statement.needs.begin(), statement.needs.end(),
                     [&](const Need& need) { return need.action == action && need.resource == resource; });
}

bool NeedsAny(const Statement& statement, Action action) {
  return std::any_of(statement.needs.begin(), statement.needs.end(),
                     [&](const Need& need) { return need.action == action; });
}

std::string Repeat(std::string_view piece, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    out += piece;
  }
  return out;
}

void OnSmallStack(std::function<void()> body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
#ifdef CHAPERONE_SANITIZED
  // The sanitizers' frames are several times as large.
  pthread_attr_setstacksize(&attributes, size_t{2} << 20);
#else
  pthread_attr_setstacksize(&attributes, size_t{256} << 10);
#endif
  pthread_t thread;
  const auto run = [](void* argument) -> void* {
    (*static_cast<std::function<void()>*>(argument))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, run, &body) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST_CASE("every node type of the grammar is classified", "[fail-closed]") {
  for (int i = 1; i < kNodeTagCount; ++i) {
    const auto tag = static_cast<NodeTag>(i);
    INFO(NodeName(tag));
    CHECK(RoleOf(tag) != NodeRole::kUnclassified);
    // What the grammar calls a statement is treated as one, apart from those that only stand inside another.
    const std::string_view name = NodeName(tag);
    const bool statement = name.size() > 4 && name.substr(name.size() - 4) == "Stmt";
    const bool inside = name == "RawStmt" || name == "ReturnStmt" || name == "PLAssignStmt" ||
                        name == "SetOperationStmt" || name == "ReplicaIdentityStmt";
    if (statement && !inside) {
      CHECK(RoleOf(tag) < NodeRole::kExpression);
    } else {
      CHECK(RoleOf(tag) >= NodeRole::kExpression);
    }
  }
}

TEST_CASE("hostile depth and width end in unknown, not in a crash, on a stack of 256 KiB", "[fail-closed]") {
  OnSmallStack([] {
    for (const std::string& text : {
             "SELECT 1" + Repeat("+1", 50'000),
             "SELECT " + Repeat("NOT ", 4'000) + "true",
             "SELECT 1" + Repeat(" UNION SELECT 1", 9'000),
             "SELECT " + Repeat("(SELECT ", 2'000) + "1" + Repeat(")", 2'000),
             "SELECT * FROM " + Repeat("(SELECT * FROM ", 2'000) + "users" + Repeat(" x) x", 2'000),
             "SELECT " + Repeat("lower(", 3'000) + "'x'" + Repeat(")", 3'000),
             "SELECT * FROM users a0" + Repeat(" JOIN users ON true", 3'000),
             "SELECT * FROM " + Repeat("(users JOIN ", 2'000) + "users" + Repeat(" ON true)", 2'000),
             "SELECT * FROM " + Repeat("users JOIN (", 2'000) + "users" + Repeat(" ON true)", 2'000),
             "DELETE FROM users WHERE " + Repeat("NOT (", 3'000) + "true" + Repeat(")", 3'000),
             Repeat("EXPLAIN ", 3'000) + "SELECT 1",
             "WITH RECURSIVE " + Repeat("a AS (WITH RECURSIVE ", 500) + "b AS (SELECT 1) SELECT 1" +
                 Repeat(") SELECT 1", 500),
             "SELECT " + Repeat("CASE WHEN true THEN ", 2'000) + "1" + Repeat(" END", 2'000),
             "SELECT id FROM users WHERE id IN (1" + Repeat(",1", 200'000) + ")",
             "SELECT (" + Repeat("(u).", 1'000) + "id) FROM users u",
             "SELECT x" + Repeat("[1]", 5'000) + " FROM (SELECT tags AS x FROM orders) q",
         }) {
      const Facts facts = FactsOf(text);
      CHECK(facts.statements.size() == 1);
    }
  });
}

TEST_CASE("what the server itself can run is not refused for its size") {
  CHECK_FALSE(NeedsAny(One("SELECT 1" + Repeat("+1", 3'000)), Action::kUnknown));
  CHECK_FALSE(NeedsAny(One("SELECT 1" + Repeat(" UNION ALL SELECT 1", 3'000)), Action::kUnknown));
  CHECK_FALSE(NeedsAny(One("SELECT id FROM users WHERE id IN (1" + Repeat(",1", 100'000) + ")"), Action::kUnknown));
  CHECK_FALSE(NeedsAny(One("INSERT INTO open_t (id) VALUES (1)" + Repeat(",(1)", 20'000)), Action::kUnknown));
  CHECK_FALSE(NeedsAny(One("SELECT " + Repeat("(SELECT ", 30) + "1" + Repeat(")", 30)), Action::kUnknown));
}

TEST_CASE("work is bounded where a text multiplies it", "[fail-closed]") {
  // Each recursive table runs the one inside it several times.
  std::string text = "SELECT 1 AS a";
  for (int i = 0; i < 40; ++i) {
    text = "WITH RECURSIVE t" + std::to_string(i) + " AS (" + text + " UNION ALL " + text.substr(0, 40) +
           ") SELECT 1 AS a";
  }
  const Facts facts = FactsOf(text);
  CHECK(facts.statements.size() == 1);
  AnalyzeLimits limits;
  limits.steps_max = 100;
  const Facts small = Analyze("SELECT 1" + Repeat("+1", 1'000), ShopCatalog(), {}, limits);
  CHECK(NeedsAny(small.statements[0], Action::kUnknown));
}

TEST_CASE("text that does not parse is one statement that needs unknown", "[fail-closed]") {
  const Facts facts = FactsOf("SELECT 'secret' FROM FROM");
  REQUIRE(facts.error);
  CHECK(facts.error->message == "syntax error");
  CHECK(facts.error->location == 21);
  REQUIRE(facts.statements.size() == 1);
  CHECK(Needs(facts.statements[0], Action::kUnknown, "*"));
  CHECK(FactsOf("").statements.empty());
}

TEST_CASE("a database of another encoding takes ASCII only", "[fail-closed]") {
  CatalogData data;
  data.database.encoding = "LATIN1";
  const Catalog latin(std::move(data));
  CHECK(Analyze("SELECT '\xC3\xA4'", latin, {}).error);
  CHECK_FALSE(Analyze("SELECT 1", latin, {}).error);
}

TEST_CASE("a call is the built-in only when no other function fits better", "[fail-closed]") {
  // public.upper(varchar) stands beside pg_catalog.upper(text); code is a varchar, name a text.
  CHECK(NeedsAny(One("SELECT upper(code) FROM users"), Action::kExecute));
  CHECK_FALSE(NeedsAny(One("SELECT upper(name) FROM users"), Action::kExecute));
  CHECK_FALSE(NeedsAny(One("SELECT pg_catalog.upper(code) FROM users"), Action::kExecute));
  CHECK_FALSE(NeedsAny(One("SELECT upper('x')"), Action::kExecute));
  CHECK(NeedsAny(One("SELECT upper(code) FROM (SELECT code FROM users UNION ALL SELECT 'x') q"), Action::kExecute));
  CHECK(NeedsAny(One("SELECT upper(CASE WHEN true THEN code END) FROM users"), Action::kExecute));
  CHECK(NeedsAny(One("SELECT upper(x::varchar) FROM (VALUES ('a')) v(x)"), Action::kExecute));
  CHECK(NeedsAny(One("SELECT upper((SELECT code FROM users LIMIT 1))"), Action::kExecute));
  CHECK(NeedsAny(One("SELECT upper(max(code)) FROM users"), Action::kUnknown) == false);
  // A type that cannot be told counts for every candidate.
  CHECK(NeedsAny(One("SELECT upper((json_populate_record(NULL::users, '{}')).code)"), Action::kExecute));
  // By position on the path.
  CHECK_FALSE(NeedsAny(One("SELECT lower(code) FROM users"), Action::kExecute));
  CHECK(NeedsAny(One("SELECT lower(code) FROM users", {.role = "x", .search_path = {"public", "evil"}}),
                 Action::kExecute));
}

TEST_CASE("a parameter's declared type decides, and an undeclared one may be any where it stands twice",
          "[fail-closed]") {
  CHECK_FALSE(NeedsAny(One("SELECT upper($1)"), Action::kExecute));
  CHECK(NeedsAny(One("SELECT upper($1)", {.parameter_types = {oids::kVarchar}}), Action::kExecute));
  CHECK_FALSE(NeedsAny(One("SELECT upper($1)", {.parameter_types = {oids::kText}}), Action::kExecute));
  CHECK(NeedsAny(One("SELECT upper($1), code FROM users WHERE code = $1"), Action::kExecute));
  CHECK(NeedsAny(One("PREPARE p (varchar) AS SELECT upper($1)"), Action::kExecute));
}

TEST_CASE("operators of one's own are seen where their types fit", "[fail-closed]") {
  CHECK(Needs(One("SELECT code = code_n FROM users"), Action::kExecute, "public.eq_hook"));
  CHECK(Needs(One("SELECT 1 FROM users WHERE code IN (code_n)"), Action::kExecute, "public.eq_hook"));
  CHECK(Needs(One("SELECT 1 FROM users WHERE code = ANY (ARRAY[code_n])"), Action::kExecute, "public.eq_hook"));
  CHECK(Needs(One("SELECT CASE code WHEN code_n THEN 1 END FROM users"), Action::kExecute, "public.eq_hook"));
  CHECK(Needs(One("SELECT nullif(code, code_n) FROM users"), Action::kExecute, "public.eq_hook"));
  CHECK(Needs(One("SELECT code IN (SELECT code_n FROM users) FROM users"), Action::kExecute, "public.eq_hook"));
  CHECK_FALSE(NeedsAny(One("SELECT name = 'x', name = code, id = 1 FROM users"), Action::kExecute));
  CHECK_FALSE(NeedsAny(One("SELECT code OPERATOR(pg_catalog.=) 'x' FROM users"), Action::kExecute));
}

TEST_CASE("polymorphic parameters that cannot agree on a type rule a candidate out") {
  const auto type_of = [](const std::string& expression) {
    return One("SELECT " + expression + " FROM users").outputs.at(0).type;
  };
  CHECK(type_of("ARRAY['a'::text] || ARRAY['b'::text]") == ShopCatalog().TypeByOid(oids::kText)->array);
  CHECK(type_of("ARRAY['a'::text] || 'b'::text") == ShopCatalog().TypeByOid(oids::kText)->array);
  CHECK(type_of("'a'::text || ARRAY['b'::text]") == ShopCatalog().TypeByOid(oids::kText)->array);
  // Both can be made into the other: the first one stays. A default counts before what stands behind WHEN.
  CHECK(type_of("ARRAY['a'::varchar, 'b'::text]") == ShopCatalog().TypeByOid(oids::kVarchar)->array);
  CHECK(type_of("CASE WHEN true THEN 'a'::varchar ELSE 'b'::text END") == oids::kText);
  CHECK(type_of("coalesce(1, 2.5)") == oids::kNumeric);
  CHECK(type_of("coalesce(1, 'x'::text)") == 0);
}

TEST_CASE("what a primary key among the keys determines tells no rows apart", "[masking]") {
  const auto decides = [](const std::string& sql, const char* table, const char* column) {
    const Relation* const relation = ShopCatalog().FindRelation(ShopCatalog().FindSchema("public"), table);
    const ColumnId id{relation->oid, relation->FindColumn(column)->attnum};
    const Statement statement = One(sql);
    return std::find(statement.predicates.begin(), statement.predicates.end(), id) != statement.predicates.end();
  };
  for (const char* sql :
       {"SELECT id, email, count(*) FROM users GROUP BY id, email", "SELECT id, email FROM users GROUP BY email, id",
        "SELECT u.id, u.email, sum(o.total) FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id, u.email",
        "SELECT id, email, count(*) FROM users GROUP BY 1, 2", "SELECT email AS e, id FROM users GROUP BY e, id",
        "SELECT DISTINCT id, email FROM users", "SELECT DISTINCT u.email, u.id FROM users u, orders o",
        "SELECT 1 FROM users AS u (a, b, c) GROUP BY a, c"}) {
    CAPTURE(sql);
    CHECK_FALSE(decides(sql, "users", "email"));
  }
  for (const char* sql :
       {"SELECT email, count(*) FROM users GROUP BY email", "SELECT email, name FROM users GROUP BY email, name",
        // Another instance of the table has another key.
        "SELECT a.id, b.email FROM users a, users b GROUP BY a.id, b.email",
        "SELECT u.id + 0, u.email FROM users u GROUP BY u.id + 0, u.email",
        "SELECT id, lower(email) FROM users GROUP BY id, lower(email)",
        // Keys of their own.
        "SELECT id, email, count(*) FROM users GROUP BY ROLLUP (email, id)",
        "SELECT id, email, count(*) FROM users GROUP BY CUBE (id, email)",
        "SELECT id, email, count(*) FROM users GROUP BY GROUPING SETS ((id), (email))",
        "SELECT email FROM users GROUP BY GROUPING SETS (id), email",
        "SELECT q.id, q.email FROM (SELECT id, email FROM users) q GROUP BY q.id, q.email",
        "WITH q AS (SELECT id, email FROM users) SELECT 1 FROM q a, q b GROUP BY a.id, b.email",
        "SELECT DISTINCT ON (id, email) name FROM users", "SELECT DISTINCT email FROM users",
        "SELECT DISTINCT id, email || '' FROM users", "SELECT id, email FROM users UNION SELECT id, email FROM users",
        "SELECT id, email FROM users ORDER BY id, email",
        "SELECT (SELECT u.email FROM orders o WHERE o.id = 1 GROUP BY o.id, u.email) FROM users u"}) {
    CAPTURE(sql);
    CHECK(decides(sql, "users", "email"));
  }
  // A key of two columns, one of them given; a table that others inherit from; the key itself.
  CHECK(decides("SELECT order_id, sku FROM order_lines GROUP BY order_id, sku", "order_lines", "sku"));
  CHECK_FALSE(decides("SELECT sku FROM order_lines GROUP BY order_id, line, sku", "order_lines", "sku"));
  CHECK(decides("SELECT id, ssn FROM keyed GROUP BY id, ssn", "keyed", "ssn"));
  CHECK(decides("SELECT id, note FROM late_key GROUP BY id, note", "late_key", "note"));
  CHECK(decides("SELECT id, email FROM users GROUP BY id, email", "users", "id"));
}

TEST_CASE("an extension that only computes is no user function") {
  const SessionContext session{.role = "x", .search_path = {"public", "crm"}};
  CHECK_FALSE(NeedsAny(One("SELECT mail = 'x', replace(mail, 'a', 'b'), lower(mail) FROM crm.mails", session),
                       Action::kExecute));
  CHECK_FALSE(NeedsAny(One("SELECT replace(name, 'a', 'b'), name = 'x' FROM users", session), Action::kExecute));
}

TEST_CASE("the temporary schema comes first for tables and never for functions") {
  CHECK(Needs(One("SELECT * FROM pg_temp.nosuch"), Action::kUnknown, "*"));
  CHECK(Needs(One("CREATE TEMP TABLE users (id int)"), Action::kDdl, "pg_temp.users"));
  CHECK(Needs(One("SELECT 1 INTO x"), Action::kDdl, "public.x"));
  CHECK(Needs(One("SELECT 1 INTO x", {.role = "r", .search_path = {"crm", "public"}}), Action::kDdl, "crm.x"));
}

TEST_CASE("settings are harmless, pinned, names or admin") {
  CHECK(ClassifySetting("DateStyle") == SettingClass::kHarmless);
  CHECK(ClassifySetting("search_path") == SettingClass::kNames);
  CHECK(ClassifySetting("Standard_Conforming_Strings") == SettingClass::kPinned);
  for (const char* name : {"role", "session_authorization", "session_replication_role", "row_security", "app.user",
                           "local_preload_libraries", "dynamic_library_path", "log_statement", "lo_compat_privileges",
                           "allow_in_place_tablespaces", "nosuch", "zero_damaged_pages", "default_tablespace"}) {
    INFO(name);
    CHECK(ClassifySetting(name) == SettingClass::kAdmin);
  }
  CHECK(IsPinnedValue("client_encoding", "UTF8"));
  CHECK_FALSE(IsPinnedValue("client_encoding", "SJIS"));
  CHECK_FALSE(IsPinnedValue("client_encoding", ""));
  CHECK_FALSE(IsPinnedValue("datestyle", "utf8"));
  CHECK_FALSE(IsHarmlessValue("client_min_messages", "DEBUG1"));
  CHECK(IsHarmlessValue("client_min_messages", "Warning"));
}

TEST_CASE("a search_path value reads as the server reads it") {
  std::vector<std::string> path;
  CHECK(ParseSearchPath("\"$user\", Public,\"a\"\"b\"", &path));
  CHECK(path == std::vector<std::string>{"$user", "public", "a\"b"});
  path.clear();
  CHECK(ParseSearchPath("", &path));
  CHECK(path.empty());
  CHECK_FALSE(ParseSearchPath("a,,b", &path));
  CHECK_FALSE(ParseSearchPath("\"a", &path));
  CHECK_FALSE(ParseSearchPath("a b", &path));
}

TEST_CASE("a cache key tells every context apart") {
  const SessionContext base{.role = "r", .search_path = {"a", "b"}, .temp_schema = "pg_temp_3"};
  const std::string key = FactsCacheKey("db", base, 7);
  CHECK(key == FactsCacheKey("db", base, 7));
  CHECK(key != FactsCacheKey("db", base, 8));
  CHECK(key != FactsCacheKey("db2", base, 7));
  SessionContext other = base;
  other.search_path = {"a,b"};
  CHECK(key != FactsCacheKey("db", other, 7));
  other = base;
  other.role = "r2";
  CHECK(key != FactsCacheKey("db", other, 7));
  other = base;
  other.temp_schema.clear();
  CHECK(key != FactsCacheKey("db", other, 7));
  other = base;
  other.parameter_types = {25};
  CHECK(key != FactsCacheKey("db", other, 7));
}

}  // namespace
}  // namespace chaperone::sql
