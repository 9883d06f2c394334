#include "controlplane/approvals/approvals.h"

#include <algorithm>
#include <utility>

#include "api/base/id.h"
#include "controlplane/approvals/request_check.h"
#include "controlplane/approvals/vote.h"
#include "controlplane/model/keys.h"
#include "controlplane/model/page.h"
#include "controlplane/model/proto_time.h"

namespace chaperone::approvals {

namespace {

using store::Family;
using v1::Approval;

constexpr int kAttemptsMax = 8;
constexpr size_t kRecentMax = 1000;
constexpr size_t kCommentBytesMax = 1024;

bool IsOpen(const Approval& approval) {
  return approval.state() == Approval::PENDING || approval.state() == Approval::APPROVED;
}

std::string_view StateWord(Approval::State state) {
  switch (state) {
    case Approval::PENDING:
      return "pending";
    case Approval::APPROVED:
      return "approved";
    case Approval::REJECTED:
      return "rejected";
    case Approval::EXPIRED:
      return "expired";
    case Approval::CONSUMED:
      return "consumed";
    default:
      return "unknown";
  }
}

std::string KeyOf(const Approval& approval) { return model::IdKey(*base::ApprovalId::Parse(approval.id())); }

absl::Status NotOpen(const Approval& approval) {
  return base::FailedPrecondition("{} is {} already", approval.id(), StateWord(approval.state()));
}

absl::Status TooManyChanges(std::string_view id) {
  return base::Aborted("{} changed {} times meanwhile; retry", id, kAttemptsMax);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Approvals>> Approvals::Load(store::Store* store, const base::Clock* clock,
                                                           const audit::AuditLog* audit, metrics::Metrics* metrics,
                                                           const Limits& limits) {
  auto approvals = std::unique_ptr<Approvals>(new Approvals(store, clock, audit, metrics, limits));
  store::ScanRange range = store::Prefix(Family::kApprovalDigests, "");
  for (;;) {
    CHAPERONE_ASSIGN_OR_RETURN(const auto entries, store->Scan(range));
    for (const store::Entry& entry : entries) {
      CHAPERONE_ASSIGN_OR_RETURN(auto bytes, store->Get(Family::kApprovals, entry.value));
      if (!bytes) {
        return base::DataLoss("an approval that the store's index names is missing");
      }
      CHAPERONE_ASSIGN_OR_RETURN(auto approval, model::Decode<Approval>(*bytes, "approval"));
      approvals->id_by_digest_[entry.key] = approval.id();
      Entry& open = approvals->open_[approval.id()];
      open.sidecars.insert(approval.sidecar());
      open.bytes = *std::move(bytes);
      approvals->open_bytes_ += open.bytes.size();
      open.approval = std::move(approval);
    }
    if (entries.empty()) {
      return approvals;
    }
    range.begin = entries.back().key + '\0';
  }
}

bool Approvals::IsDue(const Approval& approval) const {
  return IsOpen(approval) && model::FromProto(approval.expires_at()) <= clock_->Wall();
}

absl::Status Approvals::CheckRoom(const v1::Principal& principal) const {
  const std::lock_guard lock(mutex_);
  if (open_.size() >= limits_.open_max) {
    return base::ResourceExhausted("{} approvals are open; at most {} may be", open_.size(), limits_.open_max);
  }
  if (open_bytes_ >= limits_.open_bytes_max) {
    return base::ResourceExhausted("open approvals hold {} bytes; at most {} may be held", open_bytes_,
                                   limits_.open_bytes_max);
  }
  const auto same_agent = [&](const auto& entry) {
    const v1::Principal& other = entry.second.approval.subject().principal();
    return other.issuer() == principal.issuer() && other.subject() == principal.subject();
  };
  if (std::count_if(open_.begin(), open_.end(), same_agent) >= static_cast<ptrdiff_t>(limits_.open_of_agent_max)) {
    return base::ResourceExhausted("{} has {} open approvals, the most that one agent may have; wait for a decision",
                                   principal.subject(), limits_.open_of_agent_max);
  }
  return absl::OkStatus();
}

absl::StatusOr<Approval> Approvals::Open(const std::string& sidecar, const v1::OpenApprovalRequest& request) {
  CHAPERONE_ASSIGN_OR_RETURN(const Approval wanted, ApprovalFromRequest(request));
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    std::optional<Entry> old;
    {
      const std::lock_guard lock(mutex_);
      if (const auto at = id_by_digest_.find(request.subject().digest()); at != id_by_digest_.end()) {
        Entry& found = open_.at(at->second);
        if (!IsDue(found.approval) && SameDemand(found.approval, wanted)) {
          found.sidecars.insert(sidecar);
          return found.approval;
        }
        old = found;
      }
    }
    if (old) {
      if (const absl::Status status = Expire(*old); !status.ok() && !absl::IsAborted(status)) {
        return status;
      }
      continue;
    }
    CHAPERONE_RETURN_IF_ERROR(CheckRoom(request.subject().principal()));
    Approval approval = wanted;
    const base::ApprovalId id = base::ApprovalId::New(*clock_);
    approval.set_id(id.ToString());
    approval.set_state(Approval::PENDING);
    approval.set_sidecar(sidecar);
    *approval.mutable_created_at() = model::ToProto(clock_->Wall());
    *approval.mutable_expires_at() = model::ToProto(clock_->Wall() + ExpiresIn(request));
    std::string bytes = model::Encode(approval);
    store::WriteBatch batch;
    batch.RequireAbsent(Family::kApprovalDigests, request.subject().digest());
    batch.Put(Family::kApprovalDigests, request.subject().digest(), model::IdKey(id));
    batch.Put(Family::kApprovals, model::IdKey(id), bytes);
    const absl::Status committed =
        store_->Commit(std::move(batch), [&] { Publish(approval, bytes, /*state_changed=*/true); });
    if (committed.ok()) {
      return approval;
    }
    if (!absl::IsAborted(committed)) {
      return committed;
    }
  }
  return TooManyChanges("the approval");
}

absl::StatusOr<Approvals::Entry> Approvals::FindOpen(std::string_view id) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = open_.find(id); at != open_.end()) {
      if (IsDue(at->second.approval)) {
        return base::FailedPrecondition("{} has expired", id);
      }
      return at->second;
    }
  }
  CHAPERONE_ASSIGN_OR_RETURN(const Approval final_one, Get(id));
  return NotOpen(final_one);
}

