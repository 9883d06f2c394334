#include "dataplane/recorder/chunker.h"

#include "api/recording/record.h"

namespace chaperone::recorder {

void Chunker::Resume(const base::SessionId& session, uint64_t next_record, const recording::ChainValue& chain) {
  sessions_[session] = State{next_record, chain};
}

absl::StatusOr<std::vector<SealedChunk>> Chunker::Seal(const std::vector<Spool::Frame>& frames) {
  std::vector<SealedChunk> chunks;
  std::unordered_map<base::SessionId, size_t> chunk_of;
  // Whether each has the end of its session.
  std::vector<bool> ended;
  size_t at = 0;
  for (const Spool::Frame& frame : frames) {
    // Mostly the next frame is of the same session.
    if (chunks.empty() || chunks[at].session != frame.session) {
      at = chunk_of.try_emplace(frame.session, chunks.size()).first->second;
    }
    if (at == chunks.size()) {
      const State& state = sessions_[frame.session];
      chunks.emplace_back();
      chunks.back().session = frame.session;
      chunks.back().first_record = state.next_record;
      chunks.back().chain_before = state.chain;
      ended.push_back(false);
    }
    SealedChunk& chunk = chunks[at];
    recording::RecordHead head{};
    for (std::string_view rest = frame.records; !rest.empty(); rest.remove_prefix(head.total_bytes)) {
      head = recording::FirstRecord(rest);
      if (head.total_bytes == 0) {
        return base::DataLoss("a frame of the spool does not hold whole records");
      }
      ++chunk.records;
    }
    if (head.type == recording::RecordType::kSessionEnded) {
      ended[at] = true;
    }
    chunk.payload.append(frame.records);
  }
  for (size_t i = 0; i < chunks.size(); ++i) {
    SealedChunk& chunk = chunks[i];
    const recording::ChunkHeader header{chunk.session, chunk.first_record, chunk.records};
    chunk.chain_after = recording::ChainAfter(chunk.chain_before, header, chunk.payload);
    if (ended[i]) {
      sessions_.erase(chunk.session);
    } else {
      sessions_[chunk.session] = State{chunk.first_record + chunk.records, chunk.chain_after};
    }
  }
  return chunks;
}

}  // namespace chaperone::recorder
