#include "dataplane/approval/board.h"

#include <catch2/catch.hpp>

namespace chaperone::approval {
namespace {

TEST_CASE("a decision reaches those who wait for it, early and late") {
  Board board;
  std::vector<State> early;
  board.Subscribe("apr_1", [&](const Approval& approval) { early.push_back(approval.state); });
  board.Report({"apr_2", State::kApproved, "", ""});
  board.Report({"apr_1", State::kRejected, "no", "carol"});
  CHECK(early == std::vector<State>{State::kRejected});
  std::vector<State> late;
  board.Subscribe("apr_2", [&](const Approval& approval) { late.push_back(approval.state); });
  CHECK(late == std::vector<State>{State::kApproved});
}

TEST_CASE("who has unsubscribed is not told") {
  Board board;
  int told = 0;
  const auto subscription = board.Subscribe("apr_1", [&](const Approval&) { ++told; });
  board.Unsubscribe(subscription);
  board.Report({"apr_1", State::kApproved, "", ""});
  CHECK(told == 0);
}

TEST_CASE("only so many decisions are remembered") {
  Board board;
  for (size_t i = 0; i <= Board::kRememberedMax; ++i) {
    board.Report({std::to_string(i), State::kApproved, "", ""});
  }
  int told = 0;
  board.Subscribe("0", [&](const Approval&) { ++told; });
  board.Subscribe("1", [&](const Approval&) { ++told; });
  CHECK(told == 1);
}

}  // namespace
}  // namespace chaperone::approval