absl::Status Approvals::Commit(const Entry& before, Approval after, store::WriteBatch batch) {
  const std::string key = KeyOf(after);
  std::string bytes = model::Encode(after);
  batch.RequireValue(Family::kApprovals, key, before.bytes);
  batch.Put(Family::kApprovals, key, bytes);
  if (!IsOpen(after)) {
    batch.Delete(Family::kApprovalDigests, after.subject().digest());
  }
  const bool state_changed = after.state() != before.approval.state();
  return store_->Commit(std::move(batch), [&] { Publish(after, std::move(bytes), state_changed); });
}

void Approvals::Publish(const Approval& approval, std::string bytes, bool state_changed) {
  if (state_changed) {
    metrics_->CountApproval(StateWord(approval.state()));
  }
  const std::lock_guard lock(mutex_);
  Entry& entry = open_[approval.id()];
  open_bytes_ += bytes.size() - entry.bytes.size();
  entry.approval = approval;
  entry.bytes = std::move(bytes);
  entry.sidecars.insert(approval.sidecar());
  const std::set<std::string> sidecars = entry.sidecars;
  if (IsOpen(approval)) {
    id_by_digest_[approval.subject().digest()] = approval.id();
  } else {
    Retire(std::move(entry));
  }
  for (const Listener& listener : listeners_) {
    listener(approval, sidecars);
  }
}

