// Views and generated columns, resolved once for each snapshot: what each of their columns derives from.
#ifndef CHAPERONE_API_SQL_VIEW_FACTS_H_
#define CHAPERONE_API_SQL_VIEW_FACTS_H_

#include <vector>

#include "api/sql/catalog.h"

namespace chaperone::sql {

// Analyses each definition and puts the result into its relation. A view over views is resolved after them; one that
// cannot be resolved has unknown columns.
void DeriveDefinitions(const std::vector<DefinitionText>& definitions, Catalog* catalog);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_VIEW_FACTS_H_
