// One loop's sessions, what they share, and the services of the whole process that they use.
#ifndef CHAPERONE_DATAPLANE_SESSION_SESSION_TABLE_H_
#define CHAPERONE_DATAPLANE_SESSION_SESSION_TABLE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/approval/board.h"
#include "dataplane/approval/gate.h"
#include "dataplane/events/loop_metrics.h"
#include "dataplane/policy/freshness.h"
#include "dataplane/recorder/spool.h"
#include "dataplane/runtime/loop.h"
#include "dataplane/runtime/task.h"
#include "dataplane/runtime/tls.h"
#include "dataplane/session/cancel_registry.h"
#include "dataplane/session/judge_contexts.h"
#include "dataplane/session/options.h"
#include "dataplane/session/probe_budget.h"
#include "dataplane/session/quota.h"
#include "dataplane/session/scratch.h"
#include "dataplane/session/session_counter.h"
#include "dataplane/session/snapshot.h"
#include "dataplane/upstream/catalog_service.h"
#include "dataplane/upstream/connector.h"
#include "dataplane/upstream/estimate.h"

namespace chaperone::session {

class Session;

// TLS towards clients, replaced when the certificate changes.
class ClientTls {
 public:
  void Set(std::shared_ptr<SSL_CTX> context) { std::atomic_store(&context_, std::move(context)); }
  // Null when TLS is not configured.
  std::shared_ptr<SSL_CTX> Get() const { return std::atomic_load(&context_); }

 private:
  std::shared_ptr<SSL_CTX> context_;
};

// All outlive every loop.
struct Services {
  const base::Clock& clock;
  const SessionOptions& options;
  upstream::Connector& connector;
  upstream::CatalogService& catalogs;
  approval::Gate& approvals;
  approval::Board& approval_board;
  const policy::ControlPlaneLink& link;
  CancelRegistry& cancels;
  SessionCounter& counter;
  QuotaBook& quotas;
  ProbeBudget& probes;
  SharedDetectors& detectors;
  const ClientTls& client_tls;
};

// Threading: the loop's.
class SessionTable {
 public:
  SessionTable(const Services& services, runtime::Loop& loop, std::shared_ptr<recorder::Spool> spool,
               events::LoopMetrics& metrics);
  // REQUIRES: size() == 0.
  ~SessionTable();
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  // Takes over an accepted connection. `is_local`: it comes over loopback or a Unix socket. `on_end` runs on this loop
  // when it has ended, also when it is turned away.
  void Accept(runtime::Fd fd, std::string peer_address, bool is_local, std::function<void()> on_end);
  // A new snapshot is in force. Sessions that it revokes end; their ids by revocation go to `ended`.
  struct Ended {
    std::string revocation_id;
    base::SessionId session;
  };
  std::vector<Ended> SetSnapshot(SnapshotPtr snapshot);
  // What was read anew; kept when a session here uses the database.
  void SetCatalog(const std::string& database, upstream::CatalogInUse catalog);
  // Ends a session. False when it is not here. `done` runs when its connection is closed.
  bool Kill(const base::SessionId& session, const std::string& reason, std::function<void()> done);
  // Nothing begins any more; sessions end when nothing runs, and all of them by `deadline`. `done` runs when none is
  // left.
  void Drain(runtime::SteadyTime deadline, std::function<void()> done);
  size_t size() const { return sessions_.size(); }

  // --- For sessions ---
  const Services& services() const { return services_; }
  runtime::Loop& loop() { return loop_; }
  recorder::Spool& spool() { return *spool_; }
  events::LoopMetrics& metrics() { return metrics_; }
  const SnapshotPtr& snapshot() const { return snapshot_; }
  // Grows with every snapshot and catalog.
  uint64_t generation() const { return generation_; }
  // A session begins and ends to use a database; its catalog is kept for as long as one does.
  void EnterDatabase(const std::string& database) { ++databases_[database].sessions; }
  void LeaveDatabase(const std::string& database);
  // Null when the catalog has not been read yet. REQUIRES: the session has entered the database.
  upstream::CatalogPtr CatalogOf(const std::string& database) const;
  std::shared_ptr<const policy::View> ViewFor(const policy::Principal& principal, const std::string& database);
  std::shared_ptr<JudgeContext> ContextFor(const std::shared_ptr<const policy::View>& view, uint64_t policy_revision,
                                           const upstream::CatalogPtr& catalog, const sql::SessionContext& names);
  Scratch& scratch() { return scratch_; }
  void Add(const base::SessionId& id, Session* session) { sessions_[id] = session; }
  void Remove(const base::SessionId& id);
  // Asks the database to cancel what a server process runs; `done`, unless it is empty, runs on this loop when the
  // database has taken note, or could not be reached.
  void CancelUpstream(uint32_t process_id, const std::string& key, CancelRegistry::Done done = {});
  // The planner's estimate for a statement; `done` runs on this loop, with an error when as many estimates as there may
  // be are under way.
  void Estimate(upstream::EstimateInput input, std::function<void(const absl::StatusOr<double>&)> done);
  // Sessions end when nothing runs, and by this time.
  const std::optional<runtime::SteadyTime>& drain_deadline() const { return drain_deadline_; }

 private:
  const Services services_;
  runtime::Loop& loop_;
  const std::shared_ptr<recorder::Spool> spool_;
  events::LoopMetrics& metrics_;
  SnapshotPtr snapshot_;
  uint64_t generation_ = 1;
  struct Database {
    upstream::CatalogInUse catalog;
    size_t sessions = 0;
  };
  std::unordered_map<std::string, Database> databases_;
  std::unordered_map<std::string, std::weak_ptr<const policy::View>> views_;
  JudgeContexts contexts_;
  size_t estimating_ = 0;
  Scratch scratch_;
  std::optional<runtime::SteadyTime> drain_deadline_;
  std::function<void()> drained_;
  std::unordered_map<base::SessionId, Session*> sessions_;
  runtime::TaskGroup tasks_;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_SESSION_TABLE_H_
