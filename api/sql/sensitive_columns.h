// Columns of the system catalogs that hold what other relations or sessions hold: sampled values, statements' texts,
// secrets. A value from one of them may come from anywhere; secrets need `admin` besides.
#ifndef CHAPERONE_API_SQL_SENSITIVE_COLUMNS_H_
#define CHAPERONE_API_SQL_SENSITIVE_COLUMNS_H_

#include <string_view>

#include "api/sql/catalog.h"

namespace chaperone::sql {

struct SensitiveColumn {
  // Without schema.
  std::string_view relation;
  std::string_view column;
  bool secret;
  // To follow the column's name: "holds password hashes".
  std::string_view reason;
};

// Null when the column is none.
const SensitiveColumn* FindSensitiveColumn(const Relation& relation, std::string_view column);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_SENSITIVE_COLUMNS_H_
