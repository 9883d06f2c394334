// Facts in words, one line for each: what `simulate` prints and the golden files hold.
#ifndef CHAPERONE_API_SQL_DESCRIBE_H_
#define CHAPERONE_API_SQL_DESCRIBE_H_

#include <string>
#include <vector>

#include "api/sql/catalog.h"
#include "api/sql/facts.h"

namespace chaperone::sql {

// For each statement a line with its tag, then indented lines: its needs, what it returns, decides by, writes, sets and
// does to the session. Facts that are at their default have no line. No literal of the text appears, settings' values
// aside.
std::vector<std::string> DescribeFacts(const Facts& facts, const Catalog& catalog);

// "read public.users", "delete public.users without where", "unknown *: …".
std::string DescribeNeed(const Need& need, const Catalog& catalog);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_DESCRIBE_H_