void Approvals::Retire(Entry entry) {
  id_by_digest_.erase(entry.approval.subject().digest());
  open_bytes_ -= entry.bytes.size();
  open_.erase(entry.approval.id());
  const std::string digest = entry.approval.subject().digest();
  entry.approval.mutable_subject()->Clear();
  entry.approval.mutable_subject()->set_digest(digest);
  entry.bytes.clear();
  recent_.push_back(std::move(entry));
  if (recent_.size() > kRecentMax) {
    recent_.pop_front();
  }
}

absl::StatusOr<Approval> Approvals::Consume(const std::string& sidecar, const v1::ConsumeApprovalRequest& request) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    CHAPERONE_ASSIGN_OR_RETURN(const Entry before, FindOpen(request.id()));
    if (!before.sidecars.contains(sidecar)) {
      return base::PermissionDenied("{} was opened by another sidecar ({})", request.id(), before.approval.sidecar());
    }
    if (before.approval.state() != Approval::APPROVED) {
      return base::FailedPrecondition("{} is {}", request.id(), StateWord(before.approval.state()));
    }
    if (before.approval.subject().digest() != request.digest()) {
      return base::FailedPrecondition("{} is for another statement: the digests differ", request.id());
    }
    Approval after = before.approval;
    after.set_state(Approval::CONSUMED);
    *after.mutable_consumed_at() = model::ToProto(clock_->Wall());
    const absl::Status committed = Commit(before, after, {});
    if (committed.ok()) {
      return after;
    }
    if (!absl::IsAborted(committed)) {
      return committed;
    }
  }
  return TooManyChanges(request.id());
}

absl::StatusOr<Approval> Approvals::Vote(const model::Call& call, const v1::DecideApprovalRequest& request,
                                         bool approve) {
  if (request.comment().size() > kCommentBytesMax) {
    return base::InvalidArgument("the comment has {} bytes; at most {}", request.comment().size(), kCommentBytesMax);
  }
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    CHAPERONE_ASSIGN_OR_RETURN(const Entry before, FindOpen(request.id()));
    if (before.approval.state() != Approval::PENDING) {
      return NotOpen(before.approval);
    }
    CHAPERONE_RETURN_IF_ERROR(MayVote(call.caller, before.approval));
    const model::WallTime now = clock_->Wall();
    Approval after = before.approval;
    v1::ApprovalVote* vote = after.add_votes();
    vote->set_approver(call.caller.name);
    vote->set_approve(approve);
    vote->set_comment(request.comment());
    *vote->mutable_voted_at() = model::ToProto(now);
    if (!approve) {
      after.set_state(Approval::REJECTED);
    } else if (ApprovingVoters(after) >= after.required_count()) {
      after.set_state(Approval::APPROVED);
      const auto allowance = model::FromProto(after.expires_at()) - model::FromProto(after.created_at());
      *after.mutable_expires_at() = model::ToProto(now + allowance);
    }
    if (after.state() != Approval::PENDING) {
      *after.mutable_decided_at() = model::ToProto(now);
    }
    store::WriteBatch batch;
    audit_->Add(call,
                {"approval " + after.id(),
                 fmt::format("{}: {} {}", approve ? "for" : "against", StateWord(after.state()), request.comment())},
                &batch);
    const absl::Status committed = Commit(before, after, std::move(batch));
    if (committed.ok()) {
      return after;
    }
    if (!absl::IsAborted(committed)) {
      return committed;
    }
  }
  return TooManyChanges(request.id());
}

absl::StatusOr<Approval> Approvals::Get(std::string_view id) const {
  CHAPERONE_ASSIGN_OR_RETURN(const auto parsed, base::ApprovalId::Parse(id));
  CHAPERONE_ASSIGN_OR_RETURN(const auto bytes, store_->Get(Family::kApprovals, model::IdKey(parsed)));
  if (!bytes) {
    return base::NotFound("there is no approval {}", id);
  }
  CHAPERONE_ASSIGN_OR_RETURN(auto approval, model::Decode<Approval>(*bytes, "approval"));
  if (IsDue(approval)) {
    approval.set_state(Approval::EXPIRED);
  }
  return approval;
}

