// Which function or operator a name with arguments comes to: PostgreSQL's rules (parse_func.c, parse_oper.c), or, where
// an argument's type is not known, every candidate that could be meant.
#ifndef CHAPERONE_API_SQL_OVERLOAD_H_
#define CHAPERONE_API_SQL_OVERLOAD_H_

#include <span>
#include <string_view>
#include <vector>

#include "api/sql/catalog.h"
#include "api/sql/name_path.h"

namespace chaperone::sql {

// True when a value of `source` may stand where `target` is wanted without a written cast. oids::kUnknown is an untyped
// literal; 0, a type that is not known, may be anything.
bool CanCoerce(const Catalog& catalog, Oid source, Oid target);

// select_common_type (parse_coerce.c): what values of these types become where they meet, as in ARRAY, CASE and
// COALESCE. 0 when that cannot be told, or when the server refuses.
Oid CommonType(const Catalog& catalog, std::span<const Oid> types);

struct CallShape {
  // In order; 0 for a type that is not known.
  std::span<const Oid> types;
  // Names of the last arguments, where the call gives names; as many as there are.
  std::span<const std::string_view> names;
  // f(VARIADIC array).
  bool expanded_variadic = false;
};

// The candidates: empty when there is none, one when it is certain.
std::vector<const Function*> ResolveFunction(const NamePath& path, const QualifiedName& name, const CallShape& call);

// What a function that is declared to return `result` returns for these arguments: polymorphic results follow the
// arguments; 0 when that cannot be told.
Oid ResultType(const Catalog& catalog, const Function& function, std::span<const Oid> types, Oid result);

// `left` is absent for a prefix operator.
std::vector<const Operator*> ResolveOperator(const NamePath& path, const QualifiedName& name, bool prefix, Oid left,
                                             Oid right);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_OVERLOAD_H_
