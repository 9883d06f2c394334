#include "api/recording/digest.h"

#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <string>

namespace chaperone::recording {
namespace {

TEST_CASE("every field of a statement changes its digest [fail-closed]") {
  const DigestParameter one[] = {{23, false, false, "1"}};
  const DigestParameter other_value[] = {{23, false, false, "2"}};
  const DigestParameter other_type[] = {{25, false, false, "1"}};
  const DigestParameter other_format[] = {{23, true, false, "1"}};
  const DigestParameter null[] = {{23, false, true, ""}};
  const DigestParameter two[] = {{23, false, false, "1"}, {23, false, false, ""}};
  const std::function<void(DigestInput&)> changes[] = {
      [](DigestInput&) {},
      [](DigestInput& i) { i.issuer = "x"; },
      [](DigestInput& i) { i.subject = "x"; },
      [](DigestInput& i) { i.human = "x"; },
      [](DigestInput& i) { i.task = "x"; },
      [](DigestInput& i) { i.endpoint = "x"; },
      [](DigestInput& i) { i.database = "x"; },
      [](DigestInput& i) { i.role = "x"; },
      [](DigestInput& i) { i.search_path = {"x"}; },
      [](DigestInput& i) {
        i.search_path = {"x", "y"};
      },
      [](DigestInput& i) { i.statement = "x"; },
      [&](DigestInput& i) { i.parameters = one; },
      [&](DigestInput& i) { i.parameters = other_value; },
      [&](DigestInput& i) { i.parameters = other_type; },
      [&](DigestInput& i) { i.parameters = other_format; },
      [&](DigestInput& i) { i.parameters = null; },
      [&](DigestInput& i) { i.parameters = two; },
      // Lengths keep neighbouring fields apart.
      [](DigestInput& i) {
        i.endpoint = "ab";
        i.database = "c";
      },
      [](DigestInput& i) {
        i.endpoint = "a";
        i.database = "bc";
      },
  };
  std::set<Digest> seen;
  for (const auto& change : changes) {
    DigestInput input;
    change(input);
    CHECK(seen.insert(ApprovalDigest(input)).second);
  }
}

}  // namespace
}  // namespace chaperone::recording
