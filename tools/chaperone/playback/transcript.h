// A recording as people read it: every statement with its time, decision, rule, parameters, result and outcome. All
// text of strangers is neutralised. Not thread-safe.
#ifndef CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_TRANSCRIPT_H_
#define CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_TRANSCRIPT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "api/recording/record.h"
#include "tools/chaperone/playback/session_state.h"

namespace chaperone::playback {

// Rows that are gathered before they are drawn as one table.
inline constexpr size_t kPageRows = 100;
inline constexpr size_t kCellColumnsMax = 60;

class Transcript {
 public:
  // Appends what the record says to `out`. Rows wait until their page is full or their statement ends.
  // Errors: DataLoss for rows that do not decode, ResourceExhausted for a recording past SessionState's bound.
  absl::Status Add(const recording::Record& record, std::string* out);

  // Draws the rows that wait: at the end of what has arrived so far.
  void Flush(std::string* out);

  // After the last record: flushes, and names the statements that were cut off.
  void Finish(std::string* out);

 private:
  struct Page {
    uint64_t statement = 0;
    uint32_t shape_id = 0;
    std::vector<std::vector<std::string>> rows;
  };

  void Show(const recording::SessionStarted& body, std::string* out);
  void Show(const recording::Attempt& body, std::string_view time, std::string* out);
  absl::Status Show(const recording::Row& body, std::string* out);
  void Show(const recording::Outcome& body, std::string_view time, std::string* out);
  void Show(const recording::CopyData& body, std::string_view time, std::string* out);
  void Show(const recording::SessionEnded& body, std::string_view time, std::string* out);

  SessionState state_;
  std::optional<Page> page_;
  // Allowed statements without an outcome yet; a session has few at a time.
  std::map<uint64_t, std::string> open_;
};

// "allow", "require approval", "deny".
std::string_view DecisionWord(recording::RecordedDecision decision);

}  // namespace chaperone::playback

#endif  // CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_TRANSCRIPT_H_
