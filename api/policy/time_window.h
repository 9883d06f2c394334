// A weekly time window in a time zone: `time: {zone: Europe/Berlin, days: [mon, fri], from: "08:00", to: "18:00"}`.
// Pure given a time; the zone's rules are read from the system's tz database once, when the window is made.
#ifndef CHAPERONE_API_POLICY_TIME_WINDOW_H_
#define CHAPERONE_API_POLICY_TIME_WINDOW_H_

#include <absl/time/time.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/base/status.h"

namespace chaperone::policy {

inline constexpr int kMinutesOfDay = 24 * 60;

struct TimeWindow {
  std::string zone_name = "UTC";
  absl::TimeZone zone;
  // Bit 0 is Monday. A window past midnight belongs to the day on which it opens.
  uint8_t days = 0x7f;
  // Minutes since midnight, local time; `to` is exclusive. to <= from means past midnight.
  int from = 0;
  int to = kMinutesOfDay;

  // "mon-fri 08:00-18:00 Europe/Berlin", for people.
  std::string Describe() const;
};

struct WindowState {
  bool open = false;
  // When `open` may be different next; absent when nothing changes within nine days.
  std::optional<std::chrono::system_clock::time_point> changes_at;
};

WindowState StateAt(const TimeWindow& window, std::chrono::system_clock::time_point now);

// A name of the IANA tz database, or "UTC". Errors: InvalidArgument for names that are no zone's here; names that are
// paths or depend on the machine ("localtime") are refused.
absl::StatusOr<absl::TimeZone> LoadZone(std::string_view name);
// "08:30" -> 510, "24:00" -> 1440.
absl::StatusOr<int> ParseTimeOfDay(std::string_view text);
// "mon" -> 0.
absl::StatusOr<int> ParseDay(std::string_view text);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_TIME_WINDOW_H_
