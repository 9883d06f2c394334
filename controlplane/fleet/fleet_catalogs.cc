// The fleet's catalogs: what sidecars say of the names and types in their databases, and asking for it.
#include <algorithm>
#include <set>
#include <utility>

#include "controlplane/fleet/fleet.h"
#include "controlplane/model/page.h"
#include "controlplane/model/proto_time.h"

namespace chaperone::fleet {

namespace {

constexpr size_t kNameBytesMax = 512;
constexpr size_t kEndpointsNamed = 10;

}  // namespace

void Fleet::ForgetCatalog(Entry& entry, const std::string& database) {
  const auto known = entry.catalogs.find(database);
  if (known == entry.catalogs.end()) {
    return;
  }
  entry.catalog_bytes -= known->second->ByteSizeLong();
  entry.catalogs.erase(known);
  std::erase(entry.catalog_ages, database);
}

absl::Status Fleet::OnCatalog(Entry& entry, const v1::DatabaseCatalog& catalog) {
  const std::string& database = catalog.database();
  if (database.empty() || database.size() > kNameBytesMax) {
    return base::InvalidArgument("catalog.database must be a name of at most {} bytes", kNameBytesMax);
  }
  ForgetCatalog(entry, database);
  auto kept = std::make_shared<v1::DatabaseCatalog>(catalog);
  *kept->mutable_reported_at() = model::ToProto(clock_->Wall());
  const size_t bytes = kept->ByteSizeLong();
  if (bytes > limits_.catalog_bytes_max) {
    if (entry.catalog_waiters > 0) {
      entry.unreadable[database] =
          fmt::format("its catalog has {} bytes; at most {} are kept", bytes, limits_.catalog_bytes_max);
      Changed();
    }
    return absl::OkStatus();  // simulation goes without it; the sidecar enforces all the same
  }
  // What was reported longest ago makes room: it can be asked for again.
  while (!entry.catalog_ages.empty() &&
         (entry.catalogs.size() >= limits_.databases_max || entry.catalog_bytes + bytes > limits_.catalog_bytes_max)) {
    ForgetCatalog(entry, std::string(entry.catalog_ages.front()));
  }
  entry.catalogs[database] = std::move(kept);
  entry.catalog_ages.push_back(database);
  entry.catalog_bytes += bytes;
  entry.unreadable.erase(database);
  Changed();
  return absl::OkStatus();
}

void Fleet::OnCatalogUnavailable(Entry& entry, const v1::CatalogUnavailable& unavailable) {
  if (entry.catalog_waiters > 0 && unavailable.database().size() <= kNameBytesMax) {
    entry.unreadable[unavailable.database()] = model::CutText(unavailable.reason(), kNameBytesMax);
    Changed();
  }
}

absl::StatusOr<Fleet::Entry*> Fleet::SidecarFor(const std::string& endpoint, const std::string& database) {
  Entry* askable = nullptr;
  Entry* gone = nullptr;
  Entry* remembered = nullptr;
  std::set<std::string> endpoints;
  for (auto& [name, entry] : sidecars_) {
    endpoints.insert(entry.info.endpoint());
    if (entry.info.endpoint() != endpoint) {
      continue;
    }
    const bool knows = entry.catalogs.contains(database);
    if (knows && entry.link != nullptr) {
      return &entry;
    }
    remembered = knows ? &entry : remembered;
    askable = entry.link != nullptr ? &entry : askable;
    gone = &entry;
  }
  if (askable != nullptr || remembered != nullptr) {
    return askable != nullptr ? askable : remembered;
  }
  if (gone != nullptr) {
    return base::FailedPrecondition(
        "no sidecar of endpoint {} is connected, and none has reported the catalog of {}; start sidecar {} and try "
        "again",
        endpoint, database, gone->info.name());
  }
  std::string known;
  size_t named = 0;
  for (const std::string& each : endpoints) {
    if (named++ == kEndpointsNamed) {
      known += ", …";
      break;
    }
    known += (known.empty() ? "" : ", ") + each;
  }
  return base::NotFound("no sidecar has ever connected for endpoint \"{}\"; known endpoints: {}", endpoint,
                        known.empty() ? "none" : known);
}

absl::StatusOr<Fleet::KnownCatalog> Fleet::AwaitCatalog(const std::string& endpoint, const std::string& database,
                                                        std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::unique_lock lock(mutex_);
  CHAPERONE_ASSIGN_OR_RETURN(Entry* const entry, SidecarFor(endpoint, database));
  const std::string name = entry->info.name();
  if (!entry->catalogs.contains(database)) {
    // Entries are never erased: the pointer stays good without the lock.
    entry->unreadable.erase(database);
    ++entry->catalog_waiters;
    const std::shared_ptr<SidecarLink> link = entry->link;
    lock.unlock();
    v1::SyncResponse message;
    message.mutable_catalog_request()->set_database(database);
    link->Send(message);
    lock.lock();
    const bool answered = changed_.wait_until(lock, deadline, [&] {
      return entry->catalogs.contains(database) || entry->unreadable.contains(database) || entry->link != link;
    });
    --entry->catalog_waiters;
    const auto failure = entry->unreadable.find(database);
    const std::string reason = failure != entry->unreadable.end() ? failure->second : "";
    if (entry->catalog_waiters == 0) {
      entry->unreadable.clear();
    }
    if (!entry->catalogs.contains(database)) {
      if (!reason.empty()) {
        return base::NotFound("sidecar {} cannot read the catalog of {}/{}: {}", name, endpoint, database, reason);
      }
      return base::FailedPrecondition("sidecar {} {} when the catalog of {}/{} was asked for; try again", name,
                                      answered ? "left" : "did not answer in time", endpoint, database);
    }
  }
  return KnownCatalog{entry->catalogs.at(database), name, {entry->info.labels().begin(), entry->info.labels().end()}};
}

std::vector<Fleet::Catalogued> Fleet::Catalogs() const {
  const std::lock_guard lock(mutex_);
  std::vector<Catalogued> catalogs;
  for (const auto& [name, entry] : sidecars_) {
    for (const auto& [database, catalog] : entry.catalogs) {
      if (entry.link != nullptr) {
        catalogs.push_back({entry.info.endpoint(), catalog});
      }
    }
  }
  return catalogs;
}

}  // namespace chaperone::fleet
