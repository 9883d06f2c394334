#include "controlplane/fleet/fleet.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controlplane/model/keys.h"
#include "controlplane/model/page.h"

namespace chaperone::fleet {

namespace {

using store::Family;

constexpr size_t kAnswersKept = 64;
constexpr size_t kVersionsKept = 1024;
constexpr size_t kCausesKept = 1000;
constexpr int kFindingsMax = 100;
constexpr int kLabelsMax = 64;
constexpr size_t kTextBytesMax = 512;
constexpr std::chrono::milliseconds kSilenceAfterAnswer(500);
constexpr std::string_view kRevocationCause = "revocation:";

absl::Status CheckHello(const v1::Hello& hello) {
  if (hello.endpoint().empty() || hello.endpoint().size() > kTextBytesMax ||
      hello.endpoint().find('/') != std::string::npos) {
    return base::InvalidArgument("hello.endpoint must be a name without a slash, of at most {} bytes", kTextBytesMax);
  }
  if (hello.labels_size() > kLabelsMax || hello.version().size() > kTextBytesMax) {
    return base::InvalidArgument("hello has {} labels; at most {}", hello.labels_size(), kLabelsMax);
  }
  for (const auto& [name, value] : hello.labels()) {
    if (name.size() > kTextBytesMax || value.size() > kTextBytesMax) {
      return base::InvalidArgument("a label of hello has more than {} bytes", kTextBytesMax);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Fleet>> Fleet::Load(store::Store* store, const base::Clock* clock,
                                                   metrics::Metrics* metrics, const Limits& limits) {
  auto fleet = std::unique_ptr<Fleet>(new Fleet(store, clock, metrics, limits));
  store::ScanRange range = store::Prefix(Family::kSidecars, "");
  range.limit = limits.sidecars_max;
  CHAPERONE_ASSIGN_OR_RETURN(const auto entries, store->Scan(range));
  for (const store::Entry& stored : entries) {
    CHAPERONE_ASSIGN_OR_RETURN(auto info, model::Decode<v1::Sidecar>(stored.value, "sidecar"));
    info.set_connected(false);
    fleet->sidecars_[stored.key].info = std::move(info);
  }
  return fleet;
}

void Fleet::Changed() {
  ++generation_;
  changed_.notify_all();
}

void Fleet::Touch(Entry& entry) { *entry.info.mutable_last_seen_at() = model::ToProto(clock_->Wall()); }

void Fleet::Save(const v1::Sidecar& info) {
  store::WriteBatch batch;
  batch.Put(Family::kSidecars, info.name(), model::Encode(info));
  // A list of what is known; losing a line of it costs nothing.
  store_->CommitAsync(std::move(batch), [](const absl::Status&) {});
}

absl::Status Fleet::Connect(const std::string& name, const v1::Hello& hello, std::shared_ptr<SidecarLink> link) {
  CHAPERONE_RETURN_IF_ERROR(CheckHello(hello));
  std::shared_ptr<SidecarLink> previous;
  std::shared_ptr<const PublishedSnapshot> snapshot;
  v1::Sidecar saved;
  {
    const std::lock_guard lock(mutex_);
    if (sidecars_.size() >= limits_.sidecars_max && !sidecars_.contains(name)) {
      return base::ResourceExhausted("{} sidecars are known; at most {} may be", sidecars_.size(),
                                     limits_.sidecars_max);
    }
    Entry& entry = sidecars_[name];
    previous = std::exchange(entry.link, link);
    entry.info.set_name(name);
    entry.info.set_endpoint(hello.endpoint());
    entry.info.set_version(hello.version());
    *entry.info.mutable_labels() = hello.labels();
    entry.info.set_connected(true);
    *entry.info.mutable_connected_at() = model::ToProto(clock_->Wall());
    entry.info.clear_rejected_reason();
    entry.info.set_live_sessions(0);
    // What was in force before the connection is not known to be in force now.
    entry.accepted.clear();
    entry.accepted_version = entry.rejected_version = 0;
    Touch(entry);
    snapshot = snapshot_;
    saved = entry.info;
    Changed();
  }
  Save(saved);
  if (previous != nullptr) {
    previous->Close(
        base::Aborted("a newer stream of {} took over; if two sidecars share a certificate, give each its own", name));
  }
  if (snapshot != nullptr) {
    metrics_->CountSnapshotPushes(1);
    link->SendSnapshot(std::move(snapshot));
  }
  if (decisions_) {
    for (v1::Approval& approval : decisions_(name)) {
      v1::SyncResponse message;
      *message.mutable_approval() = std::move(approval);
      link->Send(message);
    }
  }
  return absl::OkStatus();
}

void Fleet::Disconnect(const std::string& name, const SidecarLink* link) {
  v1::Sidecar saved;
  {
    const std::lock_guard lock(mutex_);
    const auto at = sidecars_.find(name);
    if (at == sidecars_.end() || at->second.link.get() != link) {
      return;
    }
    Entry& entry = at->second;
    entry.link = nullptr;
    entry.info.set_connected(false);
    entry.info.set_live_sessions(0);
    Touch(entry);
    for (auto& [id, kill] : kills_) {
      if (kill.sidecar == name && !kill.answer) {
        kill.answer = base::Unavailable("the stream of sidecar {} broke before it answered", name);
      }
    }
    saved = entry.info;
    Changed();
  }
  Save(saved);
}

absl::Status Fleet::Receive(const std::string& name, const SidecarLink* link, const v1::SyncRequest& message) {
  const std::lock_guard lock(mutex_);
  const auto at = sidecars_.find(name);
  if (at == sidecars_.end() || at->second.link.get() != link) {
    return absl::OkStatus();
  }
  Entry& entry = at->second;
  Touch(entry);
  switch (message.message_case()) {
    case v1::SyncRequest::kAcknowledgement:
      return OnAcknowledgement(entry, message.acknowledgement());
    case v1::SyncRequest::kReport:
      OnReport(entry, message.report());
      return absl::OkStatus();
    case v1::SyncRequest::kSessionsClosed:
      OnSessionsClosed(name, message.sessions_closed());
      return absl::OkStatus();
    case v1::SyncRequest::kCatalog:
      return OnCatalog(entry, message.catalog());
    case v1::SyncRequest::kCatalogUnavailable:
      OnCatalogUnavailable(entry, message.catalog_unavailable());
      return absl::OkStatus();
    case v1::SyncRequest::kHello:
      return base::InvalidArgument("hello may only be the first message of the stream");
    default:
      return absl::OkStatus();  // of a newer sidecar
  }
}

absl::Status Fleet::OnAcknowledgement(Entry& entry, const v1::Acknowledgement& answer) {
  if (snapshot_ == nullptr || answer.version() > snapshot_->version) {
    return base::InvalidArgument("an acknowledgement of snapshot {}, which was never sent", answer.version());
  }
  const auto known = revision_of_version_.find(answer.version());
  const uint64_t revision = known != revision_of_version_.end() ? known->second : answer.policy_revision();
  const bool accepted = answer.rejected_reason().empty();
  entry.answered_at = clock_->Steady();
  if (answer.nonce() == snapshot_->nonce) {
    metrics_->CountSnapshotAnswer(accepted, clock_->Steady() - snapshot_->published_at);
  }
  if (accepted) {
    entry.accepted_version = std::max(entry.accepted_version, answer.version());
    entry.info.set_policy_revision(revision);
    entry.info.clear_rejected_reason();
    if (entry.accepted.empty() || entry.accepted.back().policy_revision < revision) {
      entry.accepted.push_back({revision, clock_->Wall()});
      if (entry.accepted.size() > kAnswersKept) {
        entry.accepted.pop_front();
      }
    }
  } else {
    entry.rejected_version = std::max(entry.rejected_version, answer.version());
    entry.rejected = {revision, clock_->Wall()};
    entry.info.set_rejected_reason(model::CutText(answer.rejected_reason(), 4096));
  }
  Changed();
  return absl::OkStatus();
}

void Fleet::OnReport(Entry& entry, const v1::Report& report) {
  entry.info.set_live_sessions(std::max(0, report.live_sessions()));
  entry.info.set_spool_bytes(report.spool_bytes());
  entry.info.set_database_version(model::CutText(report.database_version(), kTextBytesMax));
  entry.info.clear_findings();
  if (!report.database_error().empty()) {
    v1::DoctorFinding* finding = entry.info.add_findings();
    finding->set_severity("error");
    finding->set_code("database-unreachable");
    finding->set_message(model::CutText(report.database_error(), kTextBytesMax));
  }
  for (const v1::DoctorFinding& finding : report.findings()) {
    if (entry.info.findings_size() < kFindingsMax) {
      *entry.info.add_findings() = finding;
    }
  }
}

void Fleet::OnSessionsClosed(const std::string& name, const v1::SessionsClosed& closed) {
  if (const auto kill = kills_.find(closed.cause()); kill != kills_.end() && kill->second.sidecar == name) {
    kill->second.answer = closed;
  } else if (closed.cause().starts_with(kRevocationCause) && closed.cause().size() < kTextBytesMax) {
    closed_by_cause_[closed.cause()][name] += closed.session_ids_size();
    if (closed_by_cause_.size() > kCausesKept) {
      closed_by_cause_.erase(closed_by_cause_.begin());
    }
  }
  Changed();
}

void Fleet::Push(std::shared_ptr<const PublishedSnapshot> snapshot) {
  std::vector<std::shared_ptr<SidecarLink>> links;
  {
    const std::lock_guard lock(mutex_);
    snapshot_ = snapshot;
    revision_of_version_[snapshot->version] = snapshot->policy_revision;
    if (revision_of_version_.size() > kVersionsKept) {
      revision_of_version_.erase(revision_of_version_.begin());
    }
    for (const auto& [name, entry] : sidecars_) {
      if (entry.link != nullptr) {
        links.push_back(entry.link);
      }
    }
  }
  for (const std::shared_ptr<SidecarLink>& link : links) {
    link->SendSnapshot(snapshot);
  }
  metrics_->CountSnapshotPushes(links.size());
}

void Fleet::PushApproval(const std::string& sidecar, const v1::Approval& approval) {
  std::shared_ptr<SidecarLink> link;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = sidecars_.find(sidecar); at != sidecars_.end()) {
      link = at->second.link;
    }
  }
  if (link != nullptr) {
    v1::SyncResponse message;
    *message.mutable_approval() = approval;
    link->Send(message);
  }
}

absl::StatusOr<v1::SessionsClosed> Fleet::Kill(const std::string& sidecar, const v1::KillOrder& order,
                                               std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const auto at = sidecars_.find(sidecar);
  if (at == sidecars_.end() || at->second.link == nullptr) {
    return base::NotFound("sidecar {} is not connected; a session that it still has goes on until it is", sidecar);
  }
  const std::shared_ptr<SidecarLink> link = at->second.link;
  kills_[order.order_id()].sidecar = sidecar;
  lock.unlock();
  v1::SyncResponse message;
  *message.mutable_kill() = order;
  link->Send(message);
  lock.lock();
  changed_.wait_for(lock, timeout, [&] { return kills_.at(order.order_id()).answer.has_value(); });
  PendingKill kill = std::move(kills_.at(order.order_id()));
  kills_.erase(order.order_id());
  if (!kill.answer) {
    return base::Unavailable("sidecar {} has not confirmed within {} ms; the session may still live", sidecar,
                             timeout.count());
  }
  return *std::move(kill.answer);
}

Fleet::RevocationProgress Fleet::AwaitRevocation(const std::string& revocation_id, uint64_t snapshot_version,
                                                 std::chrono::milliseconds timeout) {
  const std::string cause = std::string(kRevocationCause) + revocation_id;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::unique_lock lock(mutex_);
  std::set<std::string> expected;
  for (const auto& [name, entry] : sidecars_) {
    if (entry.link != nullptr) {
      expected.insert(name);
    }
  }
  RevocationProgress progress;
  progress.sidecars = static_cast<int>(expected.size());
  for (;;) {
    progress.confirmed = progress.sessions_ended = 0;
    bool all_done = true;
    bool all_answered = true;
    const auto reports = closed_by_cause_.find(cause);
    for (const std::string& name : expected) {
      const Entry& entry = sidecars_.at(name);
      const bool accepted = entry.accepted_version >= snapshot_version;
      const bool gone = entry.link == nullptr || entry.rejected_version >= snapshot_version;
      const bool reported = reports != closed_by_cause_.end() && reports->second.contains(name);
      const bool silent = clock_->Steady() - entry.answered_at >= kSilenceAfterAnswer;
      progress.confirmed += accepted ? 1 : 0;
      progress.sessions_ended += reported ? reports->second.at(name) : 0;
      all_answered = all_answered && (accepted || gone);
      all_done = all_done && (gone || (accepted && (reported || silent)));
    }
    const auto now = std::chrono::steady_clock::now();
    if (all_done || now >= deadline) {
      return progress;
    }
    // Silence passes without an event.
    changed_.wait_until(lock, all_answered ? std::min(deadline, now + std::chrono::milliseconds(50)) : deadline);
  }
}

std::vector<v1::RolloutStatus> Fleet::Rollout(uint64_t revision, model::WallTime committed_at) const {
  std::vector<v1::RolloutStatus> statuses;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : sidecars_) {
    if (entry.link == nullptr) {
      continue;
    }
    v1::RolloutStatus status;
    status.set_sidecar(name);
    status.set_state(v1::RolloutStatus::PENDING);
    const auto answer = std::find_if(entry.accepted.begin(), entry.accepted.end(),
                                     [&](const Answer& accepted) { return accepted.policy_revision >= revision; });
    std::optional<model::WallTime> at;
    if (answer != entry.accepted.end()) {
      status.set_state(v1::RolloutStatus::ACKNOWLEDGED);
      at = answer->at;
    } else if (entry.rejected_version > entry.accepted_version && entry.rejected.policy_revision >= revision) {
      status.set_state(v1::RolloutStatus::REJECTED);
      status.set_reason(entry.info.rejected_reason());
      at = entry.rejected.at;
    }
    if (at) {
      *status.mutable_elapsed() = model::ToProto(std::max(*at - committed_at, model::WallTime::duration::zero()));
    }
    statuses.push_back(std::move(status));
  }
  return statuses;
}

uint64_t Fleet::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

void Fleet::WaitForChange(uint64_t seen, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return generation_ != seen; });
}

v1::Sidecar Fleet::Describe(const Entry& entry, bool with_relations) const {
  v1::Sidecar sidecar = entry.info;
  for (const auto& [name, catalog] : entry.catalogs) {
    v1::DatabaseCatalog* shown = sidecar.add_databases();
    shown->set_database(name);
    shown->set_version(catalog->version());
    if (with_relations) {
      *shown->mutable_relations() = catalog->relations();
    }
  }
  return sidecar;
}

v1::ListSidecarsResponse Fleet::List() const {
  const std::lock_guard lock(mutex_);
  v1::ListSidecarsResponse response;
  for (const auto& [name, entry] : sidecars_) {
    *response.add_sidecars() = Describe(entry, /*with_relations=*/false);
  }
  return response;
}

absl::StatusOr<v1::Sidecar> Fleet::Get(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto at = sidecars_.find(name);
  if (at == sidecars_.end()) {
    return base::NotFound("there is no sidecar \"{}\"", name);
  }
  return Describe(at->second, /*with_relations=*/true);
}

}  // namespace chaperone::fleet
