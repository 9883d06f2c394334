// The session's search_path against a catalog: which schemas a name without one is looked up in, and in which order.
// Relations and types look into the temporary schema first; functions and operators never do unless it is named.
#ifndef CHAPERONE_API_SQL_NAME_PATH_H_
#define CHAPERONE_API_SQL_NAME_PATH_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/sql/analyze.h"
#include "api/sql/catalog.h"
#include "api/sql/tree.h"

namespace chaperone::sql {

class NamePath {
 public:
  // Both must outlive the path.
  NamePath(const Catalog& catalog, const SessionContext& session);

  // `schema` may be empty: the first relation of that name on the path. Null when there is none.
  const Relation* FindRelation(std::string_view schema, std::string_view name) const;
  const Type* FindType(std::string_view schema, std::string_view name) const;
  // 0 when there is none; understands the alias pg_temp.
  Oid FindSchema(std::string_view name) const;
  std::span<const Oid> function_schemas() const { return function_schemas_; }
  // Place on the path of functions; npos when it is not on it.
  size_t FunctionRank(Oid schema) const;

  // The name of the schema in which an object without one is created; "" when there is none.
  std::string_view creation_schema() const { return creation_schema_; }
  std::string_view temp_schema() const { return temp_schema_; }
  const Catalog& catalog() const { return *catalog_; }

  // By the time the statement runs, a name without a schema may be found elsewhere on the path.
  bool is_uncertain() const { return uncertain_; }
  void set_uncertain() { uncertain_ = true; }

 private:
  const Catalog* catalog_;
  bool uncertain_ = false;
  std::string_view temp_schema_;
  std::string_view creation_schema_;
  std::vector<Oid> relation_schemas_;
  std::vector<Oid> function_schemas_;
};

// The parts of a possibly qualified name: [catalog.][schema.]name, from a list of String nodes. False when there are
// more parts, or one is no string.
struct QualifiedName {
  std::string_view catalog;
  std::string_view schema;
  std::string_view name;
};
bool ReadQualifiedName(NodeList parts, QualifiedName* name);

// The parts of a name as a literal holds it for regclass: `shop."Order"`. False when it is none.
bool ParseDottedName(std::string_view text, std::vector<std::string>* parts);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_NAME_PATH_H_
