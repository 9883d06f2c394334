// Turns the frames of a spool, which mix sessions, into chunks of one session each: numbers the records and continues
// each session's hash chain. Pure; one chunker for each spool.
#ifndef CHAPERONE_DATAPLANE_RECORDER_CHUNKER_H_
#define CHAPERONE_DATAPLANE_RECORDER_CHUNKER_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/base/id.h"
#include "api/base/status.h"
#include "api/recording/chain.h"
#include "dataplane/recorder/spool.h"

namespace chaperone::recorder {

// As chaperone.v1.Chunk.
struct SealedChunk {
  base::SessionId session;
  uint64_t first_record = 0;
  uint32_t records = 0;
  std::string payload;
  recording::ChainValue chain_before{};
  recording::ChainValue chain_after{};
};

class Chunker {
 public:
  // Where a session stands that the control plane knows already (after a reconnect or a restart).
  void Resume(const base::SessionId& session, uint64_t next_record, const recording::ChainValue& chain);
  // Forgets every session: the next frames are read from an acknowledged position again.
  void Reset() { sessions_.clear(); }

  // Chunks for `frames`, in order of each session's first frame. Errors: DataLoss when a frame does not hold whole
  // records.
  absl::StatusOr<std::vector<SealedChunk>> Seal(const std::vector<Spool::Frame>& frames);

  // Sessions that have begun and not ended.
  size_t open_sessions() const { return sessions_.size(); }

 private:
  struct State {
    uint64_t next_record = 0;
    recording::ChainValue chain = recording::kChainStart;
  };
  std::unordered_map<base::SessionId, State> sessions_;
};

}  // namespace chaperone::recorder

#endif  // CHAPERONE_DATAPLANE_RECORDER_CHUNKER_H_
