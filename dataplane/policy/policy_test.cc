#include <catch2/catch.hpp>

#include "dataplane/policy/freshness.h"
#include "dataplane/policy/revocation.h"

namespace chaperone::policy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const std::chrono::system_clock::time_point kNow{hours(500'000)};

Principal Agent() { return {"https://idp", "agent-7", {"coding-agents"}, "cli", "alice", "T-1"}; }

TEST_CASE("a revocation holds when every field that is set matches") {
  Revocation by_subject;
  by_subject.subject = "agent-7";
  CHECK(FindRevocation({by_subject}, Agent(), "t1", kNow) != nullptr);
  by_subject.task = "T-2";
  CHECK(FindRevocation({by_subject}, Agent(), "t1", kNow) == nullptr);
  Revocation by_group;
  by_group.group = "coding-agents";
  CHECK(FindRevocation({by_group}, Agent(), "t1", kNow) != nullptr);
  Revocation by_token;
  by_token.token_id = "t1";
  CHECK(FindRevocation({by_token}, Agent(), "t1", kNow) != nullptr);
  CHECK(FindRevocation({by_token}, Agent(), "t2", kNow) == nullptr);
}

TEST_CASE("a revocation ends when it expires") {
  Revocation revocation;
  revocation.human = "alice";
  revocation.expires_at = kNow + minutes(1);
  CHECK(FindRevocation({revocation}, Agent(), "", kNow) != nullptr);
  CHECK(FindRevocation({revocation}, Agent(), "", kNow + minutes(1)) == nullptr);
}

TEST_CASE("a revocation without any field holds for everybody [fail-closed]") {
  CHECK(FindRevocation({Revocation()}, Agent(), "", kNow) != nullptr);
}

TEST_CASE("each class of statement has its own time without the control plane [fail-closed]") {
  const Degraded degraded{hours(1), seconds(0)};
  CHECK_FALSE(CheckFreshness(degraded, true, std::nullopt));
  CHECK_FALSE(CheckFreshness(degraded, true, seconds(10)));
  CHECK(CheckFreshness(degraded, true, seconds(20)));
  CHECK_FALSE(CheckFreshness(degraded, false, minutes(59)));
  CHECK(CheckFreshness(degraded, false, minutes(61)));
}

TEST_CASE("the link remembers when it was first lost") {
  ControlPlaneLink link;
  const std::chrono::steady_clock::time_point start{hours(1)};
  CHECK_FALSE(link.LostFor(start));
  link.Lost(start);
  link.Lost(start + minutes(1));
  CHECK(link.LostFor(start + minutes(2)) == minutes(2));
  link.Restored();
  CHECK_FALSE(link.LostFor(start + minutes(3)));
}

}  // namespace
}  // namespace chaperone::policy
