#include "tools/chaperone/playback/verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "api/recording/record.h"

namespace chaperone::playback {

namespace {

std::string_view Bytes(const recording::ChainValue& value) {
  return {reinterpret_cast<const char*>(value.data()), value.size()};
}

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    out += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  }
  return out;
}

}  // namespace

std::string HeadHex(const recording::ChainValue& head) { return Hex(Bytes(head)); }

Verifier::Verifier(const v1::Session& session, base::SessionId id) : session_(session), id_(id) {
  // A session without a chunk has no head yet.
  if (!session.chain_head().empty()) {
    expected_.push_back({.head = session.chain_head(), .name = "the head that the control plane stores"});
  }
}

absl::StatusOr<Verifier> Verifier::For(const v1::Session& session) {
  CHAPERONE_ASSIGN_OR_RETURN(const base::SessionId id, base::SessionId::Parse(session.id()));
  return Verifier(session, id);
}

absl::Status Verifier::ExpectHead(std::string_view hex) {
  if (hex.size() != 2 * recording::kChainBytes ||
      hex.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
    return base::InvalidArgument("a head is {} hexadecimal digits, as `sessions verify` prints it",
                                 2 * recording::kChainBytes);
  }
  std::string head;
  for (size_t i = 0; i < hex.size(); i += 2) {
    head += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  expected_.push_back({.head = std::move(head), .name = "the head given with --head"});
  return absl::OkStatus();
}

absl::Status Verifier::Add(const v1::Chunk& chunk) {
  const std::string where = fmt::format("chunk {} (records {} to {})", totals_.chunks + 1, chunk.first_record(),
                                        chunk.first_record() + std::max(chunk.records(), 1U) - 1);
  if (chunk.session_id() != std::string_view(reinterpret_cast<const char*>(id_.bytes().data()), base::kIdBytes)) {
    return base::DataLoss("{} belongs to another session", where);
  }
  if (chunk.first_record() != totals_.records) {
    return base::DataLoss("{} does not follow record {}: {}", where, totals_.records,
                          chunk.first_record() > totals_.records ? "records are missing" : "records are repeated");
  }
  if (chunk.chain_before() != Bytes(totals_.head)) {
    return base::DataLoss("{} was not written after the chunk before it: the chain is broken", where);
  }
  const recording::ChunkHeader header{.session = id_, .first_record = chunk.first_record(), .records = chunk.records()};
  totals_.head = recording::ChainAfter(totals_.head, header, chunk.payload());
  if (chunk.chain_after() != Bytes(totals_.head)) {
    return base::DataLoss("{} was changed after it was written: its hash does not match", where);
  }
  CHAPERONE_RETURN_IF_ERROR(CheckRecords(chunk, where));
  ++totals_.chunks;
  totals_.records += chunk.records();
  totals_.bytes += chunk.payload().size();
  for (Expected& expected : expected_) {
    expected.met = expected.met || expected.head == Bytes(totals_.head);
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckRecords(const v1::Chunk& chunk, std::string_view where) {
  recording::RecordReader reader(id_, chunk.payload());
  recording::Record record;
  uint64_t count = 0;
  while (true) {
    absl::StatusOr<bool> next = reader.Next(&record);
    if (!next.ok()) {
      return base::DataLoss("{}: record {} does not decode: {}", where, chunk.first_record() + count,
                            base::Message(next.status()));
    }
    if (!*next) {
      break;
    }
    const bool is_start = record.type == recording::RecordType::kSessionStarted;
    if (is_start != (chunk.first_record() + count == 0)) {
      return base::DataLoss("{}: record {} is {} the session's start", where, chunk.first_record() + count,
                            is_start ? "a second record of" : "not");
    }
    if (ended_) {
      return base::DataLoss("{}: record {} stands after the session's end", where, chunk.first_record() + count);
    }
    ended_ = record.type == recording::RecordType::kSessionEnded;
    ++count;
  }
  if (count != chunk.records()) {
    return base::DataLoss("{} holds {} records", where, count);
  }
  return absl::OkStatus();
}

absl::Status Verifier::Finish() const {
  for (const Expected& expected : expected_) {
    if (!expected.met) {
      return base::DataLoss("the recording's {} records never reach {}: {}", totals_.records, expected.name,
                            Hex(expected.head));
    }
  }
  const bool ended = session_.state() == v1::Session::ENDED;
  const bool exact = totals_.records == session_.recorded_records() && totals_.bytes == session_.recorded_bytes();
  const bool short_of = totals_.records < session_.recorded_records() || totals_.bytes < session_.recorded_bytes();
  if (ended ? !exact : short_of) {
    return base::DataLoss("the recording has {} records in {} bytes; the control plane counted {} in {}",
                          totals_.records, totals_.bytes, session_.recorded_records(), session_.recorded_bytes());
  }
  return absl::OkStatus();
}

}  // namespace chaperone::playback
