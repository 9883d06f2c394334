// Dates and times as PostgreSQL keeps and writes them: days and microseconds since 2000-01-01, proleptic Gregorian, in
// the binary format big-endian, in text in the ISO style of DateStyle (src/backend/utils/adt/datetime.c:
// EncodeDateTime). Other styles do not parse; a reader treats that as an unknown value.
#ifndef CHAPERONE_DATAPLANE_MASKING_CIVIL_TIME_H_
#define CHAPERONE_DATAPLANE_MASKING_CIVIL_TIME_H_

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace chaperone::masking {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kSecondsPerDay = 86'400;
inline constexpr int64_t kMicrosPerDay = kSecondsPerDay * kMicrosPerSecond;
// 1970-01-01, counted from 2000-01-01.
inline constexpr int64_t kUnixEpochDays = -10'957;

// datatype/timestamp.h: the first and last day, and the first and last microsecond.
inline constexpr int64_t kDateDaysMin = -2'451'545;
inline constexpr int64_t kDateDaysMax = 2'145'031'948;
inline constexpr int64_t kTimestampMin = kDateDaysMin * kMicrosPerDay;
inline constexpr int64_t kTimestampMax = 9'223'371'331'199'999'999;

struct CivilDate {
  // 0 is 1 BC.
  int64_t year = 0;
  int month = 1;
  int day = 1;
};

int64_t DaysOf(const CivilDate& date);
CivilDate CivilOf(int64_t days);

// "2024-05-06", "0044-03-15 BC". False for what is no date of the type.
bool ParseDate(std::string_view text, int64_t* days);
void AppendDate(int64_t days, std::string* out);

// "07:08:09.25"; up to 24:00:00.
bool ParseTime(std::string_view text, int64_t* micros);
void AppendTime(int64_t micros, std::string* out);

// "2024-05-06 07:08:09.25", with an offset ("+02", "-05:30") when `zoned`; then the result is in UTC.
bool ParseTimestamp(std::string_view text, bool zoned, int64_t* micros);
// With "+00" when `zoned`.
void AppendTimestamp(int64_t micros, bool zoned, std::string* out);

// "07:08:09.25+02"; `west` are the seconds west of UTC, as the binary format has them.
bool ParseTimetz(std::string_view text, int64_t* micros, int32_t* west);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_CIVIL_TIME_H_
