#include "dataplane/session/quota.h"

#include <catch2/catch.hpp>
#include <thread>

#include "dataplane/session/limits_testing.h"

namespace chaperone::session {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const QuotaAccount::Time kStart{hours(1000)};

TEST_CASE("an account gives out what its limit holds, and no more", "[fail-closed]") {
  QuotaAccount account(hours(1));
  CHECK(account.Take(Measure::kRows, 60, 100, kStart).amount == 60);
  CHECK(account.Take(Measure::kRows, 60, 100, kStart).amount == 40);
  CHECK(account.Take(Measure::kRows, 1, 100, kStart).amount == 0);
  CHECK(account.Take(Measure::kBytes, 1, 100, kStart).amount == 1);
  // Another policy's limit on the same account.
  CHECK(account.Take(Measure::kRows, 50, 120, kStart).amount == 20);
  CHECK(account.Take(Measure::kRows, 50, 90, kStart).amount == 0);
}

TEST_CASE("what the window has left behind is forgotten, a step too late at most and never too early") {
  QuotaAccount account(hours(1));
  account.Take(Measure::kRows, 70, 100, kStart);
  account.Take(Measure::kRows, 30, 100, kStart + minutes(30));
  CHECK(account.Take(Measure::kRows, 1, 100, kStart + minutes(60) - seconds(1)).amount == 0);
  const seconds wait = account.FreeIn(Measure::kRows, 100, kStart + minutes(40));
  CHECK(wait >= minutes(20));
  CHECK(wait <= minutes(21));
  CHECK(account.Take(Measure::kRows, 100, 100, kStart + minutes(40) + wait - seconds(1)).amount == 0);
  CHECK(account.Take(Measure::kRows, 100, 100, kStart + minutes(40) + wait).amount == 70);
  CHECK(account.Used(Measure::kRows, kStart + hours(9)) == 0);
  CHECK(account.FreeIn(Measure::kRows, 100, kStart + hours(9)) == seconds(0));
}

TEST_CASE("what is given back can be taken again, unless it is forgotten already") {
  QuotaAccount account(minutes(1));
  QuotaAccount::Taken taken = account.Take(Measure::kRows, 10, 10, kStart);
  taken.amount = 4;
  account.GiveBack(Measure::kRows, taken);
  CHECK(account.Used(Measure::kRows, kStart) == 6);
  CHECK(account.Used(Measure::kRows, kStart + minutes(5)) == 0);
  account.GiveBack(Measure::kRows, taken);
  CHECK(account.Used(Measure::kRows, kStart + minutes(5)) == 0);
}

policy::Limits PerTask(uint64_t rows, uint64_t statements) {
  policy::Limits limits;
  policy::WindowedQuota quota;
  quota.window = hours(24);
  quota.quota.rows = rows;
  quota.quota.statements = statements;
  limits.per_task.push_back(quota);
  return limits;
}

TEST_CASE("sessions of one task share its quota, exactly; other tasks have their own") {
  QuotaBook book;
  QuotaMeter first, second, other;
  first.SetLimits(PerTask(100, 0), book, "ada", "T-1", kStart);
  second.SetLimits(PerTask(100, 0), book, "bob", "T-1", kStart);
  other.SetLimits(PerTask(100, 0), book, "ada", "T-2", kStart);
  for (int i = 0; i < 30; ++i) {
    REQUIRE(first.Spend(Measure::kRows, 1, kStart));
  }
  first.Settle();
  for (int i = 0; i < 70; ++i) {
    REQUIRE(second.Spend(Measure::kRows, 1, kStart));
  }
  CHECK_FALSE(second.Spend(Measure::kRows, 1, kStart));
  CHECK(second.exhausted().limit == "per_task.rows = 100 in 1d");
  CHECK(second.exhausted().hint.find("has room again in 25 h") != std::string::npos);
  CHECK(second.exhausted().free_in > hours(23));
  CHECK_FALSE(first.Has(Measure::kRows, kStart));
  CHECK(other.Spend(Measure::kRows, 1, kStart));
  // A session without a task has no quota of a task.
  QuotaMeter without;
  without.SetLimits(PerTask(1, 1), book, "ada", "", kStart);
  CHECK(without.empty());
}

TEST_CASE("a quota that one scope refuses is not spent in another") {
  policy::Limits limits = PerTask(5, 0);
  policy::WindowedQuota principal;
  principal.quota.rows = 8;
  limits.per_principal.push_back(principal);
  QuotaBook book;
  QuotaMeter task, free;
  task.SetLimits(limits, book, "ada", "T-1", kStart);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(task.Spend(Measure::kRows, 1, kStart));
  }
  CHECK_FALSE(task.Spend(Measure::kRows, 1, kStart));
  task.Settle();
  free.SetLimits(limits, book, "ada", "", kStart);
  int left = 0;
  while (free.Spend(Measure::kRows, 1, kStart)) {
    ++left;
  }
  CHECK(left == 3);
}

