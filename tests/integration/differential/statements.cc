#include "tests/integration/differential/statements.h"

#include <fmt/format.h>

namespace chaperone::differential {
namespace {

uint64_t Id(Dice* dice) { return 1 + dice->Roll(30); }

std::string Read(Dice* dice) {
  switch (dice->Roll(8)) {
    case 0:
      return "SELECT * FROM diff_t ORDER BY id";
    case 1:
      return fmt::format("SELECT id, b FROM diff_t WHERE id <= {} ORDER BY id", Id(dice));
    case 2:
      return "SELECT count(*), sum(a), max(c) FROM diff_t";
    case 3:
      return fmt::format("WITH q AS (SELECT id, a FROM diff_t WHERE a > {}) SELECT * FROM q ORDER BY id", Id(dice));
    case 4:
      return fmt::format("SELECT g, repeat('x', g) FROM generate_series(1, {}) g", Id(dice));
    case 5:
      return "SELECT t.id, u.id FROM diff_t t JOIN diff_t u ON u.id = t.a ORDER BY 1, 2 LIMIT 7";
    case 6:
      return "VALUES (1, 'one', NULL), (2, 'two', 'x')";
    default:
      return "TABLE diff_t ORDER BY id LIMIT 3";
  }
}

std::string Write(Dice* dice) {
  switch (dice->Roll(6)) {
    case 0:
      return fmt::format("INSERT INTO diff_t VALUES ({}, {}, 'new', 1.50, '\\x00ff')", Id(dice), Id(dice));
    case 1:
      return fmt::format("UPDATE diff_t SET a = a + 1, b = b || '.' WHERE id = {} RETURNING id, a", Id(dice));
    case 2:
      return fmt::format("DELETE FROM diff_t WHERE id = {}", Id(dice));
    case 3:
      return fmt::format("INSERT INTO diff_t (id, a) VALUES ({}, 0) ON CONFLICT (id) DO UPDATE SET a = 7 RETURNING *",
                         Id(dice));
    case 4:
      return fmt::format("WITH w AS (DELETE FROM diff_t WHERE id = {} RETURNING id) SELECT count(*) FROM w", Id(dice));
    default:
      return fmt::format("UPDATE diff_t SET c = c * 2 WHERE id BETWEEN {} AND 30", Id(dice));
  }
}

std::string Forbidden(Dice* dice) {
  return std::string(dice->Pick({
      "SELECT * FROM forbidden ORDER BY id",
      "DELETE FROM forbidden WHERE id = 1",
      "INSERT INTO forbidden VALUES (99, 'x')",
      "UPDATE forbidden SET secret = 'y' WHERE id = 2 RETURNING *",
      "WITH w AS (DELETE FROM forbidden WHERE id = 3 RETURNING id) SELECT * FROM w",
      "SELECT t.id FROM diff_t t JOIN forbidden f ON f.id = t.id ORDER BY 1",
      "SELECT 1 WHERE EXISTS (SELECT 1 FROM forbidden)",
      "COPY (SELECT * FROM forbidden ORDER BY id) TO STDOUT",
      "COPY (SELECT secret FROM forbidden ORDER BY id) TO STDOUT",
      "DECLARE c1 CURSOR FOR SELECT * FROM forbidden ORDER BY id",
      "PREPARE q1 AS SELECT * FROM forbidden ORDER BY id",
      "EXPLAIN (COSTS OFF) SELECT * FROM forbidden",
      "INSERT INTO diff_t SELECT id + 100, 0, secret, 0, '' FROM forbidden",
  }));
}

std::string Failing(Dice* dice) {
  return std::string(dice->Pick({
      "SELECT 1 / (id - id) FROM diff_t",
      "SELECT 1/0",
      "INSERT INTO diff_t (id) VALUES (1), (1)",
      "SELECT 'x'::int",
      "INSERT INTO diff_t (id, a) VALUES (NULL, 1)",
      "SELECT a FROM diff_t WHERE id = 'one'",
      "SELECT to_char(now(), 'YYYY')::int - 9999999999",
  }));
}

std::string Transaction(Dice* dice) {
  return std::string(dice->Pick({
      "BEGIN",
      "BEGIN",
      "BEGIN",
      "COMMIT",
      "COMMIT",
      "ROLLBACK",
      "ROLLBACK",
      "START TRANSACTION READ ONLY",
      "BEGIN ISOLATION LEVEL REPEATABLE READ",
      "COMMIT AND CHAIN",
      "ROLLBACK AND CHAIN",
      "SAVEPOINT one",
      "SAVEPOINT one",
      "SAVEPOINT two",
      "ROLLBACK TO one",
      "ROLLBACK TO SAVEPOINT two",
      "RELEASE one",
      "END",
      "ABORT",
  }));
}

std::string Named(Dice* dice) {
  switch (dice->Roll(9)) {
    case 0:
      return fmt::format("PREPARE {} (int) AS SELECT id, b FROM diff_t WHERE id < $1 ORDER BY id",
                         dice->Pick({"q1", "q2"}));
    case 1:
    case 2:
      return fmt::format("EXECUTE {}({})", dice->Pick({"q1", "q2"}), Id(dice));
    case 3:
      return fmt::format("DEALLOCATE {}", dice->Pick({"q1", "q2", "s1", "ALL"}));
    case 4:
      return fmt::format("DECLARE {} {}CURSOR FOR {}", dice->Pick({"c1", "c2"}), dice->Pick({"", "SCROLL ", "BINARY "}),
                         "SELECT id, a FROM diff_t ORDER BY id");
    case 5:
    case 6:
      return fmt::format("FETCH {} FROM {}", dice->Pick({"1", "5", "ALL", "FORWARD 2", "0"}), dice->Pick({"c1", "c2"}));
    case 7:
      return fmt::format("MOVE {} IN {}", dice->Pick({"2", "FORWARD ALL"}), dice->Pick({"c1", "c2"}));
    default:
      return fmt::format("CLOSE {}", dice->Pick({"c1", "c2", "ALL"}));
  }
}

std::string Setting(Dice* dice) {
  return std::string(dice->Pick({"SHOW TimeZone", "SET TimeZone = 'UTC'", "SET LOCAL statement_timeout = '10s'",
                                 "SET application_name = 'differential'", "SET extra_float_digits = 2",
                                 "RESET application_name", "SHOW transaction_isolation"}));
}

std::string CopyOut(Dice* dice) {
  return std::string(dice->Pick({"COPY (SELECT * FROM diff_t ORDER BY id) TO STDOUT",
                                 "COPY (SELECT id, b FROM diff_t ORDER BY id) TO STDOUT (FORMAT csv)",
                                 "COPY (SELECT a FROM diff_t ORDER BY id) TO STDOUT (FORMAT binary)"}));
}

std::string One(Dice* dice) {
  const uint64_t kind = dice->Roll(100);
  if (kind < 24) return Read(dice);
  if (kind < 40) return Write(dice);
  if (kind < 52) return Forbidden(dice);
  if (kind < 60) return Failing(dice);
  if (kind < 80) return Transaction(dice);
  if (kind < 92) return Named(dice);
  if (kind < 96) return Setting(dice);
  return CopyOut(dice);
}

}  // namespace

std::string SimpleStatement(Dice* dice) {
  if (dice->Percent(3)) return std::string(dice->Pick({"", ";", " -- nothing", ";;"}));
  std::string sql = One(dice);
  const uint64_t more = dice->Percent(25) ? 1 + dice->Roll(3) : 0;
  for (uint64_t i = 0; i < more; ++i) {
    sql += "; ";
    sql += One(dice);
  }
  return sql;
}

Prepared PreparedStatement(Dice* dice) {
  const std::string id = std::to_string(Id(dice));
  Prepared out;
  switch (dice->Roll(9)) {
    case 0:
      out = {"SELECT id, a, b, c, d FROM diff_t WHERE id < $1 ORDER BY id", {id}};
      break;
    case 1:
      out = {"SELECT $1::int + $2::int AS sum, $3::text", {id, "2", std::nullopt}};
      break;
    case 2:
      out = {"INSERT INTO diff_t (id, a, b) VALUES ($1, $2, $3) RETURNING id", {id, "5", "from bind"}};
      break;
    case 3:
      out = {"UPDATE diff_t SET b = $2 WHERE id = $1", {id, "changed"}};
      break;
    case 4:
      out = {"SELECT g FROM generate_series(1, $1::int) g", {id}};
      break;
    case 5:
      out = {"SELECT 10 / ($1::int - 3)", {std::to_string(dice->Roll(6))}};
      break;
    case 6:
      out = {"SELECT id FROM forbidden WHERE id = $1", {id}};
      break;
    default:
      out = {One(dice), {}};
      break;
  }
  if (!out.values.empty() && dice->Percent(4)) out.values.pop_back();
  if (!out.values.empty() && dice->Percent(4)) out.values[0] = "not a number";
  return out;
}

std::string CopyInStatement(Dice* dice) {
  return std::string(
      dice->Pick({"COPY diff_t (id, a, b) FROM STDIN", "COPY diff_t (id, a, b) FROM STDIN",
                  "COPY diff_t (id, a, b) FROM STDIN (FORMAT csv, DELIMITER E'\\t')", "COPY forbidden FROM STDIN"}));
}

std::string CopyRows(Dice* dice) {
  std::string rows;
  const uint64_t count = dice->Roll(4);
  for (uint64_t i = 0; i < count; ++i) {
    rows += dice->Percent(8) ? "not a number\t1\tx\n" : fmt::format("{}\t{}\tcopied\n", 40 + dice->Roll(60), Id(dice));
  }
  return rows;
}

}  // namespace chaperone::differential
