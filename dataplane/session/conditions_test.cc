// Conditions of rules as a session meets them: the clock moves, the labels and the principal are what they are.
#include <catch2/catch.hpp>

#include "dataplane/session/limits_testing.h"

namespace chaperone::session {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::string_view kMorning = R"(statements:
  - {id: read, effect: allow, actions: [read], resources: ["public.*"]}
  - {id: morning, effect: allow, actions: [update], resources: ["public.open_t"],
     when: {time: {zone: Europe/Berlin, from: "08:00", to: "09:00"}}}
  - {id: for-tickets, effect: allow, actions: [delete], resources: ["public.open_t"], when: {task: "T-*"}}
  - {id: elsewhere, effect: allow, actions: [insert], resources: ["public.open_t"], when: {labels: {env: prod}}}
)";
constexpr std::string_view kUpdate = "UPDATE open_t SET name = 'x'";

std::string Refused(LimitsRig& rig, std::string_view text) {
  CHECK(rig.Client(Query(text)) == "server: Q(chaperone_refused)");
  rig.ClientBytes();
  CHECK(rig.Server(Failed("42601") + Ready('I')) == "client: E(42501) Z(I)");
  return rig.ClientBytes();
}

void Passes(LimitsRig& rig, std::string_view text) {
  CHECK(rig.Client(Query(text)) == fmt::format("server: Q({})", text));
  rig.Server(Complete("UPDATE 1") + Ready('I'));
}

TEST_CASE("a time window opens and closes under a session that goes on", "[fail-closed]") {
  LimitsRig rig(kMorning);
  // It is midnight UTC, one o'clock in Berlin.
  CHECK(Refused(rig, kUpdate).find("next from 2026-01-01T07:00Z") != std::string::npos);
  rig.clock.Advance(hours(7) - minutes(1));
  Refused(rig, kUpdate);
  rig.clock.Advance(minutes(1));
  Passes(rig, kUpdate);
  rig.clock.Advance(minutes(59));
  Passes(rig, kUpdate);
  rig.clock.Advance(minutes(1));
  Refused(rig, kUpdate);
  rig.clock.Advance(hours(23));
  Passes(rig, kUpdate);
}

TEST_CASE("a statement that was prepared while the window was open does not run after it", "[fail-closed]") {
  LimitsRig rig(kMorning);
  rig.clock.Advance(hours(7));
  rig.Client(Parse(kUpdate, "u") + Query(fmt::format("PREPARE p AS {}", kUpdate)));
  rig.Server(Message("1") + Complete("PREPARE") + Ready('I'));
  CHECK(rig.Client(Bind("u") + Execute() + Sync()) == "server: B E S");
  rig.Server(Message("2") + Complete("UPDATE 1") + Ready('I'));
  rig.clock.Advance(hours(1));
  CHECK(rig.Client(Bind("u") + Execute() + Sync()) == "server: B S");
  CHECK(rig.Server(Failed("26000") + Ready('I')) == "client: E(42501) Z(I)");
  Refused(rig, "EXECUTE p");
}

TEST_CASE("labels and the principal's task decide", "[fail-closed]") {
  LimitsRig without(kMorning);
  Refused(without, "DELETE FROM open_t");
  Refused(without, "INSERT INTO open_t (id) VALUES (1)");
  LimitsRig with(kMorning, nullptr, "T-9");
  Passes(with, "DELETE FROM open_t");
  LimitsRig other(kMorning, nullptr, "OPS-9");
  Refused(other, "DELETE FROM open_t");
}

TEST_CASE("under mode: observe what would be denied runs") {
  LimitsRig rig(R"(mode: observe
statements:
  - {id: no-bulk, effect: deny, actions: [update], resources: ["*"], when: {where: absent}}
  - {id: few, effect: allow, actions: [update], resources: ["*"], when: {max_affected_rows: 1}}
)");
  // Neither denied nor bounded.
  Passes(rig, kUpdate);
}

}  // namespace
}  // namespace chaperone::session
