// `max_affected_rows`: the attacks are written as what a client sends and a server answers.
#include <catch2/catch.hpp>

#include "dataplane/session/limits_testing.h"

namespace chaperone::session {
namespace {

constexpr std::string_view kTwoRows = R"(statements:
  - {id: read, effect: allow, actions: [read], resources: ["public.*", "pg_catalog.*"]}
  - {id: few, effect: allow, actions: [insert, update, delete], resources: ["public.open_t"], when: {max_affected_rows: 2}}
  - {id: free, effect: allow, actions: [insert, update, delete], resources: ["public.orders"]}
)";
constexpr std::string_view kUpdate = "UPDATE open_t SET name = 'x'";

void OpenBlock(LimitsRig& rig) {
  rig.Client(Query("BEGIN"));
  rig.Server(Complete("BEGIN") + Ready('T'));
}

TEST_CASE("outside of a block a bounded statement runs in a block of the sidecar's own, and stands within the bound") {
  for (const char* tag : {"UPDATE 0", "UPDATE 1", "UPDATE 2"}) {
    LimitsRig rig(kTwoRows);
    INFO(tag);
    CHECK(rig.Client(Query(kUpdate)) == "server: Q(BEGIN)");
    // The statement is not sent before it is certain that it can be undone.
    CHECK(rig.Server(Complete("BEGIN")) == "");
    CHECK(rig.Server(Ready('T')) == "server: Q(UPDATE open_t SET name = 'x')");
    CHECK(rig.Server(Complete(tag) + Ready('T')) == "server: Q(COMMIT)");
    CHECK(rig.Server(Complete("COMMIT") + Ready('I')) == fmt::format("client: C({}) Z(I)", tag));
    CHECK(rig.conversation().transaction() == wire::postgres::TransactionStatus::kIdle);
    CHECK_FALSE(rig.conversation().busy());
  }
}

TEST_CASE("past the bound everything is undone, and client and server agree that no block is open", "[fail-closed]") {
  LimitsRig rig(kTwoRows);
  rig.Client(Query(kUpdate));
  rig.Server(Complete("BEGIN") + Ready('T'));
  CHECK(rig.Server(Complete("UPDATE 3") + Ready('T')) == "server: Q(ROLLBACK)");
  CHECK(rig.Server(Complete("ROLLBACK") + Ready('I')) == "client: E(ZC003) Z(I)");
  const std::string told = rig.ClientBytes();
  CHECK(told.find("max_affected_rows = 2") != std::string::npos);
  CHECK(told.find("test/few") != std::string::npos);
  CHECK(told.find("3 rows") != std::string::npos);
  CHECK(told.find("Narrow the WHERE") != std::string::npos);
  // The session goes on.
  CHECK(rig.Client(Query("SELECT 1")) == "server: Q(SELECT 1)");
}

TEST_CASE("nothing of the client's runs while a bounded statement is not settled", "[fail-closed]") {
  LimitsRig rig(kTwoRows);
  CHECK(rig.Client(Query(kUpdate) + Query("COMMIT") + Query("SELECT 1")) == "server: Q(BEGIN)");
  rig.Server(Complete("BEGIN") + Ready('T'));
  CHECK(rig.Server(Complete("UPDATE 9") + Ready('T')) == "server: Q(ROLLBACK)");
  CHECK(rig.Server(Complete("ROLLBACK") + Ready('I')) == "client: E(ZC003) Z(I) then server: Q(COMMIT)");
}

TEST_CASE("a BEGIN that is cancelled or times out keeps the statement from running", "[fail-closed]") {
  LimitsRig rig(kTwoRows);
  rig.Client(Query(kUpdate));
  CHECK(rig.Server(Failed("57014")) == "client: E(57014)");
  CHECK(rig.Server(Ready('I')) == "client: Z(I)");
  CHECK_FALSE(rig.conversation().busy());
}

TEST_CASE("a COMMIT or ROLLBACK that is cancelled is followed by another ROLLBACK", "[fail-closed]") {
  LimitsRig rig(kTwoRows);
  rig.Client(Query(kUpdate));
  rig.Server(Complete("BEGIN") + Ready('T'));
  rig.Server(Complete("UPDATE 1") + Ready('T'));
  CHECK(rig.Server(Failed("57014") + Ready('E')) == "server: Q(ROLLBACK) client: E(57014)");
  CHECK(rig.Server(Complete("ROLLBACK") + Ready('I')) == "client: Z(I)");

  rig.Client(Query(kUpdate));
  rig.Server(Complete("BEGIN") + Ready('T'));
  rig.Server(Complete("UPDATE 5") + Ready('T'));
  for (int i = 0; i < RowGuard::kRollbacksMax - 1; ++i) {
    CHECK(rig.Server(Failed("57014") + Ready('E')) == "server: Q(ROLLBACK)");
  }
  CHECK(rig.Server(Complete("ROLLBACK") + Ready('I')) == "client: E(ZC003) Z(I)");

  rig.Client(Query(kUpdate));
  rig.Server(Complete("BEGIN") + Ready('T'));
  rig.Server(Complete("UPDATE 5") + Ready('T'));
  for (int i = 0; i < RowGuard::kRollbacksMax; ++i) {
    rig.Server(Failed("57014") + Ready('E'));
  }
  CHECK(rig.conversation().ending() != nullptr);
}

TEST_CASE("a deferred constraint fails a bounded statement at its end, as it does without the sidecar") {
  LimitsRig rig(kTwoRows);
  rig.Client(Query(kUpdate));
  rig.Server(Complete("BEGIN") + Ready('T'));
  rig.Server(Complete("UPDATE 1") + Ready('T'));
  CHECK(rig.Server(Failed("23503") + Ready('I')) == "client: E(23503) Z(I)");
}

TEST_CASE("an error of the statement's own closes the sidecar's block") {
  LimitsRig rig(kTwoRows);
  rig.Client(Query(kUpdate));
  rig.Server(Complete("BEGIN") + Ready('T'));
  CHECK(rig.Server(Failed("23505") + Ready('E')) == "server: Q(ROLLBACK) client: E(23505)");
  CHECK(rig.Server(Complete("ROLLBACK") + Ready('I')) == "client: Z(I)");
}

TEST_CASE("inside the client's block too many changes make the block fail", "[fail-closed]") {
  LimitsRig rig(kTwoRows);
  OpenBlock(rig);
  CHECK(rig.Client(Query(kUpdate)) == "server: Q(UPDATE open_t SET name = 'x')");
  CHECK(rig.Server(Complete("UPDATE 2") + Ready('T')) == "client: C(UPDATE 2) Z(T)");
  CHECK(rig.Client(Query(kUpdate) + Query("COMMIT")) == "server: Q(UPDATE open_t SET name = 'x')");
  CHECK(rig.Server(Complete("UPDATE 3") + Ready('T')) == "server: Q(chaperone_refused)");
  CHECK(rig.Server(Failed("42601") + Ready('E')) == "client: E(ZC003) Z(E) then server: Q(COMMIT)");
  CHECK(rig.conversation().transaction() == wire::postgres::TransactionStatus::kFailed);
}

TEST_CASE("a pipelined BEGIN is waited for before a bounded statement is sent", "[fail-closed]") {
  LimitsRig rig(kTwoRows);
  CHECK(rig.Client(Query("BEGIN") + Query(kUpdate) + Query("COMMIT")) == "server: Q(BEGIN)");
  CHECK(rig.Server(Complete("BEGIN") + Ready('T')) ==
        "client: C(BEGIN) Z(T) then server: Q(UPDATE open_t SET name = 'x')");
  CHECK(rig.Server(Complete("UPDATE 3") + Ready('T')) == "server: Q(chaperone_refused)");
}

TEST_CASE("in the extended protocol the Sync waits for the count, and past the bound the round fails",
          "[fail-closed]") {
  LimitsRig rig(kTwoRows);
  const std::string sent = fmt::format("server: P({}) B E H", kUpdate);
  CHECK(rig.Client(RunText(kUpdate) + Sync()) == sent);
  const std::string bound = Message("1") + Message("2");
  CHECK(rig.Server(bound + Complete("UPDATE 2")) == "client: 1 2 C(UPDATE 2) then server: S");
  CHECK(rig.Server(Ready('I')) == "client: Z(I)");

  CHECK(rig.Client(RunText(kUpdate) + Sync()) == sent);
  CHECK(rig.Server(bound + Complete("UPDATE 3")) == "server: B H client: 1 2");
  CHECK(rig.Server(Failed("26000")) == "client: E(ZC003) then server: S");
  CHECK(rig.Server(Ready('I')) == "client: Z(I)");
}

TEST_CASE("what is pipelined behind a bounded Execute waits, COMMIT included", "[fail-closed]") {
  LimitsRig rig(kTwoRows);
  OpenBlock(rig);
  rig.Client(RunText(kUpdate) + RunText("COMMIT") + Sync());
  CHECK(rig.Server(Message("1") + Message("2") + Complete("UPDATE 30")) == "server: B H client: 1 2");
  // The server skips to the Sync, and so do we: the COMMIT never gets there.
  CHECK(rig.Server(Failed("26000")) == "client: E(ZC003) then server: S");
  CHECK(rig.Server(Ready('E')) == "client: Z(E)");
}

TEST_CASE("rows that come back count as nothing; the command tag does") {
  LimitsRig rig(kTwoRows);
  rig.Client(Query("INSERT INTO open_t (id) VALUES (1) RETURNING id"));
  rig.Server(Complete("BEGIN") + Ready('T'));
  CHECK(rig.Server(Columns() + Row("1")) == "client: T D");
  CHECK(rig.Server(Complete("INSERT 0 3") + Ready('T')) == "server: Q(ROLLBACK)");
  CHECK(rig.Server(Complete("ROLLBACK") + Ready('I')) == "client: E(ZC003) Z(I)");
}

TEST_CASE("each statement of a text is counted, and one that exceeds undoes them all", "[fail-closed]") {
  LimitsRig rig(kTwoRows);
  rig.Client(Query("UPDATE orders SET note = 'a'; UPDATE open_t SET name = 'b'; SELECT 1"));
  rig.Server(Complete("BEGIN") + Ready('T'));
  CHECK(rig.Server(Complete("UPDATE 2")) == "client: C(UPDATE 2)");
  CHECK(rig.Server(Complete("UPDATE 3") + Columns() + Row("1") + Complete("SELECT 1") + Ready('T')) ==
        "server: Q(ROLLBACK)");
  CHECK(rig.Server(Complete("ROLLBACK") + Ready('I')) == "client: E(ZC003) Z(I)");
}

TEST_CASE("what cannot be counted or undone is refused with what to do instead", "[fail-closed]") {
  struct Case {
    const char* text;
    const char* words;
  };
  const Case cases[] = {
      {"WITH d AS (DELETE FROM open_t RETURNING id) SELECT count(*) FROM d", "statement of its own"},
      {"WITH d AS (DELETE FROM open_t RETURNING id) INSERT INTO orders (id) SELECT id FROM d", "statement of its own"},
      {"EXPLAIN ANALYZE DELETE FROM open_t", "Leave ANALYZE out"},
      {"UPDATE open_t SET name = 'x'; COMMIT", "messages of their own"},
      {"BEGIN; DELETE FROM open_t; COMMIT", "messages of their own"},
      {"DELETE FROM open_t; ROLLBACK AND CHAIN; SELECT 1", "messages of their own"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    LimitsRig rig(kTwoRows);
    CHECK(rig.Client(Query(c.text)) == "server: Q(chaperone_refused)");
    CHECK(rig.Server(Failed("42601") + Ready('I')) == "client: E(42501) Z(I)");
    const std::string told = rig.ClientBytes();
    CHECK(told.find(c.words) != std::string::npos);
    CHECK(told.find("at most 2 rows") != std::string::npos);
  }
}

TEST_CASE("a bounded statement that was prepared is bounded when it is executed by name", "[fail-closed]") {
  LimitsRig rig(kTwoRows);
  rig.Client(Parse(kUpdate, "u") + Sync());
  rig.Server(Message("1") + Ready('I'));
  CHECK(rig.Client(Query("EXECUTE u")) == "server: Q(BEGIN)");
  CHECK(rig.Server(Complete("BEGIN") + Ready('T')) == "server: Q(EXECUTE u)");
  CHECK(rig.Server(Complete("UPDATE 3") + Ready('T')) == "server: Q(ROLLBACK)");
  CHECK(rig.Server(Complete("ROLLBACK") + Ready('I')) == "client: E(ZC003) Z(I)");
  for (const char* text : {"EXPLAIN ANALYZE EXECUTE u", "EXECUTE u; COMMIT", "BEGIN; EXECUTE u; COMMIT"}) {
    INFO(text);
    CHECK(rig.Client(Query(text)) == "server: Q(chaperone_refused)");
    CHECK(rig.Server(Failed("42601") + Ready('I')) == "client: E(42501) Z(I)");
  }
  CHECK(rig.Client(Parse("EXECUTE u", "") + Bind() + Execute() + Sync()) == "server: P(EXECUTE u) B D E H");
  // What u is is asked again when it is executed.
  CHECK(rig.Server(Message("1") + Message("2") + Message("n") + Complete("UPDATE 7")) == "server: B H client: 1 2");
  CHECK(rig.Server(Failed("26000")) == "client: E(ZC003) then server: S");
}

TEST_CASE("a portal that changes rows is not read in parts, neither by Execute nor by FETCH", "[fail-closed]") {
  LimitsRig rig(kTwoRows);
  constexpr std::string_view kReturning = "UPDATE open_t SET name = 'x' RETURNING id";
  rig.Client(Parse(kReturning) + Bind("", "p") + Execute(1, "p") + Sync());
  rig.Server(Message("1") + Message("2"));
  CHECK(rig.Server(Failed("34000") + Ready('I')) == "client: E(42501) Z(I)");
  // Without rows to return there is nothing to read in parts: some drivers always name a number.
  CHECK(rig.Client(Parse(kUpdate) + Bind() + Execute(1)) == fmt::format("server: P({}) B E H", kUpdate));
  rig.Server(Message("1") + Message("2") + Complete("UPDATE 1"));
  rig.Client(Sync());
  rig.Server(Ready('I'));

  OpenBlock(rig);
  rig.Client(Parse(kReturning) + Bind("", "p") + Sync());
  rig.Server(Message("1") + Message("2") + Ready('T'));
  CHECK(rig.Client(Query("FETCH 1 FROM p")) == "server: Q(chaperone_refused)");
}

TEST_CASE("COPY from the client is counted like an INSERT", "[fail-closed]") {
  constexpr std::string_view kCopy = "COPY open_t (id) FROM STDIN";
  const std::string in("G\0\0\0\x9\0\0\x1\0\0", 10);
  const std::string data(
      "d\0\0\0\x6"
      "1\n",
      7);
  const std::string done("c\0\0\0\x4", 5);
  for (const bool fits : {true, false}) {
    LimitsRig rig(kTwoRows);
    CHECK(rig.Client(Query(kCopy) + data + data + done + Query("SELECT 1")) == "server: Q(BEGIN)");
    CHECK(rig.Server(Complete("BEGIN") + Ready('T')) == fmt::format("server: Q({})", kCopy));
    // What comes behind the CopyDone waits again.
    CHECK(rig.Server(in) == "client: G then server: d d c");
    CHECK(rig.Server(Complete(fits ? "COPY 2" : "COPY 3") + Ready('T')) ==
          (fits ? "server: Q(COMMIT)" : "server: Q(ROLLBACK)"));
    CHECK(
        rig.Server(Complete(fits ? "COMMIT" : "ROLLBACK") + Ready('I')) ==
        (fits ? "client: C(COPY 2) Z(I) then server: Q(SELECT 1)" : "client: E(ZC003) Z(I) then server: Q(SELECT 1)"));
  }
  LimitsRig rig(kTwoRows);
  rig.Client(Query(kCopy));
  rig.Server(Complete("BEGIN") + Ready('T'));
  rig.Server(in);
  // Anything else within the COPY ends it; the client's next message waits until nothing of it stands.
  CHECK(rig.Client(data + Query("SELECT 1")) == "server: d f");
  CHECK(rig.Server(Failed("57014") + Ready('E')) == "server: Q(ROLLBACK) client: E(57014)");
  CHECK(rig.Server(Complete("ROLLBACK") + Ready('I')) == "client: Z(I) then server: Q(SELECT 1)");

  LimitsRig extended(kTwoRows);
  CHECK(extended.Client(RunText(kCopy) + data + done + Sync()) == fmt::format("server: P({}) B E H", kCopy));
  CHECK(extended.Server(Message("1") + Message("2") + in) == "client: 1 2 G then server: d c H");
  CHECK(extended.Server(Complete("COPY 5")) == "server: B H");
  CHECK(extended.Server(Failed("26000")) == "client: E(ZC003) then server: S");
}

TEST_CASE("where a statement has no bound nothing is added to the conversation") {
  LimitsRig rig(kTwoRows);
  CHECK(rig.Client(Query("DELETE FROM orders") + Query("SELECT id FROM open_t") + RunText("DELETE FROM orders") +
                   Sync()) == "server: Q(DELETE FROM orders) Q(SELECT id FROM open_t) P(DELETE FROM orders) B E S");
}

}  // namespace
}  // namespace chaperone::session
