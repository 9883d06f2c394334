// Whether a recording is whole: every chunk follows the one before it, the hash chain holds, every byte decodes, and
// the end is the one that the control plane (or whoever kept an earlier head) names. Not thread-safe.
#ifndef CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_VERIFIER_H_
#define CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_VERIFIER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/id.h"
#include "api/base/status.h"
#include "api/recording/chain.h"
#include "chaperone/v1/session.pb.h"

namespace chaperone::playback {

struct VerifiedTotals {
  uint64_t chunks = 0;
  uint64_t records = 0;
  uint64_t bytes = 0;
  recording::ChainValue head = recording::kChainStart;
};

class Verifier {
 public:
  // `session` as the control plane described it before the first chunk was read.
  static absl::StatusOr<Verifier> For(const v1::Session& session);

  // Besides the control plane's own head: a value that was kept elsewhere and must be the head after some chunk.
  // Errors: InvalidArgument unless 64 hex digits.
  absl::Status ExpectHead(std::string_view hex);

  // The next chunk. Errors: DataLoss that names the chunk and what is wrong; the verifier is then of no further use.
  absl::Status Add(const v1::Chunk& chunk);

  // After the last chunk. Errors: DataLoss when the recording does not reach what the session says.
  absl::Status Finish() const;

  const VerifiedTotals& totals() const { return totals_; }

 private:
  Verifier(const v1::Session& session, base::SessionId id);

  absl::Status CheckRecords(const v1::Chunk& chunk, std::string_view where);

  v1::Session session_;
  base::SessionId id_;
  VerifiedTotals totals_;
  // Heads that must be met, and whether they were.
  struct Expected {
    std::string head;
    std::string name;
    bool met = false;
  };
  std::vector<Expected> expected_;
  bool ended_ = false;
};

// Lower-case hex of a chain value.
std::string HeadHex(const recording::ChainValue& head);

}  // namespace chaperone::playback

#endif  // CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_VERIFIER_H_
