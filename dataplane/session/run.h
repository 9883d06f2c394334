// One attempt on its way: what was allowed to run, and what has come back of it so far.
#ifndef CHAPERONE_DATAPLANE_SESSION_RUN_H_
#define CHAPERONE_DATAPLANE_SESSION_RUN_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "dataplane/masking/copy.h"
#include "dataplane/masking/result.h"
#include "dataplane/session/counted.h"
#include "dataplane/session/judgement.h"

namespace chaperone::session {

// How many rows a statement may change, and by which rule ("<policy>/<rule>").
struct RowBound {
  uint64_t rows_max = 0;
  std::string rule;
};

struct PassedLimit {
  // "rows_per_statement = 10000".
  std::string limit;
  // What to do about it.
  std::string hint;
  // When there is room again, if it is a matter of time.
  std::optional<std::chrono::seconds> retry_after;
};

// Format codes of a Bind: none, one for all columns, or one for each. Few, mostly: they need no memory of their own.
using Formats = absl::InlinedVector<uint16_t, 8>;

struct Run : Counted<Run>, Pooled<Run> {
  JudgedPtr judged;
  // Which statement of the text produces what arrives now.
  uint32_t index = 0;
  // What the statements that its text names were when it was admitted.
  std::vector<JudgedPtr> targets;
  // The attempt's number in the recording.
  uint64_t statement = 0;
  std::chrono::steady_clock::time_point started;

  // Each of its statements is undone when it changes more rows than this; null: as many as it likes.
  std::unique_ptr<RowBound> bound;

  // Result formats of its Bind; empty for text.
  Formats formats;
  // Its last outcome is in the record.
  bool is_recorded = false;
  // The limit that ends it, once one is passed.
  std::unique_ptr<PassedLimit> passed;

  // Of the statement at `index`; reset when it completes.
  // Its columns are known, or need not be.
  bool opened = false;
  // How its rows are masked; null: they pass as they are.
  std::shared_ptr<masking::ResultPlan> plan;
  // COPY … TO STDOUT has begun.
  bool copies_out = false;
  // How the rows that COPY sends are masked; null: they pass as they are.
  std::unique_ptr<masking::CopyMasker> copy;
  // The recording's number for its columns; 0: not described.
  uint32_t shape_id = 0;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  uint64_t masked_cells = 0;
  uint64_t recorded_rows = 0;
  // Rows are withheld since a limit was passed; the statement is being cancelled.
  bool limit_reached = false;

  void ResetResult() {
    opened = false;
    plan = nullptr;
    copies_out = false;
    copy = nullptr;
    shape_id = 0;
    rows = bytes = masked_cells = recorded_rows = 0;
    limit_reached = false;
  }
};
using RunPtr = Ref<Run>;

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_RUN_H_
