#include "controlplane/audit/audit_log.h"

#include <algorithm>
#include <utility>

#include "api/base/id.h"
#include "controlplane/model/keys.h"
#include "controlplane/model/page.h"
#include "controlplane/model/proto_time.h"

namespace chaperone::audit {

namespace {

constexpr size_t kDetailBytesMax = 1024;
constexpr int kRefusalsPerSecondMax = 1000;

}  // namespace

v1::AuditEntry AuditLog::Entry(const model::Call& call, const AuditEvent& event, std::string_view outcome) const {
  v1::AuditEntry entry;
  entry.set_id(base::AuditId::New(*clock_).ToString());
  *entry.mutable_at() = model::ToProto(clock_->Wall());
  entry.set_actor(call.caller.name);
  for (std::string& role : call.caller.roles.Names()) {
    entry.add_roles(std::move(role));
  }
  entry.set_method(call.method);
  entry.set_resource(event.resource.substr(0, kDetailBytesMax));
  entry.set_outcome(std::string(outcome));
  entry.set_detail(model::CutText(event.detail, kDetailBytesMax));
  entry.set_peer_address(call.peer);
  return entry;
}

void AuditLog::Put(const v1::AuditEntry& entry, store::WriteBatch* batch) const {
  batch->Put(store::Family::kAudit, model::IdKey(*base::AuditId::Parse(entry.id())), model::Encode(entry));
  metrics_->CountAuditEntry(entry.outcome());
}

void AuditLog::Add(const model::Call& call, const AuditEvent& event, store::WriteBatch* batch) const {
  Put(Entry(call, event, "ok"), batch);
}

absl::Status AuditLog::Write(const model::Call& call, const AuditEvent& event) const {
  store::WriteBatch batch;
  Add(call, event, &batch);
  return base::Annotate(store_->Commit(std::move(batch)), "writing the audit entry");
}

void AuditLog::Refused(const model::Call& call, const absl::Status& status) const {
  AuditEvent event;
  event.detail = std::string(base::Message(status));
  {
    const std::lock_guard lock(mutex_);
    const auto now = clock_->Steady();
    if (now - window_start_ >= std::chrono::seconds(1)) {
      window_start_ = now;
      window_entries_ = 0;
    }
    if (++window_entries_ > kRefusalsPerSecondMax) {
      ++omitted_;
      return;
    }
    if (const int64_t omitted = std::exchange(omitted_, 0); omitted > 0) {
      event.detail += fmt::format(" (and {} refused calls before it that were not written)", omitted);
    }
  }
  store::WriteBatch batch;
  Put(Entry(call, event, absl::StatusCodeToString(status.code())), &batch);
  store_->CommitAsync(std::move(batch), [](const absl::Status&) {});
}

absl::StatusOr<v1::ListAuditEntriesResponse> AuditLog::List(const v1::ListAuditEntriesRequest& request) const {
  CHAPERONE_ASSIGN_OR_RETURN(const int limit, model::PageLimit(request.limit()));
  CHAPERONE_ASSIGN_OR_RETURN(std::string before, model::PageEnd<base::AuditKind>(request.after()));
  v1::ListAuditEntriesResponse response;
  const auto take = [&](const store::Entry& stored) -> absl::StatusOr<bool> {
    CHAPERONE_ASSIGN_OR_RETURN(auto entry, model::Decode<v1::AuditEntry>(stored.value, "audit entry"));
    if (request.actor().empty() || request.actor() == entry.actor()) {
      *response.add_entries() = std::move(entry);
    }
    return response.entries_size() < limit;
  };
  CHAPERONE_RETURN_IF_ERROR(model::ScanNewestFirst(*store_, store::Family::kAudit, std::move(before), take));
  return response;
}

}  // namespace chaperone::audit
