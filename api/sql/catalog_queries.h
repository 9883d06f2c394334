// The SQL that reads a catalog snapshot from a server. Whoever owns the connection runs it and feeds the rows to a
// CatalogBuilder; results in text format.
#ifndef CHAPERONE_API_SQL_CATALOG_QUERIES_H_
#define CHAPERONE_API_SQL_CATALOG_QUERIES_H_

#include <span>
#include <string_view>

namespace chaperone::sql {

// Runs before the queries, as one simple query: a read-only transaction with one snapshot and a fixed search_path, on
// which the definitions' text depends.
std::string_view CatalogSetupSql();
// Runs after them.
std::string_view CatalogTeardownSql();

// To run in this order; the index in this list is CatalogBuilder::AddRow's `query`. Each names schema and operator in
// full, so that no object of the database can take a place in it.
std::span<const std::string_view> CatalogQueries();

// One row, one column: a value that differs whenever anything that a snapshot holds was created, changed or dropped and
// committed. It scans the catalogs named in CATALOG.md: about 0.3 ms per 1,000 tables.
std::string_view CatalogProbeQuery();

// The same at the cost of a few counters, out of the server's statistics: the server may publish a change up to a
// second late (PostgreSQL 15; 500 ms before), and counts other sessions' temporary tables too.
std::string_view CatalogQuickProbeQuery();

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_CATALOG_QUERIES_H_
