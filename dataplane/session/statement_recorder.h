// What is recorded of a session's statements: attempts before they run, results as the client gets them, outcomes.
// False from any call means that the spool would not take it, and that what it describes must not happen. What it did
// take is safe after Commit: the session calls it before anything goes out on either side.
#ifndef CHAPERONE_DATAPLANE_SESSION_STATEMENT_RECORDER_H_
#define CHAPERONE_DATAPLANE_SESSION_STATEMENT_RECORDER_H_

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/policy/policy.h"
#include "dataplane/masking/result.h"
#include "dataplane/recorder/session_recorder.h"
#include "dataplane/session/judgement.h"
#include "dataplane/session/run.h"
#include "dataplane/wire/postgres/backend.h"
#include "dataplane/wire/postgres/frontend.h"

namespace chaperone::session {

class StatementRecorder {
 public:
  // Longer values are cut in the record, which says so.
  static constexpr size_t kParameterBytesMax = 1024;
  // COPY data past this is counted and not recorded.
  static constexpr uint64_t kCopyBytesMax = 1 << 20;

  StatementRecorder(recorder::SessionRecorder& recorder, const base::Clock& clock)
      : recorder_(recorder), clock_(clock) {}

  void SetOptions(const policy::RecordingOptions& options) { options_ = options; }

  bool Start(const recording::SessionStarted& started) { return recorder_.Append(NowMicros(), started); }
  bool End(const recording::SessionEnded& ended) { return recorder_.Append(NowMicros(), ended); }

  void Commit() { recorder_.Commit(); }
  void Prefetch() const { recorder_.Prefetch(); }

  // What is recorded of an attempt. `bind` may be null; `approval_id` empty.
  struct Tried {
    const Judged& judged;
    const policy::Verdict& verdict;
    recording::Channel channel;
    const wire::postgres::Bind* bind;
    const std::vector<uint32_t>& parameter_types;
    std::string_view approval_id;
  };
  // Records an attempt under the next number, which is left in `statement`.
  bool Attempt(const Tried& tried, uint64_t* statement);

  // True when these columns were recorded lately; then `shape_id` is their number.
  bool FindShape(std::string_view description, const Formats* formats, const std::shared_ptr<masking::ResultPlan>& plan,
                 uint32_t* shape_id) const;
  // The number of the columns, recorded when they are new to the session.
  bool Shape(std::string_view description, const std::vector<wire::postgres::FieldDescription>& fields,
             const Formats* formats, const std::shared_ptr<masking::ResultPlan>& plan, uint32_t* shape_id);

  // True while the run's next row is to be recorded.
  bool WantsRow(const Run& run) const {
    return options_.results == policy::RecordingOptions::Results::kMasked &&
           run.recorded_rows < options_.rows_per_statement;
  }
  // A row as the client gets it: the body of its DataRow.
  bool Row(Run& run, std::string_view body);
  // COPY data as the client gets it, or sends it. What is sent to a table with masked columns is counted only.
  bool CopyData(const Run& run, bool from_client, std::string_view data);

  bool Outcome(const Run& run, std::string_view tag, std::string_view sqlstate, std::string_view message,
               std::chrono::steady_clock::time_point now);
  bool Notice(uint64_t statement, std::string_view severity, std::string_view sqlstate, std::string_view message);
  bool Approval(uint64_t statement, std::string_view approval_id, std::string_view state, std::string_view by);

  // The number of the next attempt.
  uint64_t next_statement() const { return next_statement_; }

 private:
  struct KnownShape {
    std::string description;
    std::shared_ptr<masking::ResultPlan> plan;
    Formats formats;
    uint32_t id = 0;
  };
  // Shapes that are recognised; past this the oldest is forgotten, and recorded again when it returns.
  static constexpr size_t kShapesMax = 8;

  uint64_t NowMicros() const;

  recorder::SessionRecorder& recorder_;
  const base::Clock& clock_;
  policy::RecordingOptions options_;
  uint64_t next_statement_ = 1;
  uint32_t next_shape_ = 1;
  std::vector<KnownShape> shapes_;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_STATEMENT_RECORDER_H_
