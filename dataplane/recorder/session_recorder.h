// Writes one session's records into the spool. Each call is one frame; false means that it could not be written (the
// spool is full) and that what it describes must not happen.
//
// Threading: the session's loop.
#ifndef CHAPERONE_DATAPLANE_RECORDER_SESSION_RECORDER_H_
#define CHAPERONE_DATAPLANE_RECORDER_SESSION_RECORDER_H_

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "api/base/id.h"
#include "api/recording/record.h"
#include "dataplane/recorder/spool.h"

namespace chaperone::recorder {

class SessionRecorder {
 public:
  // `spool` must outlive it.
  SessionRecorder(Spool& spool, const base::SessionId& session) : spool_(spool), session_(session) {}
  SessionRecorder(const SessionRecorder&) = delete;
  SessionRecorder& operator=(const SessionRecorder&) = delete;

  // Appends a record. `time_us`: microseconds since the epoch.
  template <typename Body>
  bool Append(uint64_t time_us, const Body& body) {
    uint8_t* const out = spool_.Reserve(session_, recording::EncodedBytesMax(body));
    if (out == nullptr) {
      return false;
    }
    spool_.Commit(recording::Encode(time_us, body, out));
    return true;
  }

  // Appends an attempt, and before it its statement's text if this session's record does not have it yet. `text_key`
  // identifies the text for as long as the process lives; 0: a text that is not worth remembering. New statements are
  // refused (false) while the spool keeps its reserve for the outcomes of those that run.
  bool AppendAttempt(uint64_t time_us, uint64_t text_key, std::string_view text, recording::Attempt attempt);

  const base::SessionId& session() const { return session_; }

 private:
  // How many texts are remembered; past this the memory starts anew, and texts are written again.
  static constexpr size_t kTextsMax = 256;

  Spool& spool_;
  const base::SessionId session_;
  uint32_t next_text_id_ = 1;
  std::unordered_map<uint64_t, uint32_t> text_ids_;
};

}  // namespace chaperone::recorder

#endif  // CHAPERONE_DATAPLANE_RECORDER_SESSION_RECORDER_H_
