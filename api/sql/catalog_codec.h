// A catalog snapshot as bytes, for the other plane: names, types and what definitions come to. Layout: CATALOG.md.
#ifndef CHAPERONE_API_SQL_CATALOG_CODEC_H_
#define CHAPERONE_API_SQL_CATALOG_CODEC_H_

#include <memory>
#include <string>
#include <string_view>

#include "api/base/status.h"
#include "api/sql/catalog.h"

namespace chaperone::sql {

// Past this a snapshot is not taken in.
inline constexpr size_t kEncodedCatalogBytesMax = size_t{256} << 20;

std::string EncodeCatalog(const Catalog& catalog);

// The bytes are not kept. Memory stays within a small multiple of their number.
// Errors: DataLoss when they are cut short, of another version, out of order or refer to what is not there.
absl::StatusOr<std::shared_ptr<const Catalog>> DecodeCatalog(std::string_view bytes);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_CATALOG_CODEC_H_
