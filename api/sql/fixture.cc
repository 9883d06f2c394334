#include "api/sql/fixture.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string_view>

#include "api/sql/catalog_builder.h"

namespace chaperone::sql {

namespace {

std::optional<std::string> Unescape(std::string_view cell) {
  if (cell == "\\N") {
    return std::nullopt;
  }
  std::string out;
  for (size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] != '\\' || i + 1 == cell.size()) {
      out += cell[i];
      continue;
    }
    const char next = cell[++i];
    out += next == 'n' ? '\n' : next == 't' ? '\t' : next == 'r' ? '\r' : next;
  }
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Catalog>> LoadCatalogRows(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return base::NotFound("cannot read {}", path);
  }
  CatalogBuilder builder;
  std::string line;
  while (std::getline(in, line)) {
    std::vector<std::optional<std::string>> texts;
    std::string_view rest = line;
    const size_t query_end = rest.find('\t');
    const size_t query = static_cast<size_t>(std::atoi(line.c_str()));
    while (query_end != std::string_view::npos) {
      rest.remove_prefix(rest.find('\t') + 1);
      const size_t end = rest.find('\t');
      texts.push_back(Unescape(rest.substr(0, end)));
      if (end == std::string_view::npos) {
        break;
      }
    }
    std::vector<std::optional<std::string_view>> cells(texts.begin(), texts.end());
    CHAPERONE_RETURN_IF_ERROR(builder.AddRow(query, cells));
  }
  return builder.Build();
}

const Catalog& ShopCatalog() {
  static const absl::StatusOr<std::shared_ptr<const Catalog>> catalog = LoadCatalogRows("api/sql/testdata/shop.rows");
  if (!catalog.ok()) {
    std::fprintf(stderr, "%s\n", base::Describe(catalog.status()).c_str());
    std::abort();
  }
  return **catalog;
}

}  // namespace chaperone::sql
