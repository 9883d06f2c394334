// A program for tests and for looking at things: prints the catalog queries, or what the analysis says of statements.
//
//   probe queries                 each query of CatalogQueries(), set-up first and tear-down last, separated by NUL
//   probe outputs ROWS [PATH]     reads statements from standard input, separated by NUL; for each prints whether its
//   outputs
//                                 are known, then for each output: oid, attnum, origin known, name; fields separated by
//                                 0x1f, outputs by 0x1e, statements by NUL
//   probe facts ROWS [PATH]       reads statements likewise; prints DescribeFacts
// PATH is a search_path value.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

#include "api/sql/analyze.h"
#include "api/sql/catalog_queries.h"
#include "api/sql/describe.h"
#include "api/sql/fixture.h"

namespace {

using chaperone::sql::Facts;
using chaperone::sql::OutputColumn;

void Put(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void PrintQueries() {
  Put(chaperone::sql::CatalogSetupSql());
  for (const std::string_view query : chaperone::sql::CatalogQueries()) {
    Put(std::string_view("\0", 1));
    Put(query);
  }
  Put(std::string_view("\0", 1));
  Put(chaperone::sql::CatalogTeardownSql());
}

void PrintOutputs(const Facts& facts) {
  const bool one = facts.statements.size() == 1;
  Put(one && facts.statements[0].outputs_known ? "1" : "0");
  for (const OutputColumn& output : one ? facts.statements[0].outputs : std::vector<OutputColumn>()) {
    Put(fmt::format("\x1e{}\x1f{}\x1f{}\x1f{}", output.origin.relation, output.origin.attnum,
                    output.origin_known ? 1 : 0, output.name));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "queries") {
    PrintQueries();
    return 0;
  }
  if (argc < 3 || (mode != "outputs" && mode != "facts")) {
    std::fprintf(stderr, "usage: probe queries | probe outputs|facts ROWS [PATH]\n");
    return 2;
  }
  const auto catalog = chaperone::sql::LoadCatalogRows(argv[2]);
  if (!catalog.ok()) {
    std::fprintf(stderr, "%s\n", chaperone::base::Describe(catalog.status()).c_str());
    return 1;
  }
  chaperone::sql::SessionContext session{.role = "postgres"};
  if (argc > 3) {
    session.search_path.clear();
    if (!chaperone::sql::ParseSearchPath(argv[3], &session.search_path)) {
      std::fprintf(stderr, "PATH is no search_path\n");
      return 2;
    }
  }
  const std::string input((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
  std::string_view rest = input;
  while (true) {
    const size_t end = rest.find('\0');
    const Facts facts = chaperone::sql::Analyze(rest.substr(0, end), **catalog, session);
    if (mode == "outputs") {
      PrintOutputs(facts);
      Put(std::string_view("\0", 1));
    } else {
      for (const std::string& line : chaperone::sql::DescribeFacts(facts, **catalog)) {
        Put(line);
        Put("\n");
      }
    }
    if (end == std::string_view::npos) {
      return 0;
    }
    rest.remove_prefix(end + 1);
  }
}
