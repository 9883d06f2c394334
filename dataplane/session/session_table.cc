#include "dataplane/session/session_table.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "dataplane/session/denial.h"
#include "dataplane/session/session.h"

namespace chaperone::session {

using events::Count;
using runtime::Task;

namespace {

constexpr size_t kScratchBytes = 128 << 10;
constexpr std::chrono::seconds kCancelTimeout{5};
constexpr std::chrono::seconds kEstimateTimeout{3};
// Estimates at a time, each with a connection of its own.
constexpr size_t kEstimatesMax = 4;
// Entries whose object is gone are swept out when a map has grown to this.
constexpr size_t kSweepAt = 256;

template <typename Map>
void Sweep(Map* map) {
  if (map->size() >= kSweepAt) {
    std::erase_if(*map, [](const auto& entry) { return entry.second.expired(); });
  }
}

void AppendField(std::string_view field, std::string* key) {
  key->append(std::to_string(field.size())).append(":").append(field);
}

Task<void> RunSession(std::unique_ptr<Session> session, std::function<void()> on_end) {
  const absl::Cleanup ended = std::move(on_end);
  co_await session->Run();
}

Task<void> RunCancel(upstream::Connector& connector, runtime::Loop& loop, uint32_t process_id, std::string key,
                     CancelRegistry::Done done) {
  runtime::Waiter waiter(loop);
  const absl::Status status =
      co_await connector.Cancel(waiter, process_id, std::move(key), loop.clock().Steady() + kCancelTimeout);
  if (!status.ok()) {
    spdlog::warn("cannot cancel a statement: {}", base::Message(status));
  }
  if (done) {
    done();
  }
}

using EstimateDone = std::function<void(const absl::StatusOr<double>&)>;

Task<void> RunEstimate(upstream::Connector& connector, runtime::Loop& loop, upstream::EstimateInput input,
                       size_t* estimating, EstimateDone done) {
  runtime::Waiter waiter(loop);
  const absl::StatusOr<double> rows =
      co_await upstream::EstimateRows(connector, waiter, std::move(input), loop.clock().Steady() + kEstimateTimeout);
  --*estimating;
  done(rows);
}

}  // namespace

SessionTable::SessionTable(const Services& services, runtime::Loop& loop, std::shared_ptr<recorder::Spool> spool,
                           events::LoopMetrics& metrics)
    : services_(services),
      loop_(loop),
      spool_(std::move(spool)),
      metrics_(metrics),
      contexts_(loop, services_.detectors, services_.options.judge),
      scratch_(kScratchBytes),
      tasks_([this](const std::exception_ptr& exception) {
        metrics_.Add(Count::kInternalErrors);
        try {
          std::rethrow_exception(exception);
        } catch (const std::exception& error) {
          spdlog::error("a session ended by a defect: {}", error.what());
        }
      }) {}

SessionTable::~SessionTable() = default;

void SessionTable::Accept(runtime::Fd fd, std::string peer_address, bool is_local, std::function<void()> on_end) {
  metrics_.Add(Count::kConnections);
  if (!services_.counter.Enter()) {
    metrics_.Add(Count::kLimitsReached);
    std::string error;
    wire::postgres::AppendError(
        Fatal(wire::postgres::sqlstate::kTooManyConnections, "sorry, too many clients already", "Try again later."),
        &error);
    // As the server does when it has no room: said at once, and at best once. A fresh socket takes it.
    (void)send(fd.get(), error.data(), error.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    on_end();
    return;
  }
  tasks_.Spawn(RunSession(std::make_unique<Session>(*this, std::move(fd), std::move(peer_address), is_local),
                          std::move(on_end)));
}

std::vector<SessionTable::Ended> SessionTable::SetSnapshot(SnapshotPtr snapshot) {
  snapshot_ = std::move(snapshot);
  ++generation_;
  views_.clear();
  contexts_.LetGo();
  std::vector<Ended> ended;
  std::vector<Session*> all;
  for (const auto& [id, session] : sessions_) {
    all.push_back(session);
  }
  for (Session* session : all) {
    const policy::Revocation* revocation = nullptr;
    if (session->IsRevokedBy(&revocation)) {
      ended.push_back({revocation->id, session->id()});
      session->Kill("revoked", fmt::format("access was revoked ({})", revocation->id), nullptr);
    } else {
      session->Wake();
    }
  }
  return ended;
}

void SessionTable::SetCatalog(const std::string& database, upstream::CatalogInUse catalog) {
  const auto found = databases_.find(database);
  if (found != databases_.end()) {
    if (found->second.catalog.catalog != catalog.catalog) {
      contexts_.LetGoOf(found->second.catalog.catalog.get());
    }
    found->second.catalog = std::move(catalog);
    ++generation_;
  }
}

void SessionTable::LeaveDatabase(const std::string& database) {
  const auto found = databases_.find(database);
  if (found != databases_.end() && --found->second.sessions == 0) {
    databases_.erase(found);
  }
}

upstream::CatalogPtr SessionTable::CatalogOf(const std::string& database) const {
  const auto found = databases_.find(database);
  return found == databases_.end() ? nullptr : found->second.catalog.catalog;
}

bool SessionTable::Kill(const base::SessionId& session, const std::string& reason, std::function<void()> done) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) {
    return false;
  }
  found->second->Kill("killed",
                      reason.empty() ? "the session was ended by an operator"
                                     : fmt::format("the session was ended by an operator: {}", reason),
                      std::move(done));
  return true;
}

