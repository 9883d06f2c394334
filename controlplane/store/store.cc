#include "controlplane/store/store.h"

#include <future>
#include <utility>

namespace chaperone::store {

std::string_view FamilyName(Family family) {
  switch (family) {
    case Family::kMeta:
      return "meta";
    case Family::kPolicies:
      return "policies";
    case Family::kRevisions:
      return "revisions";
    case Family::kApprovals:
      return "approvals";
    case Family::kApprovalDigests:
      return "approval_digests";
    case Family::kSessions:
      return "sessions";
    case Family::kLiveSessions:
      return "live_sessions";
    case Family::kChunks:
      return "chunks";
    case Family::kSpools:
      return "spools";
    case Family::kSpoolSessions:
      return "spool_sessions";
    case Family::kRevocations:
      return "revocations";
    case Family::kIssuers:
      return "issuers";
    case Family::kSidecars:
      return "sidecars";
    case Family::kAudit:
      return "audit";
  }
  return "unknown";
}

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<uint8_t>(end.back()) == 0xff) {
    end.pop_back();
  }
  if (!end.empty()) {
    end.back() = static_cast<char>(static_cast<uint8_t>(end.back()) + 1);
  }
  return end;
}

ScanRange Prefix(Family family, std::string_view prefix) {
  ScanRange range;
  range.family = family;
  range.begin = std::string(prefix);
  range.end = PrefixEnd(prefix);
  return range;
}

void WriteBatch::Put(Family family, std::string key, std::string value) {
  bytes_ += key.size() + value.size();
  changes_.push_back({family, std::move(key), std::move(value)});
}

void WriteBatch::Delete(Family family, std::string key) {
  bytes_ += key.size();
  changes_.push_back({family, std::move(key), std::nullopt});
}

void WriteBatch::RequireAbsent(Family family, std::string key) { Require(family, std::move(key), std::nullopt); }

void WriteBatch::RequireValue(Family family, std::string key, std::string value) {
  Require(family, std::move(key), std::move(value));
}

void WriteBatch::Require(Family family, std::string key, std::optional<std::string> value) {
  bytes_ += key.size() + (value ? value->size() : 0);
  preconditions_.push_back({family, std::move(key), std::move(value)});
}

absl::Status Store::Commit(WriteBatch batch, std::function<void()> on_commit) {
  std::promise<absl::Status> outcome;
  CommitAsync(std::move(batch), [&outcome, &on_commit](const absl::Status& status) {
    if (status.ok() && on_commit) {
      on_commit();
    }
    outcome.set_value(status);
  });
  return outcome.get_future().get();
}

}  // namespace chaperone::store
