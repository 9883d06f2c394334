// The conversation against a model of the server: denials wherever a statement can stand, portals, COPY, pipelines.
#include "dataplane/session/conversation.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/recorder/spool_testing.h"
#include "dataplane/session/conversation_testing.h"
#include "dataplane/session/model_server.h"
#include "dataplane/session/talk_testing.h"
#include "dataplane/wire/postgres/bytes.h"

namespace chaperone::session {
namespace {

namespace pg = wire::postgres;

constexpr std::string_view kDeniedRead = "SELECT phone FROM crm.contacts";

using Texts = std::vector<std::string>;

TEST_CASE("a denied simple query fails in place, and the next one runs") {
  Talk talk;
  CHECK(talk.Say(Q(kDeniedRead)) == "E:42501 ZI");
  CHECK(talk.Sent() == "Q:chaperone_refused");
  CHECK(talk.Say(Q("SELECT 1")) == "T D C:SELECT 1 ZI");
  CHECK(talk.Ran() == Texts{"SELECT 1"});
}

TEST_CASE("one denied statement of several denies them all: none runs") {
  Talk talk;
  CHECK(talk.Say(Q("INSERT INTO open_t VALUES (1); SELECT phone FROM crm.contacts; SELECT 2")) == "E:42501 ZI");
  CHECK(talk.Ran().empty());
}

TEST_CASE("a denial inside a transaction fails the transaction, as any error does") {
  Talk talk;
  CHECK(talk.Say(Q("BEGIN")) == "C:BEGIN ZT");
  CHECK(talk.Say(Q(kDeniedRead)) == "E:42501 ZE");
  CHECK(talk.Say(Q("SELECT 1")) == "E:25P02 ZE");
  CHECK(talk.conversation().transaction() == pg::TransactionStatus::kFailed);
  CHECK(talk.Say(Q("ROLLBACK")) == "C:ROLLBACK ZI");
}

TEST_CASE("a denial inside a failed transaction is a denial still") {
  Talk talk;
  talk.Say(Q("BEGIN") + Q(kDeniedRead));
  CHECK(talk.Say(Q("DELETE FROM crm.contacts")) == "E:42501 ZE");
  CHECK(talk.Say(P("", kDeniedRead) + kSync) == "E:42501 ZE");
  CHECK(talk.Say(Q("ROLLBACK TO a")) == "C:ROLLBACK ZT");
}

TEST_CASE("a denied Parse in the middle of a pipeline skips to its Sync and no further") {
  Talk talk;
  const std::string out = talk.Say(P("", "SELECT 1") + B("", "") + E("") + P("", kDeniedRead) + B("", "") + E("") +
                                   kSync + P("", "SELECT 1") + B("", "") + E("") + kSync);
  CHECK(out == "1 2 D C:SELECT 1 E:42501 ZI 1 2 D C:SELECT 1 ZI");
  CHECK(talk.Ran() == Texts{"SELECT 1", "SELECT 1"});
}

TEST_CASE("a denied Parse leaves the statement of that name as it was, and drops the unnamed one") {
  Talk talk;
  CHECK(talk.Say(P("q1", "SELECT 1") + P("", "SELECT 1") + kSync) == "1 1 ZI");
  CHECK(talk.Say(P("q1", kDeniedRead) + kSync) == "E:42501 ZI");
  CHECK(talk.Say(B("", "q1") + E("") + kSync) == "2 D C:SELECT 1 ZI");
  CHECK(talk.Say(P("", kDeniedRead) + kSync) == "E:42501 ZI");
  CHECK(talk.Say(B("", "") + kSync) == "E:26000 ZI");
}

TEST_CASE("what SQL EXECUTE names is judged, and a name that does not exist fails in the server's words") {
  Talk talk;
  CHECK(talk.Say(Q("PREPARE q1 AS SELECT phone FROM crm.contacts")) == "E:42501 ZI");
  CHECK(talk.Say(Q("EXECUTE q1")) == "E:26000 ZI");
  CHECK(talk.Say(Q("PREPARE q1 AS SELECT name FROM users")) == "C:PREPARE ZI");
  CHECK(talk.Say(Q("SELECT 1; EXECUTE q1; SELECT 2")) == "T D C:SELECT 1 T D C:EXECUTE 1 T D C:SELECT 1 ZI");
  CHECK(talk.Say(Q("SELECT 1; EXECUTE q2; SELECT 2")) == "T D C:SELECT 1 E:26000 ZI");
  CHECK(talk.Say(P("", "EXECUTE q1") + B("", "") + E("") + kSync) == "1 2 D C:EXECUTE 1 ZI");
}

TEST_CASE("EXECUTE runs what was prepared, not what stood beside it in the text") {
  Talk talk;
  CHECK(talk.Say(Q("SET search_path = public; PREPARE q1 AS SELECT 1")) == "C:SET C:PREPARE ZI");
  CHECK(talk.Say(Q("EXECUTE q1; SELECT id FROM users")).find("C:SELECT 1 ZI") != std::string::npos);
  CHECK(talk.Say(Q("PREPARE q2 AS SELECT set_config('search_path', 'crm', false)")) == "C:PREPARE ZI");
  CHECK(talk.Say(Q("EXECUTE q2; SELECT id FROM users")) == "E:42501 ZI");
}

TEST_CASE("a statement that protocol prepares can be executed by SQL, and the other way round") {
  Talk talk;
  CHECK(talk.Say(P("q1", "SELECT name FROM users") + kSync) == "1 ZI");
  CHECK(talk.Say(Q("EXECUTE q1")) == "T D C:EXECUTE 1 ZI");
  CHECK(talk.Say(Q("PREPARE q2 AS SELECT 1")) == "C:PREPARE ZI");
  CHECK(talk.Say(B("", "q2") + D(pg::ObjectKind::kPortal, "") + E("") + kSync).substr(0, 1) == "2");
  CHECK(talk.Say(Q("DEALLOCATE q1")) == "C:DEALLOCATE ZI");
  CHECK(talk.Say(B("", "q1") + kSync) == "E:26000 ZI");
}

TEST_CASE("what EXECUTE returns is described anew: since the client asked, the name may have got another meaning",
          "[fail-closed]") {
  const std::string asked = P("", "EXECUTE q1") + D(pg::ObjectKind::kStatement, "");
  const std::string executed = B("", "") + E("") + kSync;
  for (const TestPolicy policy : {TestPolicy::kPlain, TestPolicy::kMasked, TestPolicy::kDetecting}) {
    Talk talk(policy);
    CHECK(talk.Say(asked + P("q1", "SELECT id FROM users") + executed) == "1 t n 1 2 D C:EXECUTE 1 ZI");
    CHECK(talk.Say(asked + C(pg::ObjectKind::kStatement, "q1") + P("q1", "SELECT name, ssn FROM users") + kSync) ==
          "1 t T 3 1 ZI");
    const std::string rows = talk.SayRaw(executed);
    CHECK(InWords(rows, true) == "2 D C:EXECUTE 1 ZI");
    CHECK((rows.find(ModelServer::kSecret) == std::string::npos) == (policy == TestPolicy::kMasked));
  }
}

TEST_CASE("DEALLOCATE ALL drops every name, and leaves the unnamed statement") {
  Talk talk;
  CHECK(talk.Say(P("", "SELECT id FROM users") + P("s", "SELECT 1") + P("d", "DEALLOCATE ALL") + kSync) == "1 1 1 ZI");
  CHECK(talk.Say(B("", "d") + E("") + kSync) == "2 C:DEALLOCATE ALL ZI");
  CHECK(talk.Say(B("", "") + E("") + kSync) == "2 D C:SELECT 1 ZI");
  CHECK(talk.Say(B("", "s") + E("") + kSync) == "E:26000 ZI");
}

TEST_CASE("the server keeps a cursor's meaning when a second DECLARE fails") {
  Talk talk;
  talk.Say(Q("BEGIN") + Q("DECLARE c1 CURSOR FOR SELECT note FROM orders"));
  CHECK(talk.Say(Q("DECLARE c1 CURSOR FOR SELECT phone FROM crm.contacts")) == "E:42501 ZE");
  CHECK(talk.Say(Q("ROLLBACK")) == "C:ROLLBACK ZI");
  CHECK(talk.Say(Q("FETCH 1 FROM c1")) == "E:34000 ZI");
}

TEST_CASE("a portal with a row limit is suspended, goes on, and ends") {
  Talk talk;
  talk.rows = 5;
  CHECK(talk.Say(P("", "SELECT id FROM users") + B("", "") + E("", 2) + kFlush) == "1 2 D D s");
  CHECK(talk.Say(E("", 2) + kFlush) == "D D s");
  CHECK(talk.Say(E("", 2) + kSync) == "D C:SELECT 1 ZI");
  CHECK(talk.conversation().totals().rows == 5);
}

TEST_CASE("a portal that is not there, or went with its transaction, fails with 34000") {
  Talk talk;
  CHECK(talk.Say(E("nowhere") + kSync) == "E:34000 ZI");
  CHECK(talk.Say(P("", "SELECT 1") + B("c1", "") + kSync) == "1 2 ZI");
  CHECK(talk.Say(E("c1") + kSync) == "E:34000 ZI");
}

TEST_CASE("a portal that would read a cursor which is not there goes with its transaction too") {
  Talk talk;
  CHECK(talk.Say(P("", "MOVE ALL IN c2") + B("p1", "") + E("p1")) == "1 2 E:34000");
  const std::string answers = talk.SayRaw(kSync + E("p1") + kSync);
  CHECK(answers.find("portal \"p1\" does not exist") != std::string::npos);
  CHECK(answers.find("cursor \"c2\" does not exist") == std::string::npos);
}

TEST_CASE("behind a row limit in the extended protocol the client skips to its Sync, over queries too") {
  for (const char* behind : {"SELECT 1", "SELECT phone FROM crm.contacts", "COPY open_t FROM STDIN"}) {
    CAPTURE(behind);
    Talk talk(TestPolicy::kDetecting);
    talk.rows = 7;
    CHECK(talk.Say(P("", "SELECT note FROM orders") + B("", "") + E("") + Q(behind) + kSync) == "1 2 D D D E:ZC003 ZI");
    talk.rows = 1;
    CHECK(talk.Say(Q("SELECT 1")) == "T D C:SELECT 1 ZI");
    CHECK_FALSE(talk.conversation().busy());
  }
}

TEST_CASE("Describe is answered for statements and portals, and fails for names that are not there") {
  Talk talk;
  CHECK(talk.Say(P("q1", "SELECT 1") + D(pg::ObjectKind::kStatement, "q1") + B("", "q1") +
                 D(pg::ObjectKind::kPortal, "") + kSync) == "1 t T 2 T ZI");
  CHECK(talk.Say(D(pg::ObjectKind::kStatement, "q2") + kSync) == "E:26000 ZI");
  CHECK(talk.Say(D(pg::ObjectKind::kPortal, "c1") + kSync) == "E:34000 ZI");
}

TEST_CASE("Close drops a name, and closing what is not there succeeds") {
  Talk talk;
  CHECK(talk.Say(P("q1", "SELECT 1") + C(pg::ObjectKind::kStatement, "q1") + C(pg::ObjectKind::kPortal, "c1") +
                 kSync) == "1 3 3 ZI");
  CHECK(talk.Say(B("", "q1") + kSync) == "E:26000 ZI");
}

TEST_CASE("Flush brings the answers without ending the round") {
  Talk talk;
  CHECK(talk.Say(P("", "SELECT 1") + kFlush) == "1");
  CHECK(talk.Say(B("", "") + E("") + kFlush) == "2 D C:SELECT 1");
  CHECK(talk.Say(kSync) == "ZI");
}

TEST_CASE("the Sync behind a statement that others wait for goes with it, and what follows waits") {
  Talk talk;
  CHECK(talk.Say(Q("BEGIN")) == "C:BEGIN ZT");
  CHECK(talk.Say(P("c", "COMMIT") + P("s", "SET search_path = crm") + P("q", "SELECT id FROM users") + kSync) ==
        "1 1 1 ZT");
  (void)talk.Sent();
  talk.rig().FromClient(B("", "c") + E("") + kSync + B("", "q") + E("") + kSync);
  const std::string first = talk.rig().ToServer();
  // One answer is on its way, and nothing was asked of the server besides.
  CHECK(first == B("", "c") + E("") + kSync);
  CHECK(talk.conversation().pause() == Pause::kBarrier);
  CHECK(talk.rig().ToServer().empty());
  talk.Give(first);
  CHECK(talk.Say("") == "2 C:COMMIT ZI 2 D C:SELECT 1 ZI");
  // Without a Sync close behind, the server is asked for its answers.
  talk.rig().FromClient(B("", "s") + E(""));
  const std::string second = talk.rig().ToServer();
  CHECK(second == B("", "s") + E("") + kFlush);
  talk.Give(second);
  CHECK(talk.Say(kSync) == "2 C:SET ZI");
}

TEST_CASE("an error before the statement that others wait for leaves nothing waiting") {
  Talk talk;
  CHECK(talk.Say(P("c", "COMMIT") + kSync) == "1 ZI");
  CHECK(talk.Say(Q("BEGIN")) == "C:BEGIN ZT");
  talk.fail_next = true;
  CHECK(talk.Say(B("", "c") + E("") + kSync + Q("SELECT 1")) == "E:22P02 ZE E:25P02 ZE");
  CHECK(talk.conversation().pause() == Pause::kNone);
}

TEST_CASE("what names mean is asked for when all before is answered: the transaction may have failed") {
  Talk talk;
  CHECK(talk.Say(Q("BEGIN")) == "C:BEGIN ZT");
  CHECK(talk.Say(Q("SET search_path = public")) == "C:SET ZT");
  CHECK(talk.Say(P("r", "ROLLBACK TO a") + P("q", "SELECT 1") + kSync) == "1 1 ZT");
  talk.fail_next = true;
  CHECK(talk.Say(Q("SELECT 1")) == "E:22012 ZE");
  CHECK(talk.Say(B("", "r") + E("")) == "2 C:ROLLBACK");
  CHECK(talk.Say(kSync + E("")) == "ZT E:55000");
  // Both at once: whether the transaction holds is known when the first Sync is answered.
  CHECK(talk.Say(kSync + B("", "q") + kSync) == "ZE E:25P02 ZE");
  CHECK(talk.EndingState().empty());
}

TEST_CASE("COPY FROM STDIN takes data, and passes over Sync and Flush within it") {
  Talk talk;
  CHECK(talk.Say(Q("COPY open_t FROM STDIN")) == "G");
  CHECK(talk.Say(kData + kSync + kFlush + kData) == "");
  CHECK(talk.Say(kDone) == "C:COPY 1 ZI");
  CHECK(talk.Say(Q("SELECT 1")) == "T D C:SELECT 1 ZI");
}

TEST_CASE("CopyFail ends COPY FROM STDIN with the server's error") {
  Talk talk;
  CHECK(talk.Say(Q("COPY open_t FROM STDIN")) == "G");
  CHECK(talk.Say(kData + kFail) == "E:57014 ZI");
  CHECK(talk.Say(Q("SELECT 1")) == "T D C:SELECT 1 ZI");
}

TEST_CASE("COPY in the extended protocol needs a Sync of its own: those sent before it began are passed over") {
  Talk talk;
  CHECK(talk.Say(P("", "COPY open_t FROM STDIN") + B("", "") + E("") + kSync) == "1 2 G");
  CHECK(talk.Say(kData + kDone) == "C:COPY 1");
  CHECK(talk.Say(kSync) == "ZI");
}

TEST_CASE("a Sync that the server reads after its COPY has failed is answered, one that it reads before is not") {
  Talk talk;
  CHECK(talk.Say(P("", "COPY open_t FROM STDIN") + B("", "") + E("")) == "1 2 G");
  CHECK(talk.Say(kData + kSync) == "");
  SECTION("before: the error comes at the end") {
    talk.fail_next = true;
    CHECK(talk.Say(kDone) == "E:22P04");
    CHECK(talk.Say(kSync) == "ZI");
  }
  SECTION("after: the server had failed already when it read the Sync") {
    Rig& rig = talk.rig();
    std::string error;
    pg::ErrorMessage message;
    message.sqlstate = "22P04";
    message.message = "bad data";
    pg::AppendError(message, &error);
    rig.FromServer(error);
    CHECK(InWords(rig.ToServer(), false) == "S C H");
    rig.FromServer(M('Z', "I") + M('Z', "I") + M('3'));
    CHECK(InWords(rig.ToClient(), true) == "E:22P04 ZI");
  }
  CHECK(talk.EndingState().empty());
  CHECK(talk.conversation().pause() == Pause::kNone);
}

TEST_CASE("a CopyDone that comes late is passed over, with data before it") {
  Talk talk;
  CHECK(talk.Say(kData + kDone + kFail) == "");
  CHECK(talk.Sent() == "");
  CHECK(talk.Say(Q("SELECT 1")) == "T D C:SELECT 1 ZI");
}

TEST_CASE("a query within COPY FROM STDIN ends the COPY, and is not the next query's meaning") {
  Talk talk;
  CHECK(talk.Say(Q("COPY open_t FROM STDIN")) == "G");
  CHECK(talk.Say(Q("SELECT upper(name) FROM open_t") + Q("SELECT 1")) == "E:08P01 ZI T D C:SELECT 1 ZI");
  CHECK(talk.Ran() == Texts{"COPY open_t FROM STDIN", "SELECT 1"});
  CHECK(talk.Say(P("", "COPY open_t FROM STDIN") + B("", "") + E("")) == "1 2 G");
  CHECK(talk.Say(P("", "SELECT 1") + B("", "") + E("") + kSync) == "E:08P01 ZI");
}

TEST_CASE("what is sent behind COPY FROM STDIN before it has begun is no other than what is sent after") {
  Talk talk;
  CHECK(talk.Say(Q("COPY open_t FROM STDIN") + kData + kDone + Q("SELECT 1")) == "G C:COPY 1 ZI T D C:SELECT 1 ZI");
  CHECK(talk.Say(Q("COPY open_t FROM STDIN") + Q("SELECT 2") + Q("SELECT 1")) == "G E:08P01 ZI T D C:SELECT 1 ZI");
}

TEST_CASE("two COPY FROM STDIN in one text take one after the other") {
  Talk talk;
  CHECK(talk.Say(Q("COPY open_t FROM STDIN; SELECT 1; COPY open_t FROM STDIN")) == "G");
  CHECK(talk.Say(kData + kDone) == "C:COPY 1 T D C:SELECT 1 G");
  CHECK(talk.Say(kDone) == "C:COPY 1 ZI");
}

TEST_CASE("COPY TO STDOUT passes, and a denied COPY fails") {
  Talk talk;
  talk.rows = 2;
  CHECK(talk.Say(Q("COPY open_t TO STDOUT")) == "H d d c C:COPY 1 ZI");
  CHECK(talk.Say(Q("COPY crm.contacts TO STDOUT")) == "E:42501 ZI");
  CHECK(talk.Say(Q("COPY crm.contacts FROM STDIN")) == "E:42501 ZI");
}

TEST_CASE("a function call is refused, and the session goes on") {
  Talk talk;
  CHECK(talk.Say(M('F', std::string_view("\0\0\0\1\0\0\0\0\0\0", 10))) == "E:42501 ZI");
  CHECK(talk.Ran().empty());
  CHECK(talk.Say(Q("SELECT 1")) == "T D C:SELECT 1 ZI");
}

TEST_CASE("a Parse that fails behind the sidecar's back does not give its name another meaning") {
  Talk talk;
  CHECK(talk.Say(P("q1", "SELECT 1") + kSync) == "1 ZI");
  // The second Parse of the name fails at the server; what is bound is what it has, and that is what was judged.
  CHECK(talk.Say(P("q1", "SELECT name FROM users") + kSync + B("", "q1") + E("") + kSync) ==
        "E:42P05 ZI 2 D C:SELECT 1 ZI");
  CHECK(talk.Ran() == Texts{"SELECT 1"});
}

TEST_CASE("nor does it give another meaning to what SQL executes or fetches by that name") {
  Talk talk;
  const std::string harmless = P("q1", "SELECT 1") + kSync;
  CHECK(talk.Say(Q("PREPARE q1 AS SELECT name FROM users")) == "C:PREPARE ZI");
  CHECK(talk.Say(Q("BEGIN") + Q("DECLARE c1 CURSOR FOR SELECT name FROM users")) == "C:BEGIN ZT C:DECLARE CURSOR ZT");
  talk.Ran();
  talk.conversation().SetContext(MakeContext(TestPolicy::kUsersDenied));
  SECTION("EXECUTE in a simple query") {
    CHECK(talk.Say(Q("ROLLBACK") + harmless + Q("EXECUTE q1")) == "C:ROLLBACK ZI E:42P05 ZI E:42501 ZI");
  }
  SECTION("EXECUTE in the extended protocol") {
    CHECK(talk.Say(Q("ROLLBACK") + harmless + P("", "EXECUTE q1") + B("", "") + E("") + kSync) ==
          "C:ROLLBACK ZI E:42P05 ZI 1 E:42501 ZI");
  }
  SECTION("FETCH, behind a portal of its cursor's name") {
    CHECK(talk.Say(P("", "SELECT 1") + kSync) == "1 ZT");
    CHECK(talk.Say(B("c1", "") + kSync + Q("FETCH 1 FROM c1")) == "E:42P03 ZE E:42501 ZE");
  }
  SECTION("Execute of a portal that was bound to EXECUTE before") {
    talk.conversation().SetContext(MakeContext(TestPolicy::kPlain));
    CHECK(talk.Say(P("", "EXECUTE q1") + B("c2", "") + kSync) == "1 2 ZT");
    talk.conversation().SetContext(MakeContext(TestPolicy::kUsersDenied));
    CHECK(talk.Say(harmless + E("c2") + kSync) == "E:42P05 ZE E:42501 ZE");
  }
  const Texts ran = talk.Ran();
  CHECK(std::find(ran.begin(), ran.end(), "PREPARE q1 AS SELECT name FROM users") == ran.end());
  CHECK(std::none_of(ran.begin(), ran.end(), [](const std::string& text) { return text.starts_with("DECLARE"); }));
}

TEST_CASE("a query that the server skips leaves no round open for what waits for earlier rounds") {
  Talk talk;
  CHECK(talk.Say(Q("PREPARE q1 AS SELECT 1")) == "C:PREPARE ZI");
  talk.fail_next = true;
  CHECK(talk.Say(P("", "SELECT 1") + Q("SELECT 1") + kSync) == "E:42P18 ZI");
  CHECK(talk.Say(Q("EXECUTE q1")) == "T D C:EXECUTE 1 ZI");
  CHECK(talk.Say(P("", "SELECT 1") + B("c1", "") + kSync + E("c1") + kSync) == "1 2 ZI E:34000 ZI");
}

TEST_CASE("a portal that was bound under another policy is judged again when it is executed") {
  Talk talk;
  talk.rows = 3;
  CHECK(talk.Say(Q("BEGIN") + P("q1", "SELECT name, ssn FROM users") + B("c1", "q1") + E("c1", 1) + kSync) ==
        "C:BEGIN ZT 1 2 D s ZT");
  SECTION("what was allowed and is denied now does not run on") {
    talk.conversation().SetContext(MakeContext(TestPolicy::kUsersDenied));
    CHECK(talk.Say(E("c1", 1) + kSync) == "E:42501 ZE");
  }
  SECTION("rows are masked as the policy says now") {
    talk.conversation().SetContext(MakeContext(TestPolicy::kMasked));
    const std::string out = talk.SayRaw(E("c1", 1) + kSync);
    CHECK(InWords(out, true) == "D s ZT");
    CHECK(out.find(ModelServer::kSecret) == std::string::npos);
  }
}

TEST_CASE(
    "an unnamed statement that is parsed again as it stands is described anew, and judged when policy has changed") {
  Talk talk(TestPolicy::kMasked);
  const std::string parse = P("", "SELECT name, ssn FROM users");
  const std::string run = B("", "") + E("") + kSync;
  std::string out = talk.SayRaw(parse + B("", "") + D(pg::ObjectKind::kPortal, "") + E("") + kSync);
  CHECK(InWords(out, true) == "1 2 T D C:SELECT 1 ZI");
  CHECK(out.find(ModelServer::kSecret) == std::string::npos);
  talk.Sent();
  for (int i = 0; i < 2; ++i) {
    out = talk.SayRaw(parse + run);
    CHECK(InWords(out, true) == "1 2 D C:SELECT 1 ZI");
    CHECK(out.find(ModelServer::kSecret) == std::string::npos);
    CHECK(talk.Sent() == "P::SELECT name, ssn FROM users B D E S");
  }
  SECTION("a Parse that fails drops it all the same") {
    talk.fail_next = true;
    CHECK(talk.Say(parse + kSync) == "E:42P18 ZI");
    CHECK(talk.Say(run) == "E:26000 ZI");
  }
  SECTION("other declared types make it another") {
    std::string typed;
    pg::MessageWriter(&typed).Begin('P').CString("").CString("SELECT name, ssn FROM users").U16(1).U32(25).End();
    out = talk.SayRaw(typed + run);
    CHECK(InWords(out, true) == "1 2 D C:SELECT 1 ZI");
    CHECK(out.find(ModelServer::kSecret) == std::string::npos);
  }
  SECTION("a Parse that is denied by now does not reach the server") {
    talk.conversation().SetContext(MakeContext(TestPolicy::kUsersDenied));
    talk.Ran();
    CHECK(talk.Say(run) == "E:42501 ZI");
    talk.Sent();
    CHECK(talk.Say(parse + run) == "E:42501 ZI");
    CHECK(talk.Sent().find("users") == std::string::npos);
    CHECK(talk.Ran().empty());
  }
}

TEST_CASE("what EXECUTE and FETCH return is masked as the statement behind the name is") {
  Talk talk(TestPolicy::kMasked);
  std::string out = talk.SayRaw(Q("PREPARE q1 AS SELECT name, ssn FROM users") + Q("EXECUTE q1") + Q("BEGIN") +
                                Q("DECLARE c1 CURSOR FOR SELECT name, ssn FROM users") + Q("FETCH 1 FROM c1") +
                                P("", "FETCH 1 FROM c1") + B("", "") + E("") + kSync);
  CHECK(InWords(out, true) ==
        "C:PREPARE ZI T D C:EXECUTE 1 ZI C:BEGIN ZT C:DECLARE CURSOR ZT T D C:FETCH 1 ZT 1 2 D "
        "C:FETCH 1 ZT");
  CHECK(out.find(ModelServer::kPublic) != std::string::npos);
  CHECK(out.find(ModelServer::kSecret) == std::string::npos);
}

TEST_CASE("a portal of EXECUTE runs what it named when it was bound, or nothing") {
  Talk talk;
  CHECK(talk.Say(Q("BEGIN") + Q("PREPARE q1 AS SELECT note FROM orders") + P("", "EXECUTE q1") + B("c1", "") + kSync) ==
        "C:BEGIN ZT C:PREPARE ZT 1 2 ZT");
  CHECK(talk.Say(E("c1") + kSync) == "D C:EXECUTE 1 ZT");
  CHECK(talk.Say(B("c2", "") + Q("DEALLOCATE q1") + E("c2") + kSync) == "2 C:DEALLOCATE ZT E:26000 ZE");
}

TEST_CASE("more prepared statements than the limit are refused with ZC003") {
  ConversationLimits limits;
  limits.prepared_statements_max = 2;
  Talk talk(TestPolicy::kPlain, limits);
  CHECK(talk.Say(P("a", "SELECT 1") + P("b", "SELECT 1") + kSync) == "1 1 ZI");
  CHECK(talk.Say(P("c", "SELECT 1") + kSync) == "E:ZC003 ZI");
  CHECK(talk.Say(Q("PREPARE d AS SELECT 1")) == "E:ZC003 ZI");
  CHECK(talk.Say(C(pg::ObjectKind::kStatement, "a") + P("c", "SELECT 1") + kSync) == "3 1 ZI");
}

TEST_CASE("more portals than the limit are refused with ZC003") {
  ConversationLimits limits;
  limits.portals_max = 2;
  Talk talk(TestPolicy::kPlain, limits);
  CHECK(talk.Say(P("", "SELECT 1") + B("a", "") + B("b", "") + B("c", "") + kSync) == "1 2 2 E:ZC003 ZI");
  CHECK(talk.Say(Q("BEGIN") + Q("DECLARE a CURSOR FOR SELECT 1") + Q("DECLARE b CURSOR FOR SELECT 1")) ==
        "C:BEGIN ZT C:DECLARE CURSOR ZT C:DECLARE CURSOR ZT");
  CHECK(talk.Say(Q("DECLARE c CURSOR FOR SELECT 1")) == "E:ZC003 ZE");
}

TEST_CASE("a pipeline past its depth waits for the server and loses nothing") {
  ConversationLimits limits;
  limits.pipeline_max = 8;
  Talk talk(TestPolicy::kPlain, limits);
  std::string all, expected;
  for (int i = 0; i < 100; ++i) {
    all += P("", "SELECT 1") + B("", "") + E("") + kSync;
    expected += i == 0 ? "1 2 D C:SELECT 1 ZI" : " 1 2 D C:SELECT 1 ZI";
  }
  CHECK(talk.Say(all) == expected);
}

// How many messages of a type there are among those in words.
size_t CountOf(std::string_view message, std::string_view in_words) {
  size_t count = 0;
  for (size_t at = 0; at < in_words.size();) {
    const size_t end = std::min(in_words.find(' ', at), in_words.size());
    count += in_words.substr(at, end - at) == message ? 1 : 0;
    at = end + 1;
  }
  return count;
}

TEST_CASE("what the full spool does not take does not reach the client, and the session ends") {
  struct Case {
    TestPolicy policy;
    std::string sent;
    std::string_view type;
    size_t (*recorded)(recorder::SpoolForTest&);
  };
  const auto rows = [](recorder::SpoolForTest& spool) { return spool.Count<recording::Row>(); };
  const auto data = [](recorder::SpoolForTest& spool) { return spool.Count<recording::CopyData>(); };
  for (const Case& each : {
           Case{TestPolicy::kPlain, Q("SELECT note FROM orders"), "D", rows},
           Case{TestPolicy::kPlain, P("", "SELECT note FROM orders") + B("", "") + E("") + kSync, "D", rows},
           Case{TestPolicy::kMasked, Q("SELECT ssn FROM users"), "D", rows},
           Case{TestPolicy::kPlain, Q("COPY open_t TO STDOUT"), "d", data},
       }) {
    CAPTURE(each.sent);
    // One segment, and nothing is kept free for what runs.
    recorder::SpoolForTest spool({"", 16 << 10, 16 << 10, 0});
    Talk talk(each.policy, {}, &spool.get());
    talk.rows = 2000;
    const std::string got = talk.Say(each.sent);
    spool.get().Commit();
    const size_t recorded = each.recorded(spool);
    CHECK(recorded > 100);
    CHECK(recorded < 2000);
    CHECK(CountOf(each.type, got) == recorded);
    CHECK(talk.EndingState() == "ZC003");
  }
}

}  // namespace
}  // namespace chaperone::session
