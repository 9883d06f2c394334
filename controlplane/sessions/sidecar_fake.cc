#include "controlplane/sessions/sidecar_fake.h"

#include <chrono>
#include <utility>

#include "api/recording/record.h"
#include "controlplane/model/keys.h"

namespace chaperone::sessions {

namespace rec = ::chaperone::recording;

template <typename Body>
void FakeRecording::Write(const Body& body) {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(clock_.Wall().time_since_epoch()).count();
  const size_t before = payload_.size();
  payload_.resize(before + rec::EncodedBytesMax(body));
  const size_t bytes = rec::Encode({rec::OriginOf(id_), static_cast<uint64_t>(now)}, body,
                                   reinterpret_cast<uint8_t*>(payload_.data()) + before);
  payload_.resize(before + bytes);
  ++pending_;
}

FakeRecording::FakeRecording(const base::Clock& clock, std::string subject)
    : clock_(clock), id_(base::SessionId::New(clock)) {
  rec::SessionStarted started;
  started.issuer = "https://idp";
  started.subject = subject;
  started.human = "ann";
  started.groups = {"coding-agents"};
  started.sidecar = "what the sidecar calls itself";
  started.endpoint = "shop-prod";
  started.database = "shop";
  started.role = "agent_role";
  started.client_address = "127.0.0.1:5000";
  Write(started);
}

FakeRecording& FakeRecording::Statement(bool denied, uint64_t rows, uint64_t masked_cells) {
  rec::Attempt attempt;
  attempt.statement = statements_;
  attempt.decision = denied ? rec::RecordedDecision::kDeny : rec::RecordedDecision::kAllow;
  Write(attempt);
  rec::Outcome outcome;
  outcome.statement = statements_;
  outcome.rows = rows;
  outcome.masked_cells = masked_cells;
  Write(outcome);
  ++statements_;
  denied_ += denied ? 1 : 0;
  rows_ += rows;
  masked_cells_ += masked_cells;
  return *this;
}

FakeRecording& FakeRecording::Text(size_t bytes) {
  const std::string text(bytes, 'x');
  rec::StatementText record;
  record.text_id = 1;
  record.text = text;
  Write(record);
  return *this;
}

FakeRecording& FakeRecording::End(const std::string& reason) {
  rec::SessionEnded ended;
  ended.reason = reason;
  ended.statements = statements_;
  ended.denied = denied_;
  ended.rows = rows_;
  ended.masked_cells = masked_cells_;
  Write(ended);
  return *this;
}

v1::Chunk FakeRecording::Seal() {
  v1::Chunk chunk;
  chunk.set_session_id(model::IdKey(id_));
  chunk.set_first_record(next_record_);
  chunk.set_records(pending_);
  chunk.set_chain_before(std::string(chain_.begin(), chain_.end()));
  chain_ = rec::ChainAfter(chain_, {id_, next_record_, pending_}, payload_);
  chunk.set_chain_after(std::string(chain_.begin(), chain_.end()));
  chunk.set_payload(std::move(payload_));
  payload_.clear();
  next_record_ += pending_;
  pending_ = 0;
  return chunk;
}

v1::RecordBatch BatchOf(uint64_t position, std::initializer_list<v1::Chunk> chunks) {
  v1::RecordBatch batch;
  batch.set_position(position);
  for (const v1::Chunk& chunk : chunks) {
    *batch.add_chunks() = chunk;
  }
  return batch;
}

}  // namespace chaperone::sessions
