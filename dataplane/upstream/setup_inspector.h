// What is wrong with the database's set-up, as the sidecar's own role can tell: what that role may do beyond what
// agents need, and whether others get in past the sidecar. Asked over a connection of its own, now and then; for
// `chaperone doctor`. Names only: no value, no secret.
//
// Threading: everything happens on the given loop, but for Latest.
#ifndef CHAPERONE_DATAPLANE_UPSTREAM_SETUP_INSPECTOR_H_
#define CHAPERONE_DATAPLANE_UPSTREAM_SETUP_INSPECTOR_H_

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "api/base/status.h"
#include "dataplane/runtime/loop.h"
#include "dataplane/runtime/task.h"
#include "dataplane/runtime/waiter.h"
#include "dataplane/upstream/connector.h"
#include "dataplane/upstream/setup_findings.h"

namespace chaperone::upstream {

// As of the last round.
struct Inspection {
  // "PostgreSQL 15.4"; empty until the database was reached.
  std::string database_version;
  // Why it cannot be reached; empty when it can.
  std::string database_error;
  std::vector<SetupFinding> findings;
};

class SetupInspector {
 public:
  struct Options {
    std::chrono::milliseconds interval{60'000};
    std::chrono::milliseconds query_timeout{10'000};
    // Databases that are looked into, besides the first.
    size_t databases_max = 16;
  };

  SetupInspector(runtime::Loop& loop, Connector& connector, const Options& options);
  SetupInspector(const SetupInspector&) = delete;
  SetupInspector& operator=(const SetupInspector&) = delete;

  void Start();
  // Ownership differs from database to database: this one is looked into as well, at once.
  void Include(const std::string& database);
  void Stop();

  // From any thread.
  Inspection Latest() const;

 private:
  // What is known of one database.
  struct Known {
    std::vector<SetupFact> facts;
    bool reached = false;
    bool is_new = true;
    std::string error;
  };

  runtime::Task<void> Serve();
  runtime::Task<absl::Status> Examine(std::string database, Known* known);
  void Publish();

  runtime::Loop& loop_;
  Connector& connector_;
  const Options options_;
  runtime::Waiter waiter_;
  runtime::WatchedFd watched_;
  runtime::TaskGroup tasks_;
  std::map<std::string, Known> databases_;
  bool stopping_ = false;
  mutable std::mutex mutex_;
  Inspection latest_;  // guarded by mutex_
};

}  // namespace chaperone::upstream

#endif  // CHAPERONE_DATAPLANE_UPSTREAM_SETUP_INSPECTOR_H_
