#include "dataplane/recorder/chunker.h"

#include "api/recording/record.h"

namespace chaperone::recorder {

void Chunker::Resume(const base::SessionId& session, uint64_t next_record, const recording::ChainValue& chain) {
  sessions_[session] = State{next_record, chain};
}

absl::StatusOr<std::vector<SealedChunk>> Chunker::Seal(const std::vector<Spool::Frame>& frames) {
  std::vector<SealedChunk> chunks;
  std::unordered_map<base::SessionId, size_t> chunk_of;
  std::vector<bool> ended;
  for (const Spool::Frame& frame : frames) {
    const auto [found, is_new] = chunk_of.try_emplace(frame.session, chunks.size());
    if (is_new) {
      const State& state = sessions_[frame.session];
      chunks.emplace_back();
      chunks.back().session = frame.session;
      chunks.back().first_record = state.next_record;
      chunks.back().chain_before = state.chain;
      ended.push_back(false);
    }
    SealedChunk& chunk = chunks[found->second];
    for (std::string_view rest = frame.records; !rest.empty();) {
      CHAPERONE_ASSIGN_OR_RETURN(const size_t bytes, recording::FirstRecordBytes(rest));
      ended[found->second] = static_cast<recording::RecordType>(rest[0]) == recording::RecordType::kSessionEnded;
      rest.remove_prefix(bytes);
      ++chunk.records;
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
