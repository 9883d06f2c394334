#include <catch2/catch.hpp>

#include "api/recording/record.h"
#include "tools/chaperone/playback/record_json.h"
#include "tools/chaperone/playback/transcript.h"
#include "tools/chaperone/playback/verifier.h"
#include "tools/chaperone/testing/recorded_session.h"

namespace chaperone::playback {
namespace {

using testing::RecordedSession;
using testing::SampleSession;

constexpr std::string_view kId = "ses_01JD2Z4S1Q9X4T0V6N8M3K7R5C";

std::string TranscriptOf(const RecordedSession& session) {
  Transcript transcript;
  std::string out;
  for (const v1::Chunk& chunk : session.chunks()) {
    recording::RecordReader reader(*base::SessionId::Parse(kId), chunk.payload());
    recording::Record record;
    while (*reader.Next(&record)) {
      REQUIRE(transcript.Add(record, &out).ok());
    }
  }
  transcript.Finish(&out);
  return out;
}

absl::Status Verify(const RecordedSession& session, const v1::Session& described, std::string_view head = "") {
  absl::StatusOr<Verifier> verifier = Verifier::For(described);
  REQUIRE(verifier.ok());
  if (!head.empty()) {
    CHAPERONE_RETURN_IF_ERROR(verifier->ExpectHead(head));
  }
  for (const v1::Chunk& chunk : session.chunks()) {
    CHAPERONE_RETURN_IF_ERROR(verifier->Add(chunk));
  }
  return verifier->Finish();
}

std::string Refusal(const absl::Status& status) {
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  return std::string(base::Message(status));
}

TEST_CASE("a transcript shows each statement with decision, parameters, rows and outcome") {
  CHECK(TranscriptOf(SampleSession(kId)) == R"(Session of 2025-11-30 14:03:07Z
agent:     agent-7
for:       alice@example.com
task:      T-1
groups:    coding-agents
issuer:    https://idp.example.com
database:  shop-prod/shop as chaperone
server:    15.20
from:      127.0.0.1:5555 (psql)
sidecar:   sidecar-1
policy:    revision 3

14:03:07.003  #1  allow: rule read-shop of coding-agents
    | SELECT id, email, bal FROM public.customers
     id | email* |   bal
    ----+--------+-------
      4 | ****   | 12.50
      4 | NULL   |     7
    * email masked: redact (rule pii)
14:03:07.007  #1  SELECT 2: 2 rows, 120 bytes, 1 cell masked, 1.2 ms

14:03:07.010  #2  deny: rule no-schema-changes of coding-agents
    | DROP TABLE customers
    needs: ddl public.customers
    reason: Schema changes go through migrations.
14:03:07.011  #2  error 42501: denied by rule no-schema-changes

14:03:07.014  #3  require approval: rule writes-need-a-human of coding-agents
    | UPDATE customers SET bal = $1 WHERE id = $2
    $1 = 10  (numeric)
    $2 = 4  (int4)
    needs: update public.customers
    approval: apr_01
14:03:07.015  #3  approval apr_01 approved by bob
14:03:07.016  #3  NOTICE 00000: held
14:03:07.017  #3  UPDATE 1: 1 row, 0 bytes, 0.9 ms

14:03:07.018  #4  copy out of the database, 8 bytes
    : 1    x
    : 2    y
14:03:07.019  session ended: client_closed; 3 statements (1 denied), 3 rows, 1 cell masked
)");
}

TEST_CASE("hostile text, names, cells and messages cannot act on the terminal that replays them") {
  RecordedSession session(kId);
  const std::string evil = "\x1b]0;pwned\x07\x1b[2J\xe2\x80\xae\x9b\r\nallow: rule x of y";
  session.Add(recording::SessionStarted{.subject = evil, .endpoint = evil, .application_name = evil});
  session.Add(recording::StatementText{.text_id = 1, .text = evil});
  const std::vector<recording::Parameter> parameters = {{.value_bytes = 900, .value = evil},
                                                        {.type_oid = 25, .binary = true, .value = evil}};
  session.Add(recording::Verdict{
      .verdict_id = 1, .policy = evil, .rule = evil, .reason = evil, .action = evil, .resource = evil});
  session.Add(recording::Attempt{.statement = 1,
                                 .text_id = 1,
                                 .decision = recording::RecordedDecision::kDeny,
                                 .verdict_id = 1,
                                 .approval_id = evil,
                                 .parameters = parameters});
  const std::vector<recording::Column> columns = {
      {.name = evil, .type_oid = 25, .binary = true, .mask_rule = evil, .mask_method = evil}};
  session.Add(recording::Columns{.shape_id = 1, .columns = columns});
  session.Add(recording::Row{.statement = 1, .shape_id = 1, .body = testing::DataRow({evil})});
  session.Add(recording::Outcome{.statement = 1, .sqlstate = evil, .message = evil});
  session.Add(recording::Outcome{.statement = 1, .tag = evil});
  session.Add(recording::Notice{.statement = 1, .severity = evil, .sqlstate = evil, .message = evil});
  session.Add(recording::CopyData{.statement = 1, .data = evil});
  session.Add(recording::ApprovalEvent{.statement = 1, .approval_id = evil, .state = evil, .by = evil});
  session.Add(recording::SessionEnded{.reason = evil}).Seal();
  const std::string text = TranscriptOf(session);
  CHECK(text.find_first_of("\x1b\x07\r\x9b") == std::string::npos);
  CHECK(text.find("\xe2\x80\xae") == std::string::npos);
  // A line of a stranger's never stands at the left edge, where ours do.
  CHECK(text.find("\nallow: rule x") == std::string::npos);
  CHECK(text.find("    | allow: rule x of y") != std::string::npos);
}

TEST_CASE("a statement without an outcome is named, a partly recorded result too") {
  RecordedSession session(kId);
  session.Add(recording::SessionStarted{});
  session.Add(recording::Attempt{.statement = 1, .text_id = 9, .decision = recording::RecordedDecision::kAllow});
  session.Add(recording::Outcome{.statement = 1, .tag = "SELECT 5000", .rows = 5000, .recorded_rows = 1000});
  session.Add(recording::Attempt{.statement = 2, .text_id = 9, .decision = recording::RecordedDecision::kAllow}).Seal();
  const std::string text = TranscriptOf(session);
  CHECK(text.find("(text not recorded)") != std::string::npos);
  CHECK(text.find("no rule matches") != std::string::npos);
  CHECK(text.find("5,000 rows, 0 bytes, 1,000 rows recorded") != std::string::npos);
  CHECK(text.find("statement #2 of 14:03:07.003 has no outcome") != std::string::npos);
}

TEST_CASE("rows are drawn in pages, so that a long result needs little memory") {
  RecordedSession session(kId);
  session.Add(recording::SessionStarted{});
  const std::vector<recording::Column> columns = {{.name = "n", .type_oid = 23}};
  session.Add(recording::Columns{.shape_id = 1, .columns = columns});
  for (int i = 0; i < 250; ++i) {
    session.Add(recording::Row{.statement = 1, .shape_id = 1, .body = testing::DataRow({std::to_string(i)})});
  }
  session.Seal();
  const std::string text = TranscriptOf(session);
  size_t headers = 0;
  for (size_t at = text.find("    ---"); at != std::string::npos; at = text.find("    ---", at + 1)) {
    ++headers;
  }
  CHECK(headers == 3);
  CHECK(text.find(" 249\n") != std::string::npos);
}

TEST_CASE("a whole recording verifies, and its head can be kept and checked later") {
  const RecordedSession session = SampleSession(kId);
  const v1::Session described = session.Describe();
  absl::StatusOr<Verifier> verifier = Verifier::For(described);
  REQUIRE(verifier.ok());
  for (const v1::Chunk& chunk : session.chunks()) {
    REQUIRE(verifier->Add(chunk).ok());
  }
  REQUIRE(verifier->Finish().ok());
  CHECK(verifier->totals().chunks == 2);
  CHECK(verifier->totals().records == 20);
  CHECK(Verify(session, described, HeadHex(verifier->totals().head)).ok());
  CHECK(Refusal(Verify(session, described, std::string(64, 'a'))).find("--head") != std::string::npos);
  CHECK(Verify(session, described, "xyz").code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("anything changed, dropped, moved or added is found", "[fail-closed]") {
  const RecordedSession good = SampleSession(kId);
  const v1::Session described = good.Describe();
  SECTION("a byte of a payload") {
    RecordedSession session = good;
    (*session.chunks()[0].mutable_payload())[40] ^= 1;
    CHECK(Refusal(Verify(session, described)).find("chunk 1 (records 0 to 7) was changed") != std::string::npos);
  }
  SECTION("a dropped chunk") {
    RecordedSession session = good;
    session.chunks().erase(session.chunks().begin());
    CHECK(Refusal(Verify(session, described)).find("records are missing") != std::string::npos);
  }
  SECTION("a dropped end") {
    RecordedSession session = good;
    session.chunks().pop_back();
    CHECK(Refusal(Verify(session, described)).find("never reach the head") != std::string::npos);
  }
  SECTION("a repeated chunk") {
    RecordedSession session = good;
    session.chunks().insert(session.chunks().begin(), session.chunks()[0]);
    CHECK(Refusal(Verify(session, described)).find("records are repeated") != std::string::npos);
  }
  SECTION("a recomputed chain over changed bytes ends in another head") {
    RecordedSession session = SampleSession(kId);
    session.Add(recording::Notice{}).Seal();
    session.chunks().erase(session.chunks().begin() + 1);
    CHECK_FALSE(Verify(session, described).ok());
  }
  SECTION("a chunk of another session") {
    const RecordedSession other = SampleSession("ses_01JD2Z4S1Q9X4T0V6N8M3K7R5D");
    CHECK(Refusal(Verify(other, described)).find("another session") != std::string::npos);
  }
  SECTION("records after the end, and a second start") {
    RecordedSession session = SampleSession(kId);
    session.Add(recording::Notice{}).Seal();
    CHECK(Refusal(Verify(session, session.Describe())).find("after the session's end") != std::string::npos);
    RecordedSession twice(kId);
    twice.Add(recording::SessionStarted{}).Add(recording::SessionStarted{}).Seal();
    CHECK(Refusal(Verify(twice, twice.Describe())).find("session's start") != std::string::npos);
  }
  SECTION("a payload that does not decode, under a valid chain") {
    RecordedSession session(kId);
    session.Add(recording::SessionStarted{}).AddBytes("garbage").Seal();
    CHECK(Refusal(Verify(session, session.Describe())).find("does not decode") != std::string::npos);
  }
  SECTION("counts that do not match") {
    v1::Session fewer = described;
    fewer.set_recorded_records(19);
    CHECK(Refusal(Verify(good, fewer)).find("counted 19") != std::string::npos);
  }
}

TEST_CASE("a live recording may have grown past the head that was asked for first") {
  RecordedSession session(kId);
  session.Add(recording::SessionStarted{}).Seal();
  v1::Session described = session.Describe();
  described.set_state(v1::Session::LIVE);
  session.Add(recording::Notice{}).Seal();
  CHECK(Verify(session, described).ok());
}

TEST_CASE("each record is one line of JSON that stands for itself") {
  const RecordedSession session = SampleSession(kId);
  RecordJson json;
  std::vector<std::string> lines;
  for (const v1::Chunk& chunk : session.chunks()) {
    recording::RecordReader reader(*base::SessionId::Parse(kId), chunk.payload());
    recording::Record record;
    while (*reader.Next(&record)) {
      lines.push_back(*json.Next(record));
      CHECK(lines.back().find('\n') == std::string::npos);
    }
  }
  REQUIRE(lines.size() == 20);
  CHECK(lines[2] == R"({"record":2,"time":"2025-11-30T14:03:07.002000Z","type":"verdict","verdict_id":1,)"
                    R"("policy_revision":3,"policy":"coding-agents","rule":"read-shop"})");
  CHECK(lines[3] == R"({"record":3,"time":"2025-11-30T14:03:07.003000Z","type":"attempt","statement":1,)"
                    R"("text":"SELECT id, email, bal FROM public.customers","channel":"simple","decision":"allow",)"
                    R"("policy_revision":3,"policy":"coding-agents","rule":"read-shop","parameters":[]})");
  CHECK(lines[5] == R"({"record":5,"time":"2025-11-30T14:03:07.005000Z","type":"rows","statement":1,"shape":1,)"
                    R"("columns":["id","email","bal"],"rows":[["4","****","12.50"]]})");
  CHECK(lines[6].find(R"("rows":[["4",null,"7"]])") != std::string::npos);
  CHECK(lines[10].find(R"("decision":"deny")") != std::string::npos);
  CHECK(lines[14].find(R"("parameters":[{"type":"numeric","value":"10"},{"type":"int4","value":"4"}])") !=
        std::string::npos);
  CHECK(lines[19].find(R"("type":"session_ended","reason":"client_closed")") != std::string::npos);
}

}  // namespace
}  // namespace chaperone::playback
