#include <catch2/catch.hpp>
#include <set>
#include <sstream>

#include "api/base/fake_clock.h"
#include "api/base/id.h"
#include "api/base/secret.h"
#include "api/base/status.h"

namespace chaperone::base {
namespace {

TEST_CASE("an id survives the way through text") {
  FakeClock clock;
  const SessionId id = SessionId::New(clock);
  const auto parsed = SessionId::Parse(id.ToString());
  REQUIRE(parsed.ok());
  CHECK(*parsed == id);
  CHECK(id.ToString().size() == 30);
}

TEST_CASE("ids sort by age and do not repeat") {
  FakeClock clock;
  SessionId last = SessionId::New(clock);
  std::set<SessionId> seen = {last};
  for (int i = 0; i < 1000; ++i) {
    clock.Advance(std::chrono::milliseconds(1));
    const SessionId next = SessionId::New(clock);
    CHECK(last < next);
    CHECK(last.ToString() < next.ToString());
    CHECK(seen.insert(next).second);
    last = next;
  }
}

TEST_CASE("a text that is not an id of the kind is refused") {
  FakeClock clock;
  const std::string approval = ApprovalId::New(clock).ToString();
  CHECK_FALSE(SessionId::Parse(approval).ok());
  CHECK_FALSE(SessionId::Parse("").ok());
  CHECK_FALSE(SessionId::Parse("ses_").ok());
  CHECK_FALSE(SessionId::Parse("ses_ZZZZZZZZZZZZZZZZZZZZZZZZZZ").ok());
  CHECK_FALSE(SessionId::Parse("ses_0000000000000000000000000U").ok());
  CHECK(SessionId::Parse("ses_7ZZZZZZZZZZZZZZZZZZZZZZZZZ").ok());
}

TEST_CASE("a secret prints as stars") {
  const Secret<std::string> secret(std::string("hunter2"));
  std::ostringstream out;
  out << secret;
  CHECK(out.str() == "***");
  CHECK(fmt::format("{}", secret) == "***");
  CHECK(secret.Reveal() == "hunter2");
}

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) {
    return InvalidArgument("{} is odd; give an even number", value);
  }
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  CHAPERONE_ASSIGN_OR_RETURN(const int half, Half(value));
  return Half(half);
}

TEST_CASE("errors propagate with their code and message") {
  CHECK(*Quarter(8) == 2);
  const auto bad = Quarter(6);
  CHECK(bad.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(Message(bad.status()) == "3 is odd; give an even number");
  CHECK(Message(Annotate(bad.status(), "quarter")) == "quarter: 3 is odd; give an even number");
}

}  // namespace
}  // namespace chaperone::base
