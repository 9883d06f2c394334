// Golden facts: testdata/*.case against the shop database. A case is SQL, a line "----", the lines of DescribeFacts,
// and an empty line. A comment line "-- path: a, b" before it sets the search_path, "-- temp: pg_temp_3" the temporary
// schema. With CHAPERONE_GOLDEN_OUT=<folder> the files are written anew there, to be reviewed and copied.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "api/sql/analyze.h"
#include "api/sql/describe.h"
#include "api/sql/fixture.h"

namespace chaperone::sql {
namespace {

struct Case {
  std::string sql;
  SessionContext session{.role = "postgres"};
  std::vector<std::string> expected;
  // Comments and settings before the SQL, as they stand.
  std::vector<std::string> head;
};

std::vector<Case> ReadCases(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<Case> cases;
  Case current;
  bool in_expected = false;
  std::string line;
  const auto finish = [&] {
    if (!current.sql.empty()) {
      cases.push_back(std::move(current));
    }
    current = Case();
    in_expected = false;
  };
  while (std::getline(in, line)) {
    if (in_expected) {
      if (line.empty()) {
        finish();
      } else {
        current.expected.push_back(line);
      }
    } else if (line == "----") {
      in_expected = true;
    } else if (current.sql.empty() && line.rfind("-- ", 0) == 0) {
      current.head.push_back(line);
      if (line.rfind("-- path: ", 0) == 0) {
        current.session.search_path.clear();
        REQUIRE(ParseSearchPath(line.substr(9), &current.session.search_path));
      } else if (line.rfind("-- temp: ", 0) == 0) {
        current.session.temp_schema = line.substr(9);
      }
    } else if (!line.empty() || !current.sql.empty()) {
      current.sql += (current.sql.empty() ? "" : "\n") + line;
    }
  }
  finish();
  return cases;
}

std::string Join(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    out += line + "\n";
  }
  return out;
}

TEST_CASE("statements come to the facts that the golden files hold") {
  const char* out_folder = std::getenv("CHAPERONE_GOLDEN_OUT");
  size_t count = 0;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator("api/sql/testdata")) {
    if (entry.path().extension() == ".case") {
      files.insert(entry.path());
    }
  }
  for (const std::filesystem::path& file : files) {
    std::ofstream out;
    if (out_folder != nullptr) {
      out.open(std::filesystem::path(out_folder) / file.filename());
    }
    for (const Case& test : ReadCases(file)) {
      ++count;
      const std::vector<std::string> lines =
          DescribeFacts(Analyze(test.sql, ShopCatalog(), test.session), ShopCatalog());
      if (out_folder != nullptr) {
        out << Join(test.head) << test.sql << "\n----\n" << Join(lines) << "\n";
        continue;
      }
      INFO(file.filename().string() << ": " << test.sql);
      CHECK(Join(lines) == Join(test.expected));
    }
  }
  CHECK(count > 0);
}

}  // namespace
}  // namespace chaperone::sql
