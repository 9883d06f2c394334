#include "controlplane/identity/revocations.h"

#include <algorithm>
#include <utility>

#include "api/base/id.h"
#include "controlplane/model/keys.h"

namespace chaperone::identity {

namespace {

using store::Family;

constexpr size_t kRevocationsMax = 10000;
constexpr size_t kFieldBytesMax = 512;

std::vector<std::pair<std::string_view, const std::string*>> Fields(const v1::RevocationSelector& selector) {
  return {{"issuer", &selector.issuer()},    {"subject", &selector.subject()}, {"group", &selector.group()},
          {"client", &selector.client()},    {"human", &selector.human()},     {"task", &selector.task()},
          {"token_id", &selector.token_id()}};
}

absl::Status Check(const v1::RevokeRequest& request, model::WallTime now) {
  bool any = false;
  for (const auto& [name, value] : Fields(request.selector())) {
    any = any || !value->empty();
    if (value->size() > kFieldBytesMax) {
      return base::InvalidArgument("{} has {} bytes; at most {}", name, value->size(), kFieldBytesMax);
    }
  }
  if (!any) {
    return base::InvalidArgument("the selector is empty and would match everybody; set at least one field");
  }
  if (request.reason().size() > kFieldBytesMax) {
    return base::InvalidArgument("the reason has {} bytes; at most {}", request.reason().size(), kFieldBytesMax);
  }
  if (request.has_expires_at() && model::FromProto(request.expires_at()) <= now) {
    return base::InvalidArgument("expires_at is not in the future");
  }
  return absl::OkStatus();
}

}  // namespace

std::string Describe(const v1::RevocationSelector& selector) {
  std::string text;
  for (const auto& [name, value] : Fields(selector)) {
    if (!value->empty()) {
      text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, *value);
    }
  }
  return text;
}

absl::StatusOr<std::unique_ptr<Revocations>> Revocations::Load(store::Store* store, const base::Clock* clock,
                                                               const audit::AuditLog* audit) {
  auto revocations = std::unique_ptr<Revocations>(new Revocations(store, clock, audit));
  store::ScanRange range = store::Prefix(Family::kRevocations, "");
  range.limit = kRevocationsMax * 2;
  CHAPERONE_ASSIGN_OR_RETURN(const auto entries, store->Scan(range));
  for (const store::Entry& entry : entries) {
    CHAPERONE_ASSIGN_OR_RETURN(auto revocation, model::Decode<v1::Revocation>(entry.value, "revocation"));
    revocations->revocations_.emplace(revocation.id(), std::move(revocation));
  }
  return revocations;
}

bool Revocations::HasExpired(const v1::Revocation& revocation) const {
  return revocation.has_expires_at() && model::FromProto(revocation.expires_at()) <= clock_->Wall();
}

absl::StatusOr<v1::Revocation> Revocations::Add(const model::Call& call, const v1::RevokeRequest& request) {
  CHAPERONE_RETURN_IF_ERROR(Check(request, clock_->Wall()));
  {
    const std::lock_guard lock(mutex_);
    if (revocations_.size() >= kRevocationsMax) {
      return base::ResourceExhausted(
          "{} revocations are in force, the most there may be; lift some, or disable the "
          "identities at their issuer",
          kRevocationsMax);
    }
  }
  const base::RevocationId id = base::RevocationId::New(*clock_);
  v1::Revocation revocation;
  revocation.set_id(id.ToString());
  *revocation.mutable_selector() = request.selector();
  revocation.set_reason(request.reason());
  revocation.set_created_by(call.caller.name);
  *revocation.mutable_created_at() = model::ToProto(clock_->Wall());
  if (request.has_expires_at()) {
    *revocation.mutable_expires_at() = request.expires_at();
  }
  store::WriteBatch batch;
  batch.Put(Family::kRevocations, model::IdKey(id), model::Encode(revocation));
  audit_->Add(call,
              {"revocation " + revocation.id(), fmt::format("{}: {}", Describe(request.selector()), request.reason())},
              &batch);
  CHAPERONE_RETURN_IF_ERROR(store_->Commit(std::move(batch), [&] {
    {
      const std::lock_guard lock(mutex_);
      revocations_.emplace(revocation.id(), revocation);
    }
    if (listener_) {
      listener_();
    }
  }));
  return revocation;
}

absl::StatusOr<v1::Revocation> Revocations::Lift(const model::Call& call, const v1::LiftRevocationRequest& request) {
  CHAPERONE_ASSIGN_OR_RETURN(const auto id, base::RevocationId::Parse(request.id()));
  v1::Revocation revocation;
  {
    const std::lock_guard lock(mutex_);
    const auto at = revocations_.find(request.id());
    if (at == revocations_.end() || HasExpired(at->second)) {
      return base::NotFound("no revocation {} is in force", request.id());
    }
    revocation = at->second;
  }
  store::WriteBatch batch;
  batch.Delete(Family::kRevocations, model::IdKey(id));
  audit_->Add(call, {"revocation " + request.id(), "lifted: " + Describe(revocation.selector())}, &batch);
  CHAPERONE_RETURN_IF_ERROR(store_->Commit(std::move(batch), [&] {
    {
      const std::lock_guard lock(mutex_);
      revocations_.erase(request.id());
    }
    if (listener_) {
      listener_();
    }
  }));
  return revocation;
}

std::vector<v1::Revocation> Revocations::InForce() const {
  const std::lock_guard lock(mutex_);
  std::vector<v1::Revocation> in_force;
  for (const auto& [id, revocation] : revocations_) {
    if (!HasExpired(revocation)) {
      in_force.push_back(revocation);
    }
  }
  return in_force;
}

std::optional<model::WallTime> Revocations::NextExpiry() const {
  const std::lock_guard lock(mutex_);
  std::optional<model::WallTime> next;
  for (const auto& [id, revocation] : revocations_) {
    if (revocation.has_expires_at() && !HasExpired(revocation)) {
      const model::WallTime expiry = model::FromProto(revocation.expires_at());
      next = next ? std::min(*next, expiry) : expiry;
    }
  }
  return next;
}

absl::Status Revocations::ForgetExpired() {
  store::WriteBatch batch;
  std::vector<std::string> expired;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, revocation] : revocations_) {
      if (HasExpired(revocation)) {
        expired.push_back(id);
        batch.Delete(Family::kRevocations, model::IdKey(*base::RevocationId::Parse(id)));
      }
    }
  }
  if (expired.empty()) {
    return absl::OkStatus();
  }
  return store_->Commit(std::move(batch), [&] {
    {
      const std::lock_guard lock(mutex_);
      for (const std::string& id : expired) {
        revocations_.erase(id);
      }
    }
    if (listener_) {
      listener_();
    }
  });
}

}  // namespace chaperone::identity
