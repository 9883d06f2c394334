#include "dataplane/session/judge_contexts.h"

#include <catch2/catch.hpp>
#include <functional>

#include "api/base/fake_clock.h"
#include "api/sql/fixture.h"

namespace chaperone::session {
namespace {

using std::chrono::minutes;

constexpr std::string_view kPolicy = R"(apiVersion: chaperone/v1
kind: Policy
metadata: {name: test}
principals:
  - subject: "*"
databases: ["*/*"]
statements:
  - {id: read, effect: allow, actions: [read], resources: ["public.*"]}
)";

std::shared_ptr<const policy::View> MakeView() {
  const auto document = policy::ParseDocument(kPolicy, "test.yaml");
  REQUIRE(document.ok());
  const auto bundle = policy::Bundle::Compile({*document}, 1);
  REQUIRE(bundle.ok());
  return (*bundle)->ViewFor(policy::Principal(), {"shop-prod", "shop", {}});
}

struct Contexts {
  Contexts() { names.role = "app"; }

  std::shared_ptr<JudgeContext> For(const std::string& role = "app") {
    names.role = role;
    return contexts.For({view, catalog, 1, names, key});
  }
  static bool Knows(const std::weak_ptr<JudgeContext>& context) { return !context.expired(); }
  // `step` with time at 0, 1, 2, … minutes, until it returns false; timers fire in between.
  void EachMinute(const std::function<bool(int)>& step) {
    int minute = 0;
    std::function<void()> turn = [&] {
      if (!step(minute++)) {
        loop->Stop();
        return;
      }
      clock.Advance(minutes(1));
      // Once for the loop to see the time, once more behind its timers.
      loop->Post([&] { loop->Post(turn); });
    };
    loop->Post(turn);
    loop->Run();
  }

  base::FakeClock clock;
  std::unique_ptr<runtime::Loop> loop = *runtime::Loop::Create(clock);
  SharedDetectors detectors;
  JudgeContexts contexts{*loop, detectors, JudgeContext::Options()};
  masking::DeploymentKey key;
  std::shared_ptr<const policy::View> view = MakeView();
  std::shared_ptr<const sql::Catalog> catalog{&sql::ShopCatalog(), [](const sql::Catalog*) {}};
  sql::SessionContext names;
};

TEST_CASE("sessions for which the same holds share a context, others do not") {
  Contexts c;
  const auto first = c.For();
  CHECK(c.For() == first);
  CHECK(c.For("other") != first);
  c.view = MakeView();
  CHECK(c.For() != first);
}

TEST_CASE("the next session finds what was judged for the one before") {
  Contexts c;
  c.For()->Judge("SELECT name FROM users", {}, c.clock.Wall());
  const auto next = c.For();
  CHECK(next->lookups() == 1);
  next->Judge("SELECT name FROM users", {}, c.clock.Wall());
  CHECK(next->hits() == 1);
}

TEST_CASE("a context that no session uses goes after a while, one in use stays") {
  Contexts c;
  const std::weak_ptr<JudgeContext> unused = c.For("unused");
  std::shared_ptr<JudgeContext> used = c.For("used");
  const std::weak_ptr<JudgeContext> until_late = used;
  int unused_went = 0;
  int used_went = 0;
  c.EachMinute([&](int minute) {
    unused_went = c.Knows(unused) ? minute + 1 : unused_went;
    used_went = c.Knows(until_late) ? minute + 1 : used_went;
    if (minute == 20) {
      used = nullptr;
    }
    return minute < 40;
  });
  const int kept_for = static_cast<int>(JudgeContexts::kKeptFor.count());
  CHECK(unused_went >= kept_for);
  CHECK(unused_went <= kept_for + 1);
  CHECK(used_went >= 20 + kept_for);
  CHECK(used_went <= 20 + kept_for + 1);
}

TEST_CASE("no more contexts than there are places are kept, the last ones") {
  Contexts c;
  const std::weak_ptr<JudgeContext> oldest = c.For("oldest");
  const std::weak_ptr<JudgeContext> again = c.For("again");
  for (size_t i = 0; i + 1 < JudgeContexts::kKeptMax; ++i) {
    c.For(std::to_string(i));
    c.For("again");
  }
  CHECK_FALSE(c.Knows(oldest));
  CHECK(c.Knows(again));
}

TEST_CASE("nothing of former policies or of a former catalog is kept") {
  Contexts c;
  const std::weak_ptr<JudgeContext> here = c.For();
  c.catalog = std::shared_ptr<const sql::Catalog>(&sql::ShopCatalog(), [](const sql::Catalog*) {});
  c.contexts.LetGoOf(nullptr);
  CHECK(c.Knows(here));
  c.contexts.LetGoOf(c.catalog.get());
  CHECK_FALSE(c.Knows(here));
  const std::weak_ptr<JudgeContext> there = c.For();
  c.contexts.LetGo();
  CHECK_FALSE(c.Knows(there));
}

}  // namespace
}  // namespace chaperone::session
