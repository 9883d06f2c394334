#include "dataplane/upstream/estimate.h"

#include <catch2/catch.hpp>

namespace chaperone::upstream {
namespace {

TEST_CASE("the rows that a statement would change are those that come into its INSERT, UPDATE or DELETE") {
  struct Case {
    std::vector<std::string> lines;
    double rows;
  };
  const Case cases[] = {
      {{"Update on products  (cost=0.00..35.50 rows=0 width=0)",
        "  ->  Seq Scan on products  (cost=0.00..35.50 rows=850 width=10)", "        Filter: (id > 1)"},
       850},
      {{"Insert on t  (cost=0.00..0.01 rows=0 width=0)", "  ->  Result  (cost=0.00..0.01 rows=1 width=4)"}, 1},
      // Partitions before PostgreSQL 14, one input each.
      {{"Delete on p  (cost=0.00..2 rows=30 width=6)", "  Delete on p1", "  Delete on p2",
        "  ->  Seq Scan on p1  (cost=0.00..1 rows=10 width=6)", "  ->  Seq Scan on p2  (cost=0.00..1 rows=20 width=6)"},
       30},
      // A WITH that writes counts like any other; what it reads from does not count twice.
      {{"Update on a  (cost=1.00..9.00 rows=0 width=0)", "  CTE gone",
        "    ->  Delete on b  (cost=0.00..5.00 rows=7 width=6)",
        "          ->  Seq Scan on b  (cost=0.00..5.00 rows=7 width=6)",
        "  ->  Nested Loop  (cost=0.00..4.00 rows=40 width=6)",
        "        ->  Seq Scan on a  (cost=0.00..4.00 rows=400 width=6)",
        "        ->  CTE Scan on gone  (cost=0.00..4.00 rows=7 width=6)"},
       47},
      {{"Seq Scan on t  (cost=0.00..35.50 rows=2550 width=4)"}, 2550},
      // A table may have any name.
      {{"Delete on \"(cost=0 rows=9)\"  (cost=0.00..1 rows=0 width=0)",
        "  ->  Seq Scan on \"(cost=0 rows=9)\"  (cost=0.00..1 rows=3 width=6)"},
       3},
  };
  for (const Case& c : cases) {
    INFO(c.lines.front());
    const auto rows = RowsOfPlan(c.lines);
    REQUIRE(rows.ok());
    CHECK(*rows == c.rows);
  }
}

TEST_CASE("what is no plan gives no estimate", "[fail-closed]") {
  CHECK_FALSE(RowsOfPlan({}).ok());
  CHECK_FALSE(RowsOfPlan({"Utility statements have no plan structure"}).ok());
  CHECK_FALSE(RowsOfPlan({"Seq Scan on t  (cost=0.00..35.50 rows=many width=4)"}).ok());
}

}  // namespace
}  // namespace chaperone::upstream
