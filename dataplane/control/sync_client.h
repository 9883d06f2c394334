// The Sync stream: snapshots, decisions and kill orders come down; acknowledgements and reports go up. Keeps the last
// good snapshot on disk, so that a sidecar that restarts without the control plane enforces what it enforced before.
//
// Threading: two threads of its own; callbacks run on them, one at a time.
#ifndef CHAPERONE_DATAPLANE_CONTROL_SYNC_CLIENT_H_
#define CHAPERONE_DATAPLANE_CONTROL_SYNC_CLIENT_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/base/clock.h"
#include "api/base/id.h"
#include "dataplane/approval/board.h"
#include "dataplane/control/catalog_reports.h"
#include "dataplane/control/channel.h"
#include "dataplane/control/snapshot_parts.h"
#include "dataplane/policy/freshness.h"

namespace chaperone::control {

// Something wrong with what surrounds the sidecar, for `chaperone doctor`.
struct SetupFinding {
  bool is_error = false;
  // Stable: "upstream-role-superuser".
  std::string code;
  // What is wrong and how to mend it. Names only, never a value or a secret.
  std::string message;
};

// What the sidecar says of itself every few seconds.
struct SidecarReport {
  int live_sessions = 0;
  uint64_t spool_bytes = 0;
  std::string database_version;
  // Why the database cannot be reached; empty when it can.
  std::string database_error;
  std::vector<SetupFinding> findings;
};

struct SyncOptions {
  // The control plane's, for the log.
  std::string address;
  std::string endpoint;
  std::string version;
  std::map<std::string, std::string> labels;
  // Certificates that snapshots' signers must chain to.
  std::string ca_pem;
  // Where the last good snapshot is kept.
  std::string snapshot_file;
};

// What arrives. Each must return quickly.
struct SyncHandlers {
  // Puts the snapshot into force on every loop. An error refuses it; the one before stays.
  std::function<absl::Status(const SnapshotParts&)> apply;
  // Ends a session, wherever it is; false when there is no such session. `done` runs once it is closed.
  std::function<bool(const base::SessionId&, const std::string& reason, std::function<void()> done)> kill;
  std::function<SidecarReport()> report;
  // The control plane wants the catalog of a database: it is to be given to ReportCatalog, or the reason why not to
  // ReportNoCatalog.
  std::function<void(const std::string& database)> read_catalog;
};

class SyncClient {
 public:
  SyncClient(std::shared_ptr<grpc::Channel> channel, const base::Clock& clock, SyncOptions options,
             SyncHandlers handlers, approval::Board& board, policy::ControlPlaneLink& link);
  ~SyncClient();
  SyncClient(const SyncClient&) = delete;
  SyncClient& operator=(const SyncClient&) = delete;

  // Applies the snapshot on disk, if there is a good one, as old as it is. Errors: those of a file that is there and no
  // good.
  absl::Status LoadLast();
  void Start();
  void Stop();

  // Sessions that ended by a revocation or an order; told to the control plane.
  void ReportClosed(const std::string& cause, const std::vector<base::SessionId>& sessions);
  // These return at once; the report thread sends.
  // A catalog as it is now; sent again after each reconnect while somebody holds it.
  void ReportCatalog(const std::string& database, const ReportedCatalog& catalog);
  // The catalog that was reported last, once more.
  void RepeatCatalog(const std::string& database);
  void ReportNoCatalog(const std::string& database, const absl::Status& reason);

 private:
  struct Stream;

  void Run();
  bool IsStopping();
  void RunReports();
  void WakeReports();
  // One connection, to its end.
  void Serve();
  void OnSnapshot(Stream& stream, const v1::SignedSnapshot& snapshot);
  void SendReport(Stream& stream);
  void OnKill(const std::string& order_id, const std::string& session_id, const std::string& reason);
  absl::Status Apply(const v1::SignedSnapshot& snapshot, SnapshotParts* parts);
  void Keep(const v1::SignedSnapshot& snapshot);

  const std::shared_ptr<grpc::Channel> channel_;
  const base::Clock& clock_;
  const SyncOptions options_;
  const SyncHandlers handlers_;
  approval::Board& board_;
  policy::ControlPlaneLink& link_;
  Backoff backoff_;
  CatalogReports catalogs_;

  std::mutex mutex_;
  std::condition_variable wake_reports_;
  bool stopping_ = false;           // guarded by mutex_
  bool report_now_ = false;         // guarded by mutex_: a new stream, or a catalog
  std::shared_ptr<Stream> stream_;  // guarded by mutex_; null while there is no connection
  uint64_t version_ = 0;            // guarded by mutex_: of the snapshot in force
  std::thread sync_thread_;
  std::thread report_thread_;
};

}  // namespace chaperone::control

#endif  // CHAPERONE_DATAPLANE_CONTROL_SYNC_CLIENT_H_
