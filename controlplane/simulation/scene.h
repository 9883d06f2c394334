// What a question about policies is asked of: the catalog of a database, the documents, and the view that a principal
// has of them. Made anew for each question; decoded catalogs and the compiled bundle are kept for the next.
//
// Threading: Scenes may be used from any thread; a Scene is immutable.
#ifndef CHAPERONE_CONTROLPLANE_SIMULATION_SCENE_H_
#define CHAPERONE_CONTROLPLANE_SIMULATION_SCENE_H_

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/base/status.h"
#include "api/policy/policy.h"
#include "api/sql/catalog.h"
#include "chaperone/v1/fleet.pb.h"
#include "chaperone/v1/policy.pb.h"
#include "controlplane/policies/policies.h"

namespace chaperone::simulation {

// The names and types of a database, from the sidecar that reported them.
struct ReportedCatalog {
  std::shared_ptr<const v1::DatabaseCatalog> catalog;
  std::string sidecar;
  std::map<std::string, std::string> labels;
};
// Errors: those that tell the operator why there is none, and what to do.
using CatalogSource =
    std::function<absl::StatusOr<ReportedCatalog>(const std::string& endpoint, const std::string& database)>;
// A stored revision; 0 means the newest. Errors: NotFound.
using BundleSource = std::function<absl::StatusOr<std::shared_ptr<const policies::Bundle>>(uint64_t revision)>;

using Documents = std::vector<std::shared_ptr<const policy::Document>>;

struct Scene {
  ReportedCatalog reported;
  std::shared_ptr<const sql::Catalog> catalog;
  policy::Principal principal;
  policy::Target target;
  // 0 when the documents came with the question.
  uint64_t revision = 0;
  // All documents, whoever they are for.
  Documents documents;
  std::shared_ptr<const policy::View> view;
};

// "<endpoint>/<database>" in its parts. Errors: InvalidArgument.
absl::StatusOr<policy::Target> ParseDatabase(const std::string& text);

class Scenes {
 public:
  Scenes(CatalogSource catalogs, BundleSource bundles) : catalogs_(std::move(catalogs)), bundles_(std::move(bundles)) {}

  // Errors: InvalidArgument for a scope or documents that cannot be read; NotFound for an unknown revision; those of
  // the catalog source; FailedPrecondition for a catalog that this release cannot read.
  absl::StatusOr<Scene> Make(const v1::PolicyScope& scope, bool for_everybody = false);
  // Only the catalog as reported.
  absl::StatusOr<ReportedCatalog> Reported(const std::string& database) const;

 private:
  struct Compiled {
    uint64_t revision = 0;
    Documents documents;
    std::shared_ptr<const policy::Bundle> bundle;
  };
  struct Decoded {
    std::shared_ptr<const v1::DatabaseCatalog> source;
    std::shared_ptr<const sql::Catalog> catalog;
  };

  absl::StatusOr<std::shared_ptr<const sql::Catalog>> Decode(const ReportedCatalog& reported);
  absl::StatusOr<std::shared_ptr<const Compiled>> Compile(const v1::PolicyScope& scope);

  const CatalogSource catalogs_;
  const BundleSource bundles_;
  std::mutex mutex_;
  // The newest first.
  std::list<Decoded> decoded_;                // guarded by mutex_
  std::shared_ptr<const Compiled> compiled_;  // guarded by mutex_: of the revision asked for last
};

}  // namespace chaperone::simulation

#endif  // CHAPERONE_CONTROLPLANE_SIMULATION_SCENE_H_
