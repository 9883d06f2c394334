#include "dataplane/control/catalog_reports.h"

#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "api/sql/analyze.h"
#include "api/sql/catalog_codec.h"

namespace chaperone::control {

namespace {

// A control plane takes messages of 40 MiB unless it is told otherwise.
constexpr size_t kEncodedBytesMax = size_t{24} << 20;
constexpr int kColumnsMax = 200'000;
constexpr size_t kUnavailableMax = 256;

// What a statement can read or write; indexes, TOAST tables and composite types have no rows of their own.
bool IsReported(sql::RelationKind kind) {
  switch (kind) {
    case sql::RelationKind::kTable:
    case sql::RelationKind::kView:
    case sql::RelationKind::kMaterializedView:
    case sql::RelationKind::kPartitionedTable:
    case sql::RelationKind::kForeignTable:
    case sql::RelationKind::kSequence:
      return true;
    default:
      return false;
  }
}

}  // namespace

v1::DatabaseCatalog EncodeReport(const std::string& database, const sql::Catalog& catalog) {
  v1::DatabaseCatalog report;
  report.set_database(database);
  int columns = 0;
  for (const sql::Relation& relation : catalog.data().relations) {
    // Other sessions' temporary tables are nobody's business.
    if (!IsReported(relation.kind) || relation.is_temporary || columns > kColumnsMax) {
      continue;
    }
    v1::RelationInfo& info = *report.add_relations();
    info.set_schema(std::string(catalog.SchemaName(relation.schema)));
    info.set_name(std::string(relation.name));
    info.set_kind(std::string(1, static_cast<char>(relation.kind)));
    for (const sql::Column& column : relation.columns) {
      v1::ColumnInfo& described = *info.add_columns();
      described.set_name(std::string(column.name));
      const sql::Type* const type = catalog.TypeByOid(column.type);
      described.set_type(type != nullptr ? std::string(type->name) : "");
      ++columns;
    }
  }
  std::string encoded = sql::EncodeCatalog(catalog);
  if (encoded.size() <= kEncodedBytesMax) {
    report.set_encoded(std::move(encoded));
  } else {
    spdlog::warn(
        "the catalog of {} takes {} bytes, too many for the control plane; statements there cannot be simulated",
        database, encoded.size());
  }
  return report;
}

void CatalogReports::Set(const std::string& database, const ReportedCatalog& catalog) {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_, [](const auto& entry) { return entry.second.catalog.expired(); });
  known_[database] = {catalog.catalog, catalog.role, catalog.search_path, ++versions_};
  due_.insert(database);
}

void CatalogReports::Repeat(const std::string& database) {
  const std::lock_guard lock(mutex_);
  due_.insert(database);
}

void CatalogReports::RepeatAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& [database, known] : known_) {
    due_.insert(database);
  }
}

void CatalogReports::SetUnavailable(const std::string& database, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (unavailable_.size() < kUnavailableMax) {
    unavailable_[database] = reason;
  }
}

std::optional<v1::SyncRequest> CatalogReports::Next() {
  {
    const std::lock_guard lock(mutex_);
    if (!unavailable_.empty()) {
      const auto answer = unavailable_.extract(unavailable_.begin());
      v1::SyncRequest request;
      request.mutable_catalog_unavailable()->set_database(answer.key());
      request.mutable_catalog_unavailable()->set_reason(answer.mapped());
      return request;
    }
  }
  std::string database;
  std::shared_ptr<const sql::Catalog> catalog;
  Known known;
  while (catalog == nullptr) {
    const std::lock_guard lock(mutex_);
    if (due_.empty()) {
      return std::nullopt;
    }
    database = due_.extract(due_.begin()).value();
    if (const auto found = known_.find(database); found != known_.end()) {
      known = found->second;
      catalog = known.catalog.lock();
    }
  }
  v1::SyncRequest request;
  *request.mutable_catalog() = EncodeReport(database, *catalog);
  request.mutable_catalog()->set_version(known.version);
  request.mutable_catalog()->set_role(known.role);
  std::vector<std::string> path;
  if (sql::ParseSearchPath(known.search_path, &path)) {
    request.mutable_catalog()->mutable_search_path()->Assign(path.begin(), path.end());
  }
  return request;
}

}  // namespace chaperone::control
