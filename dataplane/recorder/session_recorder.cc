#include "dataplane/recorder/session_recorder.h"

namespace chaperone::recorder {

bool SessionRecorder::AppendAttempt(uint64_t time_us, uint64_t text_key, std::string_view text,
                                    recording::Attempt attempt) {
  if (!spool_.HasRoom()) {
    return false;
  }
  if (text_key != 0) {
    const auto known = text_ids_.find(text_key);
    if (known != text_ids_.end()) {
      attempt.text_id = known->second;
      return Append(time_us, attempt);
    }
  }
  // Text and attempt go into one frame: a record never shows one without the other.
  recording::StatementText statement{next_text_id_, text};
  attempt.text_id = next_text_id_;
  uint8_t* const out =
      spool_.Reserve(session_, recording::EncodedBytesMax(statement) + recording::EncodedBytesMax(attempt));
  if (out == nullptr) {
    return false;
  }
  const size_t text_bytes = recording::Encode(time_us, statement, out);
  spool_.Commit(text_bytes + recording::Encode(time_us, attempt, out + text_bytes));
  if (text_key != 0) {
    if (text_ids_.size() == kTextsMax) {
      text_ids_.clear();
    }
    text_ids_.emplace(text_key, next_text_id_);
  }
  ++next_text_id_;
  return true;
}

}  // namespace chaperone::recorder
