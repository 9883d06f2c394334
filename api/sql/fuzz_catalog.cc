// Any bytes as an encoded catalog: refused, or usable.
#include <cstdint>
#include <string_view>

#include "api/sql/analyze.h"
#include "api/sql/catalog_codec.h"
#include "api/sql/describe.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto catalog = chaperone::sql::DecodeCatalog({reinterpret_cast<const char*>(data), size});
  if (catalog.ok()) {
    const auto facts = chaperone::sql::Analyze("SELECT *, lower(a), a = 1 FROM t, v", **catalog, {});
    chaperone::sql::DescribeFacts(facts, **catalog);
  }
  return 0;
}