void SessionTable::Drain(runtime::SteadyTime deadline, std::function<void()> done) {
  drain_deadline_ = deadline;
  drained_ = std::move(done);
  std::vector<Session*> all;
  for (const auto& [id, session] : sessions_) {
    all.push_back(session);
  }
  for (Session* session : all) {
    session->Wake();
  }
  if (tasks_.size() == 0 && drained_) {
    std::exchange(drained_, nullptr)();
  }
}

void SessionTable::Remove(const base::SessionId& id) {
  sessions_.erase(id);
  if (drained_ && sessions_.empty()) {
    // After the session's own coroutine has ended.
    loop_.Post(std::exchange(drained_, nullptr));
  }
}

void SessionTable::CancelUpstream(uint32_t process_id, const std::string& key, CancelRegistry::Done done) {
  tasks_.Spawn(RunCancel(services_.connector, loop_, process_id, key, std::move(done)));
}

void SessionTable::Estimate(upstream::EstimateInput input, std::function<void(const absl::StatusOr<double>&)> done) {
  if (estimating_ >= kEstimatesMax) {
    done(base::ResourceExhausted("too many statements were being estimated at once"));
    return;
  }
  ++estimating_;
  tasks_.Spawn(RunEstimate(services_.connector, loop_, std::move(input), &estimating_, std::move(done)));
}

std::shared_ptr<const policy::View> SessionTable::ViewFor(const policy::Principal& principal,
                                                          const std::string& database) {
  std::string key;
  for (const std::string_view field :
       {std::string_view(principal.issuer), std::string_view(principal.subject), std::string_view(principal.client),
        std::string_view(principal.human), std::string_view(principal.task), std::string_view(database)}) {
    AppendField(field, &key);
  }
  for (const std::string& group : principal.groups) {
    AppendField(group, &key);
  }
  std::weak_ptr<const policy::View>& known = views_[key];
  std::shared_ptr<const policy::View> view = known.lock();
  if (view == nullptr) {
    view = snapshot_->bundle->ViewFor(principal, {services_.options.endpoint, database, services_.options.labels});
    known = view;
    Sweep(&views_);
  }
  return view;
}

std::shared_ptr<JudgeContext> SessionTable::ContextFor(const std::shared_ptr<const policy::View>& view,
                                                       uint64_t policy_revision, const upstream::CatalogPtr& catalog,
                                                       const sql::SessionContext& names) {
  return contexts_.For({view, catalog, policy_revision, names, snapshot_->masking_key});
}

}  // namespace chaperone::session
