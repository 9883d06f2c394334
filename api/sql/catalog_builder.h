// Rows of the catalog queries -> Catalog. Not thread-safe.
#ifndef CHAPERONE_API_SQL_CATALOG_BUILDER_H_
#define CHAPERONE_API_SQL_CATALOG_BUILDER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/base/status.h"
#include "api/sql/catalog.h"
#include "api/sql/view_facts.h"

namespace chaperone::sql {

class CatalogBuilder {
 public:
  CatalogBuilder();

  // One row of CatalogQueries()[query], in text format; null cells are absent. The cells are copied.
  // Errors: InvalidArgument for a query or a number of cells that is not ours, or a cell that does not read as it
  // should; ResourceExhausted when a result is larger than a snapshot may be.
  absl::Status AddRow(size_t query, std::span<const std::optional<std::string_view>> cells);

  // Resolves views and generated columns, and ends the builder. Errors: FailedPrecondition when a query gave no rows
  // that always gives some.
  absl::StatusOr<std::shared_ptr<const Catalog>> Build();

 private:
  using Cells = std::span<const std::optional<std::string_view>>;

  struct Inheritance {
    Oid child;
    Oid parent;
  };

  std::string_view Intern(std::string_view text);
  absl::Status AddDatabase(Cells cells);
  absl::Status AddSchema(Cells cells);
  absl::Status AddRelation(Cells cells);
  absl::Status AddColumn(Cells cells);
  absl::Status AddType(Cells cells);
  absl::Status AddFunction(Cells cells);
  absl::Status AddOperator(Cells cells);
  absl::Status AddCast(Cells cells);
  absl::Status AddView(Cells cells);
  absl::Status AddInheritance(Cells cells);
  absl::Status AddRule(Cells cells);
  absl::Status AddTrigger(Cells cells);
  absl::Status AddGenerated(Cells cells);
  absl::Status AddExtension(Cells cells);
  absl::Status AddTypeFunction(Cells cells);
  Relation* FindRelation(Oid oid);
  void ClassifyFunctions();
  void LinkSpans();

  // Spans into `columns`, `oids` and `names` are kept as ranges until nothing grows any more.
  struct Range {
    size_t begin = 0;
    size_t size = 0;
  };
  struct FunctionRanges {
    Range arguments;
    Range argument_names;
    Range out_types;
    Range out_names;
    std::string_view arguments_text;
    std::string_view language;
  };

  CatalogData data_;
  std::unordered_map<std::string, std::string_view> interned_;
  std::unordered_map<Oid, size_t> relation_index_;
  std::unordered_map<Oid, Range> column_ranges_;
  std::vector<FunctionRanges> function_ranges_;
  std::vector<DefinitionText> definitions_;
  std::vector<Inheritance> inheritance_;
};

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_CATALOG_BUILDER_H_
