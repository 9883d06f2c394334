// A simple query whose changes are counted before they stand (`max_affected_rows`). Outside of a transaction block it
// runs in a block of the sidecar's own, of which the client sees nothing; inside one, too many changes make the
// client's block fail. In the extended protocol nothing of this is needed: there the changes stand at the Sync, which
// waits.
#ifndef CHAPERONE_DATAPLANE_SESSION_ROW_GUARD_H_
#define CHAPERONE_DATAPLANE_SESSION_ROW_GUARD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "dataplane/session/run.h"
#include "dataplane/wire/postgres/error.h"

namespace chaperone::session {

struct RowGuard {
  enum class Stage : uint8_t {
    kNone,
    // The block of our own is being opened. The client's message waits in `frame`: were it sent along, and the BEGIN
    // cancelled, it would run outside of any block.
    kOpening,
    kRunning,
    // The block of our own is being closed.
    kCommitting,
    kRollingBack,
    // The client's block is being made to fail.
    kFailing,
  };
  // A statement that fails can be cancelled, and cancelled again: past this the connection is closed instead.
  static constexpr int kRollbacksMax = 5;

  Stage stage = Stage::kNone;
  RunPtr run;
  std::string frame;
  bool own_block = false;
  // The last CommandComplete and its tag: the client gets it when what it says stands.
  std::string completion;
  std::string tag;
  // What the client is told once everything is undone; set when the bound is exceeded.
  std::optional<wire::postgres::ErrorMessage> excess;
  // The client knows the outcome.
  bool is_told = false;
  int rollbacks = 0;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_ROW_GUARD_H_
