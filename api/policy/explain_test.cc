#include "api/policy/explain.h"

#include <catch2/catch.hpp>

#include "api/policy/policy_testing.h"

namespace chaperone::policy {
namespace {

std::vector<std::shared_ptr<const Document>> Documents() {
  return {MustParse(DocumentFor("b",
                                "masking:\n"
                                "  - {id: pii, columns: ['*.*.ssn', '*.*.email'], except: [public.letters.email],"
                                " method: redact}\n"
                                "  - {id: found, detect: [email], method: redact}\n")),
          MustParse(DocumentFor("a",
                                "masking:\n  - {id: cards, columns: [public.events.payload.card], method: hash}\n"
                                "  - {id: mail, columns: ['public.*.email'], method: email}\n"))};
}

TEST_CASE("every rule that names a column is told, the ones that spare it too, by policy and place") {
  const auto reasons = ExplainMask(Documents(), "public", "letters", "email");
  REQUIRE(reasons.size() == 2);
  CHECK(reasons[0].policy == "a");
  CHECK(reasons[0].rule == "mail");
  CHECK(reasons[0].method == "email");
  CHECK(reasons[0].except.empty());
  CHECK(reasons[1].policy == "b");
  CHECK(reasons[1].rule == "pii");
  CHECK(reasons[1].pattern == "*.*.email");
  CHECK(reasons[1].except == "public.letters.email");
  CHECK(reasons[1].line > 0);
}

TEST_CASE("a mask on a part of a value names its path") {
  const auto reasons = ExplainMask(Documents(), "public", "events", "payload");
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0].pattern == "public.events.payload.card");
  CHECK(ExplainMask(Documents(), "public", "events", "id").empty());
}

TEST_CASE("documents for a principal, and for any principal at all") {
  const auto narrow = MustParse(R"(apiVersion: chaperone/v1
kind: Policy
metadata: {name: narrow}
principals: [{groups: [others], human: present}]
databases: ["shop-prod/*"]
statements: [{id: read, effect: allow, actions: [read], resources: ["*"]}]
)");
  CHECK(DocumentsFor({narrow}, Agent(), Shop()).empty());
  CHECK(DocumentsFor(ForEverybody({narrow}), Principal(), Shop()).size() == 1);
  CHECK(DocumentsFor(ForEverybody({narrow}), Principal(), Target{"elsewhere", "shop", {}}).empty());
}

}  // namespace
}  // namespace chaperone::policy
