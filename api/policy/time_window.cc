#include "api/policy/time_window.h"

#include <absl/time/civil_time.h>

#include <algorithm>
#include <array>
#include <vector>

namespace chaperone::policy {

namespace {

constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

int DayIndex(absl::CivilDay day) { return static_cast<int>(absl::GetWeekday(day)); }

// The instant of a local time. A time that a clock change skips counts as the moment of the change; one that occurs
// twice as the first, so that a window never opens late by the repeated hour.
absl::Time Instant(const absl::TimeZone& zone, absl::CivilDay day, int minutes) {
  const absl::CivilSecond civil = absl::CivilSecond(absl::CivilMinute(day) + minutes);
  const absl::TimeZone::TimeInfo info = zone.At(civil);
  return info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
}

std::string FormatMinutes(int minutes) { return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60); }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsZoneName(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '_' || c == '+' ||
           c == '-';
  });
  return plain && !name.empty() && name.size() <= 64 && name.front() != '/' && name != "localtime";
}

}  // namespace

std::string TimeWindow::Describe() const {
  std::vector<std::string_view> names;
  for (size_t i = 0; i < kDays.size(); ++i) {
    if (days & (1U << i)) {
      names.push_back(kDays[i]);
    }
  }
  std::string day_text = fmt::format("{}", fmt::join(names, ","));
  // A run of three or more days reads better as a range.
  const size_t first =
      static_cast<size_t>(std::find(kDays.begin(), kDays.end(), names.empty() ? "" : names[0]) - kDays.begin());
  const bool run = names.size() >= 3 && kDays[std::min<size_t>(first + names.size() - 1, 6)] == names.back();
  if (run) {
    day_text = fmt::format("{}-{}", names.front(), names.back());
  }
  return fmt::format("{} {}-{} {}", day_text, FormatMinutes(from), FormatMinutes(to), zone_name);
}

WindowState StateAt(const TimeWindow& window, std::chrono::system_clock::time_point now) {
  const absl::Time instant = absl::FromChrono(now);
  const absl::CivilDay today = absl::ToCivilDay(instant, window.zone);
  const int length = window.to > window.from ? window.to - window.from : window.to - window.from + kMinutesOfDay;
  WindowState state;
  absl::Time next = absl::InfiniteFuture();
  // Yesterday's window may reach into today; a week and a day ahead finds the next opening whatever the days.
  for (int offset = -1; offset <= 8; ++offset) {
    const absl::CivilDay day = today + offset;
    if ((window.days & (1U << DayIndex(day))) == 0) {
      continue;
    }
    const absl::Time opens = Instant(window.zone, day, window.from);
    const absl::Time closes = Instant(window.zone, day, window.from + length);
    if (opens <= instant && instant < closes) {
      state.open = true;
      next = std::min(next, closes);
    } else if (opens > instant) {
      next = std::min(next, opens);
      break;
    }
  }
  if (next != absl::InfiniteFuture()) {
    state.changes_at = absl::ToChronoTime(next);
  }
  return state;
}

absl::StatusOr<absl::TimeZone> LoadZone(std::string_view name) {
  absl::TimeZone zone;
  if (!IsZoneName(name) || !absl::LoadTimeZone(base::ToAbsl(name), &zone)) {
    return base::InvalidArgument("\"{}\" is no time zone of the tz database; write for example UTC or Europe/Berlin",
                                 name);
  }
  return zone;
}

absl::StatusOr<int> ParseTimeOfDay(std::string_view text) {
  const bool shape = text.size() == 5 && IsDigit(text[0]) && IsDigit(text[1]) && text[2] == ':' && IsDigit(text[3]) &&
                     IsDigit(text[4]);
  const int minutes = shape ? ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0' : -1;
  if (!shape || text[3] > '5' || minutes > kMinutesOfDay) {
    return base::InvalidArgument("\"{}\" is no time of day; write for example \"08:00\", at most \"24:00\"", text);
  }
  return minutes;
}

absl::StatusOr<int> ParseDay(std::string_view text) {
  const auto found = std::find(kDays.begin(), kDays.end(), text);
  if (found == kDays.end()) {
    return base::InvalidArgument("\"{}\" is no day; write one of: {}", text, fmt::join(kDays, ", "));
  }
  return static_cast<int>(found - kDays.begin());
}

}  // namespace chaperone::policy
