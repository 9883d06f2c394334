#include "dataplane/session/probe_budget.h"

#include <catch2/catch.hpp>

namespace chaperone::session {
namespace {

TEST_CASE("A value counts once, however often it is asked for", "[session]") {
  ProbeBudget budget;
  CHECK(budget.Spend("ada", {1, 2, 2, 1}, 3));
  CHECK(budget.Spend("ada", {2}, 3));
  CHECK(budget.SpentBy("ada") == 2);
  CHECK(budget.Spend("ada", {3}, 3));
  CHECK(budget.Spend("ada", {1, 2, 3}, 3));
}

TEST_CASE("Past the budget nothing new may be asked for, and nothing of it is counted", "[session][fail-closed]") {
  ProbeBudget budget;
  CHECK(budget.Spend("ada", {1, 2}, 3));
  CHECK_FALSE(budget.Spend("ada", {3, 4}, 3));
  CHECK(budget.SpentBy("ada") == 2);
  CHECK(budget.Spend("ada", {4}, 3));
  CHECK_FALSE(budget.Spend("ada", {3}, 3));
  CHECK(budget.Spend("ada", {1}, 1));
}

TEST_CASE("Accounts do not share a budget, but a bound on all of them", "[session][fail-closed]") {
  ProbeBudget budget(4);
  CHECK(budget.Spend("ada", {1, 2}, 2));
  CHECK(budget.Spend("bob", {1, 2}, 2));
  CHECK_FALSE(budget.Spend("eve", {1}, 2));
  CHECK(budget.Spend("bob", {1}, 2));
  CHECK_FALSE(budget.Spend("new", {7}, 0));
}

}  // namespace
}  // namespace chaperone::session
