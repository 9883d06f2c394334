// Which catalogs the control plane still has to be told of. Remembers every catalog that was reported for as long as
// somebody else holds it, so that a new connection can be told of all of them; keeps none alive.
//
// Threading: every function may be called from any thread.
#ifndef CHAPERONE_DATAPLANE_CONTROL_CATALOG_REPORTS_H_
#define CHAPERONE_DATAPLANE_CONTROL_CATALOG_REPORTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "api/sql/catalog.h"
#include "chaperone/v1/sidecar.pb.h"

namespace chaperone::control {

struct ReportedCatalog {
  std::shared_ptr<const sql::Catalog> catalog;
  // What a new session begins with; the path as SHOW writes it.
  std::string role;
  std::string search_path;
};

class CatalogReports {
 public:
  // A catalog that has not been reported.
  void Set(const std::string& database, const ReportedCatalog& catalog);
  // It is due once more, or all of them are.
  void Repeat(const std::string& database);
  void RepeatAll();
  // The control plane asked for it, and it cannot be read.
  void SetUnavailable(const std::string& database, const std::string& reason);

  // The next catalog that is due, as a message; nothing when none is. Takes milliseconds.
  std::optional<v1::SyncRequest> Next();

 private:
  struct Known {
    std::weak_ptr<const sql::Catalog> catalog;
    std::string role;
    std::string search_path;
    uint64_t version = 0;
  };

  std::mutex mutex_;
  uint64_t versions_ = 0;
  std::map<std::string, Known> known_;
  std::set<std::string> due_;
  std::map<std::string, std::string> unavailable_;
};

// Names and types, and the whole snapshot encoded where it fits into a message.
v1::DatabaseCatalog EncodeReport(const std::string& database, const sql::Catalog& catalog);

}  // namespace chaperone::control

#endif  // CHAPERONE_DATAPLANE_CONTROL_CATALOG_REPORTS_H_
