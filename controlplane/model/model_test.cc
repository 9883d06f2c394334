#include <catch2/catch.hpp>

#include "api/base/fake_clock.h"
#include "controlplane/model/keys.h"
#include "controlplane/model/proto_time.h"
#include "controlplane/model/role.h"
#include "stored/state.pb.h"

namespace chaperone::model {
namespace {

TEST_CASE("number keys sort as numbers") {
  uint64_t last = 0;
  for (const uint64_t number : {1ull, 255ull, 256ull, 65536ull, 1ull << 40, ~0ull}) {
    CHECK(NumberKey(last) < NumberKey(number));
    CHECK(*ParseNumber(NumberKey(number)) == number);
    last = number;
  }
  CHECK(absl::IsDataLoss(ParseNumber("short").status()));
}

TEST_CASE("keys of a session or a policy stand together and in order") {
  base::FakeClock clock;
  const auto session = base::SessionId::New(clock);
  CHECK(ChunkKey(session, 9) < ChunkKey(session, 256));
  CHECK(ChunkKey(session, 0).substr(0, 16) == IdKey(session));
  CHECK(PolicyKey("a", ~0ull) < PolicyKey("a1", 0));
  CHECK(PolicyKey("a", 2) < PolicyKey("a", 10));
}

TEST_CASE("an id of the wrong size or of zeros is refused") {
  CHECK_FALSE(ParseIdBytes("").ok());
  CHECK_FALSE(ParseIdBytes(std::string(15, 'x')).ok());
  CHECK_FALSE(ParseIdBytes(std::string(16, '\0')).ok());
  CHECK(ParseIdBytes(std::string(16, 'x')).ok());
}

TEST_CASE("a stored value that does not decode is named") {
  stored::Spool spool;
  spool.set_position(7);
  CHECK(Decode<stored::Spool>(Encode(spool), "spool")->position() == 7);
  const auto bad = Decode<stored::Spool>("\xff\xff\xff", "spool");
  CHECK(base::Message(bad.status()) == "the stored spool does not decode");
}

TEST_CASE("times survive the way through protobuf") {
  const WallTime time(std::chrono::microseconds(1767225600123456));
  CHECK(FromProto(ToProto(time)) == time);
  const WallTime before_epoch(std::chrono::milliseconds(-1500));
  CHECK(FromProto(ToProto(before_epoch)) == before_epoch);
  CHECK(ToProto(before_epoch).nanos() >= 0);
  google::protobuf::Timestamp absurd;
  absurd.set_seconds(INT64_MAX);
  CHECK(FromProto(absurd) > time);
  CHECK(FromProto(ToProto(std::chrono::nanoseconds(1500000001))) == std::chrono::nanoseconds(1500000001));
}

TEST_CASE("roles are a set with names") {
  Roles roles = {Role::kAdmin, Role::kAuditor};
  CHECK(roles.Names() == std::vector<std::string>{"admin", "auditor"});
  CHECK(roles.HasAnyOf({Role::kAuditor, Role::kSidecar}));
  CHECK_FALSE(roles.HasAnyOf({Role::kSidecar}));
  CHECK_FALSE(Roles().HasAnyOf({Role::kAdmin}));
  CHECK(ParseRole("approver") == Role::kApprover);
  CHECK_FALSE(ParseRole("Admin"));
  CHECK_FALSE(ParseRole(""));
}

}  // namespace
}  // namespace chaperone::model
