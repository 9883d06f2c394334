// Any bytes as SQL text, against the shop database: nothing crashes, every statement that is not understood needs
// `unknown`, and the words for the facts can be made. The first byte picks the search_path.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/sql/analyze.h"
#include "api/sql/describe.h"
#include "api/sql/fixture.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  chaperone::sql::SessionContext session{.role = "postgres"};
  if (data[0] == '!') {
    session.search_path = {"evil", "crm", "public"};
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  chaperone::sql::AnalyzeLimits limits;
  limits.steps_max = 200'000;
  const chaperone::sql::Facts facts =
      chaperone::sql::Analyze(data[0] == '!' ? text.substr(1) : text, chaperone::sql::ShopCatalog(), session, limits);
  if (facts.error && (facts.statements.size() != 1 || facts.statements[0].needs.empty())) {
    std::abort();
  }
  chaperone::sql::DescribeFacts(facts, chaperone::sql::ShopCatalog());
  return 0;
}