TEST_CASE("many sessions at once never get more than a quota holds", "[fail-closed]") {
  QuotaBook book;
  std::atomic<int> got{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      QuotaMeter meter;
      meter.SetLimits(PerTask(10'000, 0), book, "ada", "T-1", kStart);
      for (int i = 0; i < 20'000; ++i) {
        got += meter.Spend(Measure::kRows, 1, kStart) ? 1 : 0;
        if (i % 37 == 0) {
          meter.Settle();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(got == 10'000);
}

TEST_CASE("past the number of accounts that are kept strangers share one", "[fail-closed]") {
  QuotaBook book(2);
  const auto a = book.AccountOf("a", hours(1), kStart);
  const auto b = book.AccountOf("b", hours(1), kStart);
  a->Take(Measure::kRows, 1, 9, kStart);
  CHECK(book.AccountOf("c", hours(1), kStart) == book.AccountOf("d", hours(1), kStart));
  CHECK(book.AccountOf("a", hours(1), kStart) == a);
}

constexpr std::string_view kBudgets = R"(statements:
  - {id: all, effect: allow, actions: [read, insert, update, delete, session], resources: ["*"]}
limits:
  rows_per_statement: 50
  per_session: {rows: 4}
  per_task: {statements: 3, window: 1h}
)";

std::string SelectOf(LimitsRig& rig, int rows) {
  std::string out = rig.Client(Query("SELECT id FROM open_t"));
  std::string answer = Columns();
  for (int i = 0; i < rows; ++i) {
    answer += Row("1");
  }
  return out + " / " + rig.Server(answer + Complete(fmt::format("SELECT {}", rows)) + Ready('I'));
}

TEST_CASE("a session that has had its rows gets no more, and is told so", "[fail-closed]") {
  QuotaBook book;
  LimitsRig rig(kBudgets, &book, "T-1");
  CHECK(SelectOf(rig, 3) == "server: Q(SELECT id FROM open_t) / client: T D D D C(SELECT 3) Z(I)");
  rig.ClientBytes();
  CHECK(SelectOf(rig, 3) == "server: Q(SELECT id FROM open_t) / client: T D E(ZC003) Z(I)");
  CHECK(rig.cancels == 1);
  const std::string told = rig.ClientBytes();
  CHECK(told.find("per_session.rows = 4") != std::string::npos);
  CHECK(told.find("a new session starts from zero") != std::string::npos);
}

TEST_CASE("a task that has had its statements may only end its transaction, until the window has passed",
          "[fail-closed]") {
  QuotaBook book;
  LimitsRig rig(kBudgets, &book, "T-1");
  CHECK(rig.Client(Query("BEGIN") + Query("SELECT 1") + Query("SELECT 2")) ==
        "server: Q(BEGIN) Q(SELECT 1) Q(SELECT 2)");
  LimitsRig other(kBudgets, &book, "T-1");
  CHECK(other.Client(Query("SELECT 3")) == "server: Q(SELECT 3)");
  CHECK(other.Client(Query("SELECT 4")) == "server: Q(chaperone_refused)");
  other.Server(Columns() + Row("3") + Complete("SELECT 1") + Ready('I'));
  CHECK(other.Server(Failed("42601") + Ready('I')) == "client: E(ZC003) Z(I)");
  const std::string told = other.ClientBytes();
  CHECK(told.find("per_task.statements = 3 in 1h") != std::string::npos);
  CHECK(told.find("has room again in 61 min") != std::string::npos);
  CHECK(told.find("\"retry_after_s\":36") != std::string::npos);
  CHECK(rig.Client(Query("SELECT 5") + Query("ROLLBACK")) == "server: Q(chaperone_refused) Q(ROLLBACK)");
  LimitsRig stranger(kBudgets, &book, "T-2");
  CHECK(stranger.Client(Query("SELECT 6")) == "server: Q(SELECT 6)");
  other.clock.Advance(minutes(62));
  CHECK(other.Client(Query("SELECT 7")) == "server: Q(SELECT 7)");
}

TEST_CASE("values of masked columns are counted as they are delivered", "[fail-closed]") {
  constexpr std::string_view kMasked = R"(statements:
  - {id: all, effect: allow, actions: [read], resources: ["*"]}
masking:
  - {id: found, detect: [us_ssn], method: redact}
limits: {masked_values_per_statement: 2}
)";
  LimitsRig rig(kMasked);
  const std::string secret = Row("078-05-1120");
  rig.Client(Query("SELECT note || '' AS id FROM orders"));
  std::string columns = Columns();
  // text instead of int4
  columns[columns.size() - 9] = 25;
  columns[columns.size() - 8] = '\xff';
  columns[columns.size() - 7] = '\xff';
  const std::string out = rig.Server(columns + secret + secret + secret + Complete("SELECT 3") + Ready('I'));
  INFO(rig.ClientBytes());
  CHECK(out == "client: T D D E(ZC003) Z(I)");
}

}  // namespace
}  // namespace chaperone::session
