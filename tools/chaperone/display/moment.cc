#include "tools/chaperone/display/moment.h"

#include <fmt/format.h>

namespace chaperone::display {

namespace {

using std::chrono::microseconds;

struct Civil {
  int year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
};

Civil Split(WallTime time) {
  const auto since_epoch = std::chrono::floor<microseconds>(time.time_since_epoch());
  const auto days = std::chrono::floor<std::chrono::days>(since_epoch);
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  const std::chrono::hh_mm_ss clock(since_epoch - days);
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day()),
          .hour = static_cast<int>(clock.hours().count()),
          .minute = static_cast<int>(clock.minutes().count()),
          .second = static_cast<int>(clock.seconds().count()),
          .microsecond = static_cast<int>(clock.subseconds().count())};
}

}  // namespace

WallTime FromMicroseconds(uint64_t since_epoch_us) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(microseconds(static_cast<int64_t>(since_epoch_us))));
}

std::string Moment(WallTime time) {
  const Civil c = Split(time);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string TimeOfDay(WallTime time) {
  const Civil c = Split(time);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", c.hour, c.minute, c.second, c.microsecond / 1000);
}

std::string Rfc3339(WallTime time) {
  const Civil c = Split(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", c.year, c.month, c.day, c.hour, c.minute, c.second,
                     c.microsecond);
}

std::string Elapsed(microseconds duration) {
  if (duration < microseconds::zero()) {
    duration = -duration;
  }
  const double seconds = static_cast<double>(duration.count()) / 1e6;
  if (seconds < 0.01) {
    return fmt::format("{:.1f} ms", seconds * 1e3);
  }
  if (seconds < 1) {
    return fmt::format("{:.0f} ms", seconds * 1e3);
  }
  if (seconds < 60) {
    return fmt::format("{:.3g} s", seconds);
  }
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  const auto two = [](int64_t first, std::string_view first_unit, int64_t second, std::string_view second_unit) {
    return second == 0 ? fmt::format("{} {}", first, first_unit)
                       : fmt::format("{} {} {} {}", first, first_unit, second, second_unit);
  };
  if (whole < 3600) {
    return two(whole / 60, "min", whole % 60, "s");
  }
  if (whole < 86400) {
    return two(whole / 3600, "h", whole % 3600 / 60, "min");
  }
  return two(whole / 86400, "d", whole % 86400 / 3600, "h");
}

std::string Relative(WallTime time, WallTime now) {
  const auto difference = std::chrono::duration_cast<std::chrono::seconds>(time - now);
  if (difference.count() == 0) {
    return "now";
  }
  return difference.count() > 0 ? "in " + Elapsed(difference) : Elapsed(difference) + " ago";
}

}  // namespace chaperone::display
