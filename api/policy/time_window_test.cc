#include "api/policy/time_window.h"

#include <catch2/catch.hpp>

#include "api/policy/policy_testing.h"

namespace chaperone::policy {
namespace {

TimeWindow Window(std::string_view zone, uint8_t days, int from, int to) {
  TimeWindow window;
  window.zone_name = std::string(zone);
  window.zone = *LoadZone(zone);
  window.days = days;
  window.from = from;
  window.to = to;
  return window;
}

constexpr uint8_t kWeekdays = 0x1f;
constexpr uint8_t kSunday = 0x40;
constexpr uint8_t kEveryDay = 0x7f;

void Check(const TimeWindow& window, std::string_view now, bool open, std::string_view changes_at) {
  INFO(window.Describe() << " at " << now);
  const WindowState state = StateAt(window, ParseTime(now));
  CHECK(state.open == open);
  CHECK(state.changes_at == ParseTime(changes_at));
}

TEST_CASE("a window opens and closes in its own zone") {
  const TimeWindow office = Window("Europe/Berlin", kWeekdays, 8 * 60, 18 * 60);
  // 2026-03-02 is a Monday; Berlin is an hour ahead of UTC then.
  Check(office, "2026-03-02T06:59:59Z", false, "2026-03-02T07:00:00Z");
  Check(office, "2026-03-02T07:00:00Z", true, "2026-03-02T17:00:00Z");
  Check(office, "2026-03-02T16:59:59Z", true, "2026-03-02T17:00:00Z");
  Check(office, "2026-03-02T17:00:00Z", false, "2026-03-03T07:00:00Z");
  // Over the weekend, in which the clocks go forward: Monday's opening is at 06:00 UTC.
  Check(office, "2026-03-27T17:00:00Z", false, "2026-03-30T06:00:00Z");
}

TEST_CASE("a window past midnight belongs to the day on which it opens") {
  const TimeWindow night = Window("UTC", kSunday, 22 * 60, 4 * 60);
  // 2026-03-01 is a Sunday.
  Check(night, "2026-03-01T21:00:00Z", false, "2026-03-01T22:00:00Z");
  Check(night, "2026-03-01T23:00:00Z", true, "2026-03-02T04:00:00Z");
  Check(night, "2026-03-02T03:59:00Z", true, "2026-03-02T04:00:00Z");
  Check(night, "2026-03-02T04:00:00Z", false, "2026-03-08T22:00:00Z");
  Check(night, "2026-03-01T03:00:00Z", false, "2026-03-01T22:00:00Z");
}

TEST_CASE("a whole day runs from midnight to midnight") {
  const TimeWindow sunday = Window("America/New_York", kSunday, 0, kMinutesOfDay);
  // Clocks go forward on Sunday 2026-03-08: the day has 23 hours.
  Check(sunday, "2026-03-08T04:59:00Z", false, "2026-03-08T05:00:00Z");
  Check(sunday, "2026-03-08T05:00:00Z", true, "2026-03-09T04:00:00Z");
}

TEST_CASE("times that a clock change skips or repeats have one meaning") {
  // Berlin skips 02:00 to 03:00 on 2026-03-29: both ends are the moment of the change, and the window is empty.
  const TimeWindow skipped = Window("Europe/Berlin", kSunday, 2 * 60 + 10, 2 * 60 + 40);
  Check(skipped, "2026-03-29T01:00:00Z", false, "2026-04-05T00:10:00Z");
  // And repeats 02:00 to 03:00 on 2026-10-25: the first time counts.
  const TimeWindow repeated = Window("Europe/Berlin", kSunday, 2 * 60 + 30, 5 * 60);
  Check(repeated, "2026-10-25T00:29:00Z", false, "2026-10-25T00:30:00Z");
  Check(repeated, "2026-10-25T00:30:00Z", true, "2026-10-25T04:00:00Z");
}

TEST_CASE("a state always says when it ends, and just then it does") {
  const TimeWindow window = Window("Asia/Kathmandu", kEveryDay, 23 * 60 + 30, 30);
  auto now = ParseTime("2026-01-01T00:00:00Z");
  bool open = StateAt(window, now).open;
  for (int i = 0; i < 100; ++i) {
    const WindowState state = StateAt(window, now);
    REQUIRE(state.open == open);
    REQUIRE(state.changes_at.has_value());
    REQUIRE(*state.changes_at > now);
    REQUIRE(StateAt(window, *state.changes_at - std::chrono::seconds(1)).open == open);
    now = *state.changes_at;
    open = !open;
  }
}

TEST_CASE("windows are described for people") {
  CHECK(Window("UTC", kWeekdays, 480, 1080).Describe() == "mon-fri 08:00-18:00 UTC");
  CHECK(Window("UTC", kSunday, 0, 1440).Describe() == "sun 00:00-24:00 UTC");
  CHECK(Window("UTC", 0x15, 0, 1440).Describe() == "mon,wed,fri 00:00-24:00 UTC");
}

}  // namespace
}  // namespace chaperone::policy
