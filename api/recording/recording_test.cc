#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "api/base/fake_clock.h"
#include "api/recording/chain.h"
#include "api/recording/record.h"

namespace chaperone::recording {
namespace {

template <typename B>
std::string Bytes(const B& body, RecordTime time = {0, 7}) {
  std::string bytes(EncodedBytesMax(body), '\0');
  bytes.resize(Encode(time, body, reinterpret_cast<uint8_t*>(bytes.data())));
  return bytes;
}

Record One(std::string_view bytes) {
  Record record;
  RecordReader reader({}, bytes);
  const auto more = reader.Next(&record);
  REQUIRE(more.ok());
  REQUIRE(*more);
  return record;
}

Attempt SampleAttempt(std::span<const Parameter> parameters) {
  Attempt attempt;
  attempt.statement = 300;
  attempt.text_id = 4;
  attempt.channel = Channel::kExecute;
  attempt.decision = RecordedDecision::kRequireApproval;
  attempt.verdict_id = 5;
  attempt.approval_id = "apr_1";
  attempt.parameters = parameters;
  return attempt;
}

TEST_CASE("an attempt with parameters survives the way through bytes") {
  const Parameter parameters[] = {{23, true, false, false, 4, std::string_view("\0\0\0\1", 4)},
                                  {25, false, true},
                                  {25, false, false, true, 900},
                                  {25, false, false, false, 2000, "cut"}};
  const std::string bytes = Bytes(SampleAttempt(parameters));
  const Record record = One(bytes);
  const auto& got = std::get<Attempt>(record.body);
  CHECK(record.time_us == 7);
  CHECK(got.statement == 300);
  CHECK(got.channel == Channel::kExecute);
  CHECK(got.decision == RecordedDecision::kRequireApproval);
  CHECK(got.verdict_id == 5);
  CHECK(got.approval_id == "apr_1");
  REQUIRE(got.parameters.size() == 4);
  CHECK(got.parameters[0].binary);
  CHECK(got.parameters[0].value_bytes == 4);
  CHECK(got.parameters[0].value == std::string_view("\0\0\0\1", 4));
  CHECK(got.parameters[1].is_null);
  CHECK_FALSE(got.parameters[1].binary);
  CHECK(got.parameters[2].masked);
  CHECK(got.parameters[2].value_bytes == 900);
  CHECK(got.parameters[2].value.empty());
  CHECK(got.parameters[3].value_bytes == 2000);
  CHECK(got.parameters[3].value == "cut");
}

TEST_CASE("every kind of record survives the way through bytes") {
  SessionStarted started;
  started.subject = "agent";
  started.groups = {"a", "b"};
  CHECK(std::get<SessionStarted>(One(Bytes(started)).body).version == kFormatVersion);
  CHECK(std::get<StatementText>(One(Bytes(StatementText{3, "SELECT 1"})).body).text_id == 3);
  Verdict verdict;
  verdict.verdict_id = 6;
  verdict.policy_revision = uint64_t{1} << 63;
  verdict.policy = "agents";
  verdict.resource = "public.t";
  const std::string verdict_bytes = Bytes(verdict);
  const Record verdict_record = One(verdict_bytes);
  CHECK(std::get<Verdict>(verdict_record.body).policy_revision == uint64_t{1} << 63);
  CHECK(std::get<Verdict>(verdict_record.body).policy == "agents");
  CHECK(std::get<Verdict>(verdict_record.body).resource == "public.t");
  const Column column[] = {{"email", 25, 16384, -1, false, "pii", "redact"}};
  const std::string columns = Bytes(Columns{2, column});
  const Record columns_record = One(columns);
  CHECK(std::get<Columns>(columns_record.body).columns[0].attnum == -1);
  const std::string row_bytes = Bytes(Row{1, 2, "body"});
  const Record row_record = One(row_bytes);
  CHECK(std::get<Row>(row_record.body).shape_id == 2);
  CHECK(std::get<Row>(row_record.body).body == "body");
  CHECK(std::get<CopyData>(One(Bytes(CopyData{1, true, "a\tb\n"})).body).from_client);
  CHECK(std::get<SessionEnded>(One(Bytes(SessionEnded{"killed", 1, 2, 3, 4})).body).masked_cells == 4);
  const std::string notice = Bytes(Notice{9, "NOTICE", "00000", "hello"});
  CHECK(std::get<Notice>(One(notice).body).message == "hello");
  const std::string approval = Bytes(ApprovalEvent{9, "apr_1", "opened", ""});
  CHECK(std::get<ApprovalEvent>(One(approval).body).state == "opened");
}

TEST_CASE("an outcome says what there is to say, and reads back as it was") {
  const Outcome outcomes[] = {{1, "SELECT 1", "", "", 1, 20, 0, 1, 150},
                              {2, "SELECT 9", "", "", 9, 20, 3, 5, 150},
                              {3, "", "42501", "denied", 0, 0, 0, 0, 150},
                              {4, "", "", "", 2, 20, 1, 2, 0},
                              {5, "SELECT 1234567", "", "", 1234567, 20, 0, 1, 1},
                              {6, "SELECT 2", "", "", 1, 20, 0, 1, 1},
                              {7, "SELECT 01", "", "", 1, 20, 0, 1, 1},
                              {8, "SELECT", "", "", 0, 20, 0, 0, 1},
                              {9, "SELECT ", "", "", 0, 20, 0, 0, 1},
                              {10, "SELECT /", "", "", UINT64_MAX, 20, 0, 0, 1},
                              {11, "INSERT 0 1", "", "", 1, 20, 0, 1, 1}};
  for (const Outcome& outcome : outcomes) {
    const std::string bytes = Bytes(outcome);
    const Record record = One(bytes);
    const auto& got = std::get<Outcome>(record.body);
    CHECK(got.statement == outcome.statement);
    CHECK(got.tag == outcome.tag);
    CHECK(got.sqlstate == outcome.sqlstate);
    CHECK(got.message == outcome.message);
    CHECK(got.rows == outcome.rows);
    CHECK(got.bytes == outcome.bytes);
    CHECK(got.masked_cells == outcome.masked_cells);
    CHECK(got.recorded_rows == outcome.recorded_rows);
    CHECK(got.latency_us == outcome.latency_us);
  }
}

TEST_CASE("bodies of every length survive the way through bytes") {
  for (const size_t size : {0, 1, 100, 117, 118, 119, 120, 126, 127, 128, 129, 300, 16383, 16384, 1 << 20}) {
    const std::string text(size, 'x');
    const std::string bytes = Bytes(StatementText{1, text}) + Bytes(SessionEnded{"end"}, {0, 9, 7});
    Record record;
    RecordReader reader({}, bytes);
    REQUIRE(*reader.Next(&record));
    CHECK(std::get<StatementText>(record.body).text == text);
    REQUIRE(*reader.Next(&record));
    CHECK(std::get<SessionEnded>(record.body).reason == "end");
    CHECK_FALSE(*reader.Next(&record));
  }
  std::vector<Parameter> parameters(30, {UINT32_MAX, true, false, false, 3, "123"});
  const std::string bytes = Bytes(SampleAttempt(parameters));
  CHECK(bytes.size() <= EncodedBytesMax(SampleAttempt(parameters)));
  const Record record = One(bytes);
  CHECK(std::get<Attempt>(record.body).parameters.back().value == "123");
}

TEST_CASE("a record tells how long after its session began it was written, or after the record before it") {
  base::FakeClock clock;
  const auto session = base::SessionId::New(clock);
  const uint64_t origin_us = OriginOf(session);
  CHECK(origin_us / 1000 == static_cast<uint64_t>(clock.Wall().time_since_epoch() / std::chrono::milliseconds(1)));
  const uint64_t now_us = origin_us + 1'000'000;
  const StatementText text{1, "x"};
  const auto at = [&](uint64_t us, uint64_t before_us) { return Bytes(text, {origin_us, us, before_us}); };
  const std::string bytes = at(now_us, 0) + at(now_us + 300, now_us) + at(now_us + 300, now_us + 300) +
                            at(now_us - 5, now_us + 300) + at(origin_us - 1, 0);
  RecordReader reader(session, bytes);
  Record record;
  for (const uint64_t time_us : {now_us, now_us + 300, now_us + 300, now_us - 5, origin_us}) {
    REQUIRE(*reader.Next(&record));
    CHECK(record.time_us == time_us);
  }
  CHECK(at(now_us, now_us).size() == at(now_us, 0).size() - 2);
  // Nothing stands before the first.
  const std::string follower = at(now_us, now_us);
  RecordReader orphan(session, follower);
  CHECK_FALSE(orphan.Next(&record).ok());
  const std::string late = Bytes(text, {0, UINT64_MAX}) + std::string("\x82\x04\x01\x01\x01x", 6);
  RecordReader overflow({}, late);
  REQUIRE(*overflow.Next(&record));
  CHECK_FALSE(overflow.Next(&record).ok());
  RecordReader past(session, late);
  CHECK_FALSE(past.Next(&record).ok());
}

TEST_CASE("a length that is too long, or never ends, is an error") {
  for (const std::string_view bytes :
       {std::string_view("\2"), std::string_view("\2\xff\xff\xff\xff\0", 6), std::string_view("\2\xff\xff\xff\x7f", 5),
        std::string_view("\2\0", 2), std::string_view("\2\1\x80", 3)}) {
    RecordReader reader({}, bytes);
    Record record;
    CHECK_FALSE(reader.Next(&record).ok());
  }
}

TEST_CASE("a record that is cut anywhere is an error, never a shorter record") {
  const Parameter parameters[] = {{23, false, false, false, 2, "42"}};
  const std::string bytes = Bytes(SampleAttempt(parameters));
  for (size_t length = 1; length < bytes.size(); ++length) {
    Record record;
    RecordReader reader({}, std::string_view(bytes).substr(0, length));
    CHECK_FALSE(reader.Next(&record).ok());
    CHECK(*reader.Next(&record) == false);
  }
}

TEST_CASE("records of unknown types and longer bodies of newer versions are passed over") {
  std::string bytes = Bytes(StatementText{1, "x"});
  bytes[0] = 99;
  CHECK(std::holds_alternative<std::monostate>(One(bytes).body));
  std::string longer = Bytes(StatementText{1, "x"}) + "new";
  longer[1] = static_cast<char>(longer[1] + 3);
  CHECK(std::get<StatementText>(One(longer).body).text == "x");
}

TEST_CASE("rows split into cells, and hostile lengths do not") {
  const std::string row("\0\2\xff\xff\xff\xff\0\0\0\2hi", 12);
  std::vector<Cell> cells;
  REQUIRE(SplitRow(row, &cells).ok());
  REQUIRE(cells.size() == 2);
  CHECK(cells[0].is_null);
  CHECK(cells[1].value == "hi");
  CHECK_FALSE(SplitRow(std::string("\0\1\xff\xff\xff\xfe", 6), &cells).ok());
  CHECK_FALSE(SplitRow(std::string("\0\1\0\0\0\5hi", 8), &cells).ok());
}

TEST_CASE("the chain changes with every part of a chunk") {
  base::FakeClock clock;
  const ChunkHeader header{base::SessionId::New(clock), 5, 2};
  const ChainValue value = ChainAfter(kChainStart, header, "payload");
  CHECK(value == ChainAfter(kChainStart, header, "payload"));
  CHECK(value != ChainAfter(value, header, "payload"));
  CHECK(value != ChainAfter(kChainStart, header, "payloae"));
  CHECK(value != ChainAfter(kChainStart, {header.session, 6, 2}, "payload"));
  CHECK(value != ChainAfter(kChainStart, {header.session, 5, 3}, "payload"));
  CHECK(value != ChainAfter(kChainStart, {base::SessionId::New(clock), 5, 2}, "payload"));
}

}  // namespace
}  // namespace chaperone::recording
