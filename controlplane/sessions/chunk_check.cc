#include "controlplane/sessions/chunk_check.h"

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "api/recording/chain.h"
#include "api/recording/record.h"
#include "controlplane/model/proto_time.h"

namespace chaperone::sessions {

namespace {

namespace rec = ::chaperone::recording;

google::protobuf::Timestamp FromMicroseconds(uint64_t time_us) {
  google::protobuf::Timestamp proto;
  proto.set_seconds(static_cast<int64_t>(time_us / 1000000));
  proto.set_nanos(static_cast<int32_t>(time_us % 1000000 * 1000));
  return proto;
}

// Text of a record is the agent's: protobuf strings must be UTF-8, and a summary is no place for megabytes.
std::string Text(std::string_view text) {
  constexpr size_t kBytesMax = 512;
  std::string clean;
  for (const char c : text.substr(0, kBytesMax)) {
    clean += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f ? ' ' : c;
  }
  // Drops whatever is not well-formed UTF-8.
  std::string valid;
  for (size_t i = 0; i < clean.size();) {
    const auto byte = static_cast<unsigned char>(clean[i]);
    const size_t length = byte < 0x80 ? 1 : byte >> 5 == 0x6 ? 2 : byte >> 4 == 0xe ? 3 : byte >> 3 == 0x1e ? 4 : 0;
    bool good = length > 0 && i + length <= clean.size();
    for (size_t k = 1; good && k < length; ++k) {
      good = (static_cast<unsigned char>(clean[i + k]) & 0xc0) == 0x80;
    }
    if (good) {
      valid.append(clean, i, length);
    }
    i += good ? length : 1;
  }
  return valid;
}

void Apply(const rec::SessionStarted& record, uint64_t time_us, v1::Session* session) {
  v1::Principal* principal = session->mutable_principal();
  principal->set_issuer(Text(record.issuer));
  principal->set_subject(Text(record.subject));
  principal->clear_groups();
  for (const std::string_view group : record.groups) {
    principal->add_groups(Text(group));
  }
  principal->set_client(Text(record.client));
  principal->set_human(Text(record.human));
  principal->set_task(Text(record.task));
  principal->set_token_id(Text(record.token_id));
  if (record.token_expires_us != 0) {
    *principal->mutable_expires_at() = FromMicroseconds(record.token_expires_us);
  }
  session->set_endpoint(Text(record.endpoint));
  session->set_database(Text(record.database));
  session->set_role(Text(record.role));
  session->set_client_address(Text(record.client_address));
  session->set_application_name(Text(record.application_name));
  *session->mutable_started_at() = FromMicroseconds(time_us);
}

void Apply(const rec::Attempt& record, uint64_t, v1::Session* session) {
  session->set_statements(session->statements() + 1);
  if (record.decision == rec::RecordedDecision::kDeny) {
    session->set_denied(session->denied() + 1);
  }
}

void Apply(const rec::Outcome& record, uint64_t, v1::Session* session) {
  session->set_rows(session->rows() + record.rows);
  session->set_masked_cells(session->masked_cells() + record.masked_cells);
}

void Apply(const rec::SessionEnded& record, uint64_t time_us, v1::Session* session) {
  session->set_state(v1::Session::ENDED);
  session->set_end_reason(Text(record.reason));
  *session->mutable_ended_at() = FromMicroseconds(time_us);
  session->set_statements(record.statements);
  session->set_denied(record.denied);
  session->set_rows(record.rows);
  session->set_masked_cells(record.masked_cells);
}

// Records that change no summary.
template <typename Body>
void Apply(const Body&, uint64_t, v1::Session*) {}

absl::Status ApplyRecords(const base::SessionId& id, const v1::Chunk& chunk, v1::Session* session) {
  rec::RecordReader reader(id, chunk.payload());
  rec::Record record;
  uint64_t count = 0;
  for (;;) {
    CHAPERONE_ASSIGN_OR_RETURN(const bool more, reader.Next(&record));
    if (!more) {
      break;
    }
    if (session->recorded_records() + count == 0 && record.type != rec::RecordType::kSessionStarted) {
      return base::DataLoss("the first record is not the start of a session");
    }
    ++count;
    std::visit([&](const auto& body) { Apply(body, record.time_us, session); }, record.body);
  }
  if (count != chunk.records()) {
    return base::DataLoss("the chunk says {} records and holds {}", chunk.records(), count);
  }
  return absl::OkStatus();
}

absl::Status CheckChain(const base::SessionId& id, const v1::Chunk& chunk, const v1::Session& session) {
  if (chunk.chain_before() != session.chain_head()) {
    return base::DataLoss("the chain value before record {} is not that of the stored recording", chunk.first_record());
  }
  rec::ChainValue before;
  std::memcpy(before.data(), session.chain_head().data(), before.size());
  const rec::ChainValue after = rec::ChainAfter(before, {id, chunk.first_record(), chunk.records()}, chunk.payload());
  if (std::string_view(reinterpret_cast<const char*>(after.data()), after.size()) != chunk.chain_after()) {
    return base::DataLoss("the chain value after record {} does not match the chunk", chunk.first_record());
  }
  return absl::OkStatus();
}

}  // namespace

v1::Session NewSession(const base::SessionId& id, const std::string& sidecar) {
  v1::Session session;
  session.set_id(id.ToString());
  session.set_state(v1::Session::LIVE);
  session.set_sidecar(sidecar);
  session.set_chain_head(std::string(rec::kChainBytes, '\0'));
  return session;
}

absl::Status TakeChunk(const base::SessionId& id, const v1::Chunk& chunk, v1::Session* session) {
  if (session->chain_head().size() != rec::kChainBytes) {
    return base::DataLoss("the stored session has no chain value");
  }
  if (chunk.payload().size() > kChunkBytesMax || chunk.records() == 0) {
    return base::DataLoss("a chunk has {} records in {} bytes; it must have at least one record in at most {} bytes",
                          chunk.records(), chunk.payload().size(), kChunkBytesMax);
  }
  if (chunk.first_record() != session->recorded_records()) {
    return base::DataLoss("a chunk starts at record {}; record {} comes next", chunk.first_record(),
                          session->recorded_records());
  }
  CHAPERONE_RETURN_IF_ERROR(CheckChain(id, chunk, *session));
  CHAPERONE_RETURN_IF_ERROR(ApplyRecords(id, chunk, session));
  session->set_recorded_records(session->recorded_records() + chunk.records());
  session->set_recorded_bytes(session->recorded_bytes() + chunk.payload().size());
  session->set_chain_head(chunk.chain_after());
  return absl::OkStatus();
}

}  // namespace chaperone::sessions
