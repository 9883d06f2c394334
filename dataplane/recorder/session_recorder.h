// Writes one session's records into the spool. False from a call means that the record could not be written (the spool
// is full) and that what it describes must not happen; true, that it will be safe after Commit, which has to come
// before anybody sees what it describes.
//
// Threading: the session's loop.
#ifndef CHAPERONE_DATAPLANE_RECORDER_SESSION_RECORDER_H_
#define CHAPERONE_DATAPLANE_RECORDER_SESSION_RECORDER_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/base/id.h"
#include "api/base/prefetch.h"
#include "api/recording/record.h"
#include "dataplane/recorder/spool.h"

namespace chaperone::recorder {

class SessionRecorder {
 public:
  // A statement's text. `key` identifies it for as long as the process lives; 0: it is not worth remembering.
  struct Text {
    uint64_t key = 0;
    std::string_view text;
    // The verdict that comes with it is that of every attempt under this key.
    bool has_verdict = false;
  };
  // What an attempt names by number.
  struct Known {
    uint32_t text_id = 0;
    // 0: no verdict belongs to the text.
    uint32_t verdict_id = 0;
  };

  // `spool` must outlive it.
  SessionRecorder(Spool& spool, const base::SessionId& session)
      : spool_(spool), session_(session), origin_us_(recording::OriginOf(session)) {}
  SessionRecorder(const SessionRecorder&) = delete;
  SessionRecorder& operator=(const SessionRecorder&) = delete;

  // Appends a record. `time_us`: microseconds since the epoch.
  template <typename Body>
  bool Append(uint64_t time_us, const Body& body) {
    const size_t bytes_max = recording::EncodedBytesMax(body);
    uint8_t* const out = bytes_max <= recording::kRecordBytesMax ? spool_.Reserve(session_, bytes_max) : nullptr;
    if (out == nullptr) {
      return false;
    }
    spool_.Add(recording::Encode({origin_us_, time_us, spool_.continues() ? last_time_us_ : 0}, body, out));
    last_time_us_ = time_us;
    return true;
  }

  void Commit() { spool_.Commit(); }
  // Asks for the memory that the next records go to.
  void Prefetch() const {
    base::PrefetchObject(&recent_);
    spool_.Prefetch();
  }

  // The text and the verdict that belongs to it, when both are in the record and remembered; else null. Valid until the
  // next call.
  const Known* Find(uint64_t key) {
    const Recent& recent = recent_[key % kRecentMax];
    if (recent.key != key && !Recall(key)) {
      return nullptr;
    }
    return recent.known.verdict_id != 0 ? &recent.known : nullptr;
  }

  // Both append an attempt that names neither text nor verdict yet: one with what Find returned, one with what is to be
  // written before it, as far as it is not in the record. New statements are refused while the spool keeps its reserve
  // for the outcomes of those that run.
  bool AppendAttempt(uint64_t time_us, const Known& known, recording::Attempt& attempt) {
    attempt.text_id = known.text_id;
    attempt.verdict_id = known.verdict_id;
    return spool_.HasRoom() && Append(time_us, attempt);
  }
  bool AppendAttempt(uint64_t time_us, const Text& text, recording::Verdict verdict, recording::Attempt attempt);

  const base::SessionId& session() const { return session_; }

 private:
  // How many texts (verdicts) are remembered; past this the memory starts anew, and they are written again.
  static constexpr size_t kTextsMax = 256;
  static constexpr size_t kVerdictsMax = 32;
  static constexpr size_t kRecentMax = 8;

  // Puts it among the recent ones; false when it is not remembered.
  bool Recall(uint64_t key);
  // Both append what is not in the record; 0 when that cannot be.
  uint32_t TextId(uint64_t time_us, const Text& text);
  uint32_t VerdictId(uint64_t time_us, recording::Verdict verdict);

  Spool& spool_;
  const base::SessionId session_;
  const uint64_t origin_us_;
  uint64_t last_time_us_ = 0;
  uint32_t next_text_id_ = 1;
  uint32_t next_verdict_id_ = 1;
  std::unordered_map<uint64_t, Known> texts_;
  // By their bytes under the number 0.
  std::unordered_map<std::string, uint32_t> verdicts_;
  // Texts that were found lately: mostly one of them comes next. Each has its place by its key; keys are given in the
  // order in which texts are first seen, so that the statements of a transaction get places of their own.
  struct Recent {
    uint64_t key = 0;
    Known known;
  };
  std::array<Recent, kRecentMax> recent_;
};

}  // namespace chaperone::recorder

#endif  // CHAPERONE_DATAPLANE_RECORDER_SESSION_RECORDER_H_
