// The types of a database's catalog, as maskers ask for them.
#ifndef CHAPERONE_DATAPLANE_MASKING_CATALOG_TYPES_H_
#define CHAPERONE_DATAPLANE_MASKING_CATALOG_TYPES_H_

#include "api/sql/catalog.h"
#include "dataplane/masking/type.h"

namespace chaperone::masking {

// REQUIRES: the catalog outlives it.
class CatalogTypes final : public TypeCatalog {
 public:
  explicit CatalogTypes(const sql::Catalog& catalog) : catalog_(catalog) {}
  bool Describe(Oid type, TypeDescription* out) const override;

 private:
  const sql::Catalog& catalog_;
};

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_CATALOG_TYPES_H_