absl::StatusOr<v1::ListApprovalsResponse> Approvals::List(const v1::ListApprovalsRequest& request) const {
  CHAPERONE_ASSIGN_OR_RETURN(const int limit, model::PageLimit(request.limit()));
  CHAPERONE_ASSIGN_OR_RETURN(std::string before, model::PageEnd<base::ApprovalKind>(request.after()));
  const std::set<int> states(request.states().begin(), request.states().end());
  v1::ListApprovalsResponse response;
  const auto take = [&](Approval approval) {
    if (IsDue(approval)) {
      approval.set_state(Approval::EXPIRED);
    }
    if (states.empty() || states.contains(approval.state())) {
      *response.add_approvals() = std::move(approval);
    }
    return response.approvals_size() < limit;
  };
  const bool only_open = !states.empty() && std::all_of(states.begin(), states.end(), [](int state) {
    return state == Approval::PENDING || state == Approval::APPROVED;
  });
  if (only_open) {
    const std::lock_guard lock(mutex_);
    auto at = request.after().empty() ? open_.end() : open_.lower_bound(request.after());
    while (at != open_.begin() && take((--at)->second.approval)) {
    }
    return response;
  }
  const auto take_stored = [&](const store::Entry& entry) -> absl::StatusOr<bool> {
    CHAPERONE_ASSIGN_OR_RETURN(auto approval, model::Decode<Approval>(entry.value, "approval"));
    return take(std::move(approval));
  };
  CHAPERONE_RETURN_IF_ERROR(model::ScanNewestFirst(*store_, Family::kApprovals, std::move(before), take_stored));
  return response;
}

absl::Status Approvals::Expire(const Entry& before) {
  Approval after = before.approval;
  after.set_state(Approval::EXPIRED);
  *after.mutable_decided_at() = model::ToProto(clock_->Wall());
  return Commit(before, std::move(after), {});
}

absl::Status Approvals::ExpireDue() {
  std::vector<Entry> due;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, open] : open_) {
      if (IsDue(open.approval)) {
        due.push_back(open);
      }
    }
  }
  for (const Entry& open : due) {
    if (const absl::Status status = Expire(open); !status.ok() && !absl::IsAborted(status)) {
      return status;
    }
  }
  return absl::OkStatus();
}

std::unique_ptr<Approvals::Subscription> Approvals::Subscribe(Listener listener, std::vector<Approval>* pending) {
  const std::lock_guard lock(mutex_);
  if (pending != nullptr) {
    for (const auto& [id, open] : open_) {
      if (open.approval.state() == Approval::PENDING && !IsDue(open.approval)) {
        pending->push_back(open.approval);
      }
    }
  }
  return std::make_unique<Subscription>(this, listeners_.insert(listeners_.end(), std::move(listener)));
}

Approvals::Subscription::~Subscription() {
  const std::lock_guard lock(owner_->mutex_);
  owner_->listeners_.erase(place_);
}

std::vector<Approval> Approvals::DecidedFor(const std::string& sidecar) const {
  const auto now = clock_->Wall();
  std::vector<Approval> decided;
  const std::lock_guard lock(mutex_);
  for (const Entry& recent : recent_) {
    const bool fresh = now - model::FromProto(recent.approval.decided_at()) < std::chrono::minutes(5);
    if (recent.sidecars.contains(sidecar) && recent.approval.state() != Approval::CONSUMED && fresh) {
      decided.push_back(recent.approval);
    }
  }
  for (const auto& [id, open] : open_) {
    if (open.approval.state() == Approval::APPROVED && open.sidecars.contains(sidecar) && !IsDue(open.approval)) {
      decided.push_back(open.approval);
    }
  }
  return decided;
}

}  // namespace chaperone::approvals
