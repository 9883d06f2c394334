// Records as JSON objects, one a line: what `sessions export` writes and `-o json` prints. Every object stands for
// itself: an attempt carries its text, rows carry their column names. Not thread-safe.
#ifndef CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_RECORD_JSON_H_
#define CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_RECORD_JSON_H_

#include <cstdint>
#include <string>

#include "api/base/status.h"
#include "api/recording/record.h"
#include "tools/chaperone/playback/session_state.h"

namespace chaperone::playback {

class RecordJson {
 public:
  // One line without its newline; records are numbered from 0 in the order of the calls. Errors: DataLoss for rows that
  // do not decode, ResourceExhausted for a recording past SessionState's bound.
  absl::StatusOr<std::string> Next(const recording::Record& record);

 private:
  SessionState state_;
  uint64_t number_ = 0;
};

}  // namespace chaperone::playback

#endif  // CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_RECORD_JSON_H_
