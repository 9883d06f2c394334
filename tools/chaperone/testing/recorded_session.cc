#include "tools/chaperone/testing/recorded_session.h"

namespace chaperone::testing {

namespace {

void AppendBigEndian(uint32_t value, int bytes, std::string* out) {
  for (int i = bytes - 1; i >= 0; --i) {
    *out += static_cast<char>(value >> (8 * i));
  }
}

std::string AsString(const recording::ChainValue& value) {
  return {reinterpret_cast<const char*>(value.data()), value.size()};
}

}  // namespace

std::string DataRow(const std::vector<std::optional<std::string>>& cells) {
  std::string body;
  AppendBigEndian(static_cast<uint32_t>(cells.size()), 2, &body);
  for (const auto& cell : cells) {
    AppendBigEndian(cell ? static_cast<uint32_t>(cell->size()) : 0xffffffff, 4, &body);
    body += cell.value_or("");
  }
  return body;
}

RecordedSession::RecordedSession(std::string_view id) : id_(*base::SessionId::Parse(id)) {}

RecordedSession& RecordedSession::AddBytes(std::string_view bytes) {
  payload_ += bytes;
  ++records_;
  time_us_ += 1000;
  return *this;
}

RecordedSession& RecordedSession::Seal() {
  v1::Chunk& chunk = chunks_.emplace_back();
  chunk.set_session_id(std::string(reinterpret_cast<const char*>(id_.bytes().data()), base::kIdBytes));
  chunk.set_first_record(first_record_);
  chunk.set_records(records_);
  chunk.set_chain_before(AsString(head_));
  head_ = recording::ChainAfter(head_, {.session = id_, .first_record = first_record_, .records = records_}, payload_);
  chunk.set_chain_after(AsString(head_));
  chunk.set_payload(std::move(payload_));
  first_record_ += records_;
  records_ = 0;
  payload_.clear();
  return *this;
}

v1::Session RecordedSession::Describe() const {
  v1::Session session;
  session.set_id(id_.ToString());
  session.set_state(v1::Session::ENDED);
  session.set_recorded_records(first_record_);
  uint64_t bytes = 0;
  for (const v1::Chunk& chunk : chunks_) {
    bytes += chunk.payload().size();
  }
  session.set_recorded_bytes(bytes);
  session.set_chain_head(AsString(head_));
  return session;
}

RecordedSession SampleSession(std::string_view id) {
  RecordedSession session(id);
  session.Add(recording::SessionStarted{.issuer = "https://idp.example.com",
                                        .subject = "agent-7",
                                        .human = "alice@example.com",
                                        .task = "T-1",
                                        .groups = {"coding-agents"},
                                        .sidecar = "sidecar-1",
                                        .endpoint = "shop-prod",
                                        .database = "shop",
                                        .role = "chaperone",
                                        .client_address = "127.0.0.1:5555",
                                        .application_name = "psql",
                                        .server_version = "15.20",
                                        .policy_revision = 3});
  session.Add(recording::StatementText{.text_id = 1, .text = "SELECT id, email, bal FROM public.customers"});
  session.Add(
      recording::Verdict{.verdict_id = 1, .policy_revision = 3, .policy = "coding-agents", .rule = "read-shop"});
  session.Add(recording::Attempt{
      .statement = 1, .text_id = 1, .decision = recording::RecordedDecision::kAllow, .verdict_id = 1});
  const std::vector<recording::Column> columns = {
      {.name = "id", .type_oid = 23, .binary = true},
      {.name = "email", .type_oid = 25, .mask_rule = "pii", .mask_method = "redact"},
      {.name = "bal", .type_oid = 1700}};
  session.Add(recording::Columns{.shape_id = 1, .columns = columns});
  const std::string four("\x00\x00\x00\x04", 4);
  session.Add(recording::Row{.statement = 1, .shape_id = 1, .body = DataRow({four, "****", "12.50"})});
  session.Add(recording::Row{.statement = 1, .shape_id = 1, .body = DataRow({four, std::nullopt, "7"})});
  session.Add(recording::Outcome{.statement = 1,
                                 .tag = "SELECT 2",
                                 .rows = 2,
                                 .bytes = 120,
                                 .masked_cells = 1,
                                 .recorded_rows = 2,
                                 .latency_us = 1234});
  session.Seal();
  session.Add(recording::StatementText{.text_id = 2, .text = "DROP TABLE customers"});
  session.Add(recording::Verdict{.verdict_id = 2,
                                 .policy_revision = 3,
                                 .policy = "coding-agents",
                                 .rule = "no-schema-changes",
                                 .reason = "Schema changes go through migrations.",
                                 .action = "ddl",
                                 .resource = "public.customers"});
  session.Add(recording::Attempt{
      .statement = 2, .text_id = 2, .decision = recording::RecordedDecision::kDeny, .verdict_id = 2});
  session.Add(recording::Outcome{.statement = 2, .sqlstate = "42501", .message = "denied by rule no-schema-changes"});
  session.Add(recording::StatementText{.text_id = 3, .text = "UPDATE customers SET bal = $1 WHERE id = $2"});
  const std::vector<recording::Parameter> parameters = {
      {.type_oid = 1700, .value_bytes = 2, .value = "10"},
      {.type_oid = 23, .binary = true, .value_bytes = 4, .value = four}};
  session.Add(recording::Verdict{.verdict_id = 3,
                                 .policy_revision = 3,
                                 .policy = "coding-agents",
                                 .rule = "writes-need-a-human",
                                 .action = "update",
                                 .resource = "public.customers"});
  session.Add(recording::Attempt{.statement = 3,
                                 .text_id = 3,
                                 .channel = recording::Channel::kExecute,
                                 .decision = recording::RecordedDecision::kRequireApproval,
                                 .verdict_id = 3,
                                 .approval_id = "apr_01",
                                 .parameters = parameters});
  session.Add(recording::ApprovalEvent{.statement = 3, .approval_id = "apr_01", .state = "approved", .by = "bob"});
  session.Add(recording::Notice{.statement = 3, .severity = "NOTICE", .sqlstate = "00000", .message = "held"});
  session.Add(recording::Outcome{.statement = 3, .tag = "UPDATE 1", .rows = 1, .recorded_rows = 1, .latency_us = 900});
  session.Add(recording::CopyData{.statement = 4, .from_client = false, .data = "1\tx\n2\ty\n"});
  session.Add(
      recording::SessionEnded{.reason = "client_closed", .statements = 3, .denied = 1, .rows = 3, .masked_cells = 1});
  session.Seal();
  return session;
}

}  // namespace chaperone::testing
