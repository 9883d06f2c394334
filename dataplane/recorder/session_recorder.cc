#include "dataplane/recorder/session_recorder.h"

#include <utility>

namespace chaperone::recorder {

bool SessionRecorder::Recall(uint64_t key) {
  const auto found = texts_.find(key);
  if (found == texts_.end()) {
    return false;
  }
  recent_[key % kRecentMax] = {key, found->second};
  return true;
}

uint32_t SessionRecorder::TextId(uint64_t time_us, const Text& text) {
  const Recent& recent = recent_[text.key % kRecentMax];
  if (text.key != 0 && (text.key == recent.key || Recall(text.key))) {
    return recent.known.text_id;
  }
  if (!Append(time_us, recording::StatementText{next_text_id_, text.text})) {
    return 0;
  }
  return next_text_id_++;
}

uint32_t SessionRecorder::VerdictId(uint64_t time_us, recording::Verdict verdict) {
  std::string content(recording::EncodedBytesMax(verdict), '\0');
  content.resize(recording::Encode({}, verdict, reinterpret_cast<uint8_t*>(content.data())));
  if (const auto known = verdicts_.find(content); known != verdicts_.end()) {
    return known->second;
  }
  verdict.verdict_id = next_verdict_id_;
  if (!Append(time_us, verdict)) {
    return 0;
  }
  if (verdicts_.size() == kVerdictsMax) {
    verdicts_.clear();
  }
  verdicts_.emplace(std::move(content), next_verdict_id_);
  return next_verdict_id_++;
}

bool SessionRecorder::AppendAttempt(uint64_t time_us, const Text& text, recording::Verdict verdict,
                                    recording::Attempt attempt) {
  if (!spool_.HasRoom()) {
    return false;
  }
  attempt.text_id = TextId(time_us, text);
  attempt.verdict_id = attempt.text_id != 0 ? VerdictId(time_us, verdict) : 0;
  if (attempt.verdict_id == 0 || !Append(time_us, attempt)) {
    return false;
  }
  Recent& recent = recent_[text.key % kRecentMax];
  if (text.key != 0 && (text.has_verdict || text.key != recent.key)) {
    if (texts_.size() == kTextsMax) {
      texts_.clear();
    }
    recent = {text.key, Known{attempt.text_id, text.has_verdict ? attempt.verdict_id : 0}};
    texts_[text.key] = recent.known;
  }
  return true;
}

}  // namespace chaperone::recorder
