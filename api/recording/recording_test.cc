#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "api/base/fake_clock.h"
#include "api/recording/chain.h"
#include "api/recording/record.h"

namespace chaperone::recording {
namespace {

template <typename B>
std::string Bytes(const B& body, uint64_t time_us = 7) {
  std::string bytes(EncodedBytesMax(body), '\0');
  bytes.resize(Encode(time_us, body, reinterpret_cast<uint8_t*>(bytes.data())));
  return bytes;
}

Record One(std::string_view bytes) {
  Record record;
  RecordReader reader(bytes);
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
  const Parameter parameters[] = {{23, true, false, false, 4, std::string_view("\0\0\0\1", 4)}, {25, false, true}};
  const std::string bytes = Bytes(SampleAttempt(parameters));
  const Record record = One(bytes);
  const auto& got = std::get<Attempt>(record.body);
  CHECK(record.time_us == 7);
  CHECK(got.statement == 300);
  CHECK(got.channel == Channel::kExecute);
  CHECK(got.decision == RecordedDecision::kRequireApproval);
  CHECK(got.verdict_id == 5);
  CHECK(got.approval_id == "apr_1");
  REQUIRE(got.parameters.size() == 2);
  CHECK(got.parameters[0].value == std::string_view("\0\0\0\1", 4));
  CHECK(got.parameters[1].is_null);
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
  CHECK(std::get<Rows>(One(Bytes(Rows{1, 2, 3, "xyz"})).body).count == 3);
  const std::string row_bytes = Bytes(Row{1, 2, "body"});
  CHECK(std::get<Rows>(One(row_bytes).body).shape_id == 2);
  std::vector<std::string_view> bodies;
  CHECK(SplitRows(std::get<Rows>(One(row_bytes).body), &bodies).ok());
  CHECK(bodies == std::vector<std::string_view>{"body"});
  CHECK(std::get<Outcome>(One(Bytes(Outcome{1, "SELECT 1", "", "", 1, 20, 0, 1, 150})).body).latency_us == 150);
  CHECK(std::get<CopyData>(One(Bytes(CopyData{1, true, "a\tb\n"})).body).from_client);
  CHECK(std::get<SessionEnded>(One(Bytes(SessionEnded{"killed", 1, 2, 3, 4})).body).masked_cells == 4);
  const std::string notice = Bytes(Notice{9, "NOTICE", "00000", "hello"});
  CHECK(std::get<Notice>(One(notice).body).message == "hello");
  const std::string approval = Bytes(ApprovalEvent{9, "apr_1", "opened", ""});
  CHECK(std::get<ApprovalEvent>(One(approval).body).state == "opened");
}

TEST_CASE("a record that is cut anywhere is an error, never a shorter record") {
  const Parameter parameters[] = {{23, false, false, false, 2, "42"}};
  const std::string bytes = Bytes(SampleAttempt(parameters));
  for (size_t length = 1; length < bytes.size(); ++length) {
    Record record;
    RecordReader reader(std::string_view(bytes).substr(0, length));
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
  std::vector<std::string_view> bodies;
  CHECK_FALSE(SplitRows(Rows{1, 1, 1, std::string_view("\5\0\0\0x", 5)}, &bodies).ok());
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
