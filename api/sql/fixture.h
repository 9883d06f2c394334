// Test support: a catalog out of a file of rows (testdata/shop.rows), as fixture.py writes it from a real server.
#ifndef CHAPERONE_API_SQL_FIXTURE_H_
#define CHAPERONE_API_SQL_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "api/base/status.h"
#include "api/sql/catalog.h"

namespace chaperone::sql {

// Lines of "<query>\t<cell>\t…", cells escaped as COPY's text format does. Errors: NotFound, InvalidArgument.
absl::StatusOr<std::shared_ptr<const Catalog>> LoadCatalogRows(const std::string& path);

// The shop database of testdata/shop.sql; read once for each test program.
const Catalog& ShopCatalog();

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_FIXTURE_H_
