// Takes a chunk into a session: checks that it follows the chain, and brings the summary up to date from its records.
// Pure.
#ifndef CHAPERONE_CONTROLPLANE_SESSIONS_CHUNK_CHECK_H_
#define CHAPERONE_CONTROLPLANE_SESSIONS_CHUNK_CHECK_H_

#include "api/base/id.h"
#include "api/base/status.h"
#include "chaperone/v1/session.pb.h"

namespace chaperone::sessions {

// No chunk is larger; the largest record fits.
inline constexpr size_t kChunkBytesMax = 24 << 20;

// A session before its first chunk: its number of records is 0 and its chain value is zeros.
v1::Session NewSession(const base::SessionId& id, const std::string& sidecar);

// Errors: DataLoss when the chunk does not continue the session (gap, overlap, another chain), is damaged (chain value,
// framing, count of records) or is too large; `session` is then not to be used any more.
absl::Status TakeChunk(const base::SessionId& id, const v1::Chunk& chunk, v1::Session* session);

}  // namespace chaperone::sessions

#endif  // CHAPERONE_CONTROLPLANE_SESSIONS_CHUNK_CHECK_H_
