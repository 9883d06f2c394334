#include "api/policy/rule_memo.h"

#include <catch2/catch.hpp>

#include "api/policy/policy_testing.h"

namespace chaperone::policy {
namespace {

TEST_CASE("a memo keeps apart what differs in action, kind or name") {
  const RuleMemo memo(1024);
  memo.Add(ParseNeed("read public.orders"), std::vector<uint32_t>{1, 2});
  REQUIRE(memo.Find(ParseNeed("read public.orders")) != nullptr);
  CHECK(*memo.Find(ParseNeed("read public.orders")) == std::vector<uint32_t>{1, 2});
  CHECK(memo.Find(ParseNeed("insert public.orders")) == nullptr);
  CHECK(memo.Find(ParseNeed("read function:public.orders")) == nullptr);
  CHECK(memo.Find(ParseNeed("read public.items")) == nullptr);
}

TEST_CASE("what was added first stays") {
  const RuleMemo memo(1024);
  memo.Add(ParseNeed("read public.orders"), std::vector<uint32_t>{1});
  memo.Add(ParseNeed("read public.orders"), std::vector<uint32_t>{2});
  CHECK(*memo.Find(ParseNeed("read public.orders")) == std::vector<uint32_t>{1});
}

TEST_CASE("a full memo keeps what it has and answers on") {
  const RuleMemo memo(1024);
  sql::Need need = ParseNeed("read public.orders");
  int kept = 0;
  for (int i = 0; i < 4000; ++i) {
    need.resource = fmt::format("public.t{}", i);
    memo.Add(need, std::vector<uint32_t>{static_cast<uint32_t>(i)});
    const auto* found = memo.Find(need);
    REQUIRE((found == nullptr || found->front() == static_cast<uint32_t>(i)));
    kept += found != nullptr;
  }
  CHECK(kept == 512);
  need.resource = "public.t0";
  CHECK(memo.Find(need)->front() == 0);
}

TEST_CASE("verdicts of a view with a memo stay the same when asked again") {
  std::string body = "statements:\n";
  for (int i = 0; i < 200; ++i) {
    body += fmt::format("  - {{id: r{}, effect: {}, actions: [read], resources: ['public.t{}*']}}\n", i,
                        i % 3 == 0 ? "deny" : "allow", i);
  }
  const auto view = MustCompile({DocumentFor("p", body)})->ViewFor(Agent(), Shop());
  for (int i = 0; i < 300; ++i) {
    const sql::Facts facts = ParseFacts(fmt::format("read public.t{}", i));
    const Verdict first = view->Judge(facts, {});
    const Verdict second = view->Judge(facts, {});
    REQUIRE(Summary(first) == Summary(second));
    REQUIRE(first.hint == second.hint);
  }
}

}  // namespace
}  // namespace chaperone::policy
