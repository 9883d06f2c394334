// Points in time and durations for people. Always UTC, so that two operators read the same. Pure; thread-safe.
#ifndef CHAPERONE_TOOLS_CHAPERONE_DISPLAY_MOMENT_H_
#define CHAPERONE_TOOLS_CHAPERONE_DISPLAY_MOMENT_H_

#include <chrono>
#include <cstdint>
#include <string>

namespace chaperone::display {

using WallTime = std::chrono::system_clock::time_point;

WallTime FromMicroseconds(uint64_t since_epoch_us);

// "2025-11-30 14:03:07Z".
std::string Moment(WallTime time);
// "14:03:07.123": within a transcript whose start is known.
std::string TimeOfDay(WallTime time);
// "2025-11-30T14:03:07.123456Z" (RFC 3339), for programs.
std::string Rfc3339(WallTime time);

// "1.2 ms", "350 ms", "12.3 s", "4 min 10 s", "3 h 5 min", "2 d 4 h".
std::string Elapsed(std::chrono::microseconds duration);
// "in 4 min 10 s", "12 s ago", "now".
std::string Relative(WallTime time, WallTime now);

}  // namespace chaperone::display

#endif  // CHAPERONE_TOOLS_CHAPERONE_DISPLAY_MOMENT_H_
