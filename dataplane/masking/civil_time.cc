#include "dataplane/masking/civil_time.h"

#include <algorithm>
#include <iterator>

#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

// Days from 0000-03-01, where the reckoning of the era starts, to 2000-01-01.
constexpr int64_t kEraEpochDays = 730'425;
constexpr int64_t kDaysPerEra = 146'097;
constexpr int64_t kYearsPerEra = 400;
constexpr std::string_view kBeforeChrist = " BC";
constexpr size_t kYearDigitsMin = 4;
constexpr size_t kYearDigitsMax = 7;
constexpr size_t kFractionDigitsMax = 6;

int64_t FloorDivide(int64_t value, int64_t divisor) { return value / divisor - (value % divisor < 0 ? 1 : 0); }

// Takes exactly `digits` digits off the front.
bool TakeDigits(size_t digits, std::string_view* rest, int* value) {
  if (rest->size() < digits) {
    return false;
  }
  *value = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = (*rest)[i];
    if (c < '0' || c > '9') {
      return false;
    }
    *value = *value * 10 + (c - '0');
  }
  rest->remove_prefix(digits);
  return true;
}

bool TakeByte(char byte, std::string_view* rest) {
  if (!rest->starts_with(byte)) {
    return false;
  }
  rest->remove_prefix(1);
  return true;
}

// "2024-05-06", without the era.
bool TakeCivilDate(std::string_view* rest, CivilDate* date) {
  const size_t year_digits = std::min(rest->find('-'), rest->size());
  int year = 0;
  if (year_digits < kYearDigitsMin || year_digits > kYearDigitsMax || !TakeDigits(year_digits, rest, &year)) {
    return false;
  }
  date->year = year;
  return TakeByte('-', rest) && TakeDigits(2, rest, &date->month) && TakeByte('-', rest) &&
         TakeDigits(2, rest, &date->day) && year >= 1 && date->month >= 1 && date->month <= 12 && date->day >= 1 &&
         date->day <= 31;
}

// ".25" or nothing.
bool TakeFraction(std::string_view* rest, int64_t* micros) {
  *micros = 0;
  if (!TakeByte('.', rest)) {
    return true;
  }
  const auto* const end = std::find_if(rest->begin(), rest->end(), [](char c) { return c < '0' || c > '9'; });
  const auto digits = static_cast<size_t>(end - rest->begin());
  int fraction = 0;
  if (digits == 0 || digits > kFractionDigitsMax || !TakeDigits(digits, rest, &fraction)) {
    return false;
  }
  *micros = fraction;
  for (size_t i = digits; i < kFractionDigitsMax; ++i) {
    *micros *= 10;
  }
  return true;
}

bool TakeTime(std::string_view* rest, int64_t* micros) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  int64_t fraction = 0;
  if (!TakeDigits(2, rest, &hour) || !TakeByte(':', rest) || !TakeDigits(2, rest, &minute) || !TakeByte(':', rest) ||
      !TakeDigits(2, rest, &second) || !TakeFraction(rest, &fraction) || hour > 24 || minute > 59 || second > 60) {
    return false;
  }
  *micros = (static_cast<int64_t>(hour) * 3600 + minute * 60 + second) * kMicrosPerSecond + fraction;
  return *micros <= kMicrosPerDay;
}

// "+02", "-05:30", "+00:19:32": seconds east of UTC.
bool TakeOffset(std::string_view* rest, int64_t* east) {
  const bool negative = rest->starts_with('-');
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!(TakeByte('-', rest) || TakeByte('+', rest)) || !TakeDigits(2, rest, &hour)) {
    return false;
  }
  if (TakeByte(':', rest)) {
    if (!TakeDigits(2, rest, &minute) || (TakeByte(':', rest) && !TakeDigits(2, rest, &second))) {
      return false;
    }
  }
  *east = hour * 3600 + minute * 60 + second;
  *east = negative ? -*east : *east;
  // datatype/timestamp.h: TZDISP_LIMIT
  return hour < 16 && minute < 60 && second < 60;
}

bool FinishDate(std::string_view* rest, CivilDate* date, int64_t* days) {
  if (*rest == kBeforeChrist) {
    rest->remove_prefix(kBeforeChrist.size());
    date->year = 1 - date->year;
  }
  *days = DaysOf(*date);
  return rest->empty() && *days >= kDateDaysMin && *days <= kDateDaysMax;
}

void AppendPadded(int64_t value, size_t digits, std::string* out) {
  const size_t start = out->size();
  AppendNumber(value, out);
  const size_t written = out->size() - start;
  if (written < digits) {
    out->insert(start, digits - written, '0');
  }
}

void AppendCivil(const CivilDate& date, std::string* out) {
  AppendPadded(date.year > 0 ? date.year : 1 - date.year, kYearDigitsMin, out);
  out->push_back('-');
  AppendPadded(date.month, 2, out);
  out->push_back('-');
  AppendPadded(date.day, 2, out);
}

}  // namespace

// Years start in March, so that the leap day is the last one.
int64_t DaysOf(const CivilDate& date) {
  const int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const int64_t era = FloorDivide(year, kYearsPerEra);
  const int64_t year_of_era = year - era * kYearsPerEra;
  const int64_t month = (date.month + 9) % 12;
  const int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kEraEpochDays;
}

CivilDate CivilOf(int64_t days) {
  days += kEraEpochDays;
  const int64_t era = FloorDivide(days, kDaysPerEra);
  const int64_t day_of_era = days - era * kDaysPerEra;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  date.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  date.year = year_of_era + era * kYearsPerEra + (date.month <= 2 ? 1 : 0);
  return date;
}

bool ParseDate(std::string_view text, int64_t* days) {
  CivilDate date;
  return TakeCivilDate(&text, &date) && FinishDate(&text, &date, days);
}

void AppendDate(int64_t days, std::string* out) {
  const CivilDate date = CivilOf(days);
  AppendCivil(date, out);
  if (date.year <= 0) {
    out->append(kBeforeChrist);
  }
}

bool ParseTime(std::string_view text, int64_t* micros) { return TakeTime(&text, micros) && text.empty(); }

void AppendTime(int64_t micros, std::string* out) {
  const int64_t seconds = micros / kMicrosPerSecond;
  AppendPadded(seconds / 3600, 2, out);
  out->push_back(':');
  AppendPadded(seconds / 60 % 60, 2, out);
  out->push_back(':');
  AppendPadded(seconds % 60, 2, out);
  if (const int64_t fraction = micros % kMicrosPerSecond; fraction > 0) {
    out->push_back('.');
    AppendPadded(fraction, kFractionDigitsMax, out);
    out->resize(out->find_last_not_of('0') + 1);
  }
}

bool ParseTimestamp(std::string_view text, bool zoned, int64_t* micros) {
  CivilDate date;
  int64_t time = 0;
  int64_t east = 0;
  int64_t days = 0;
  if (!TakeCivilDate(&text, &date) || !TakeByte(' ', &text) || !TakeTime(&text, &time) ||
      (zoned && !TakeOffset(&text, &east)) || !FinishDate(&text, &date, &days)) {
    return false;
  }
  int64_t result = 0;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &result) || __builtin_add_overflow(result, time, &result) ||
      __builtin_sub_overflow(result, east * kMicrosPerSecond, &result)) {
    return false;
  }
  *micros = result;
  return result >= kTimestampMin && result <= kTimestampMax;
}

void AppendTimestamp(int64_t micros, bool zoned, std::string* out) {
  const int64_t days = FloorDivide(micros, kMicrosPerDay);
  const CivilDate date = CivilOf(days);
  AppendCivil(date, out);
  out->push_back(' ');
  AppendTime(micros - days * kMicrosPerDay, out);
  out->append(zoned ? "+00" : "");
  if (date.year <= 0) {
    out->append(kBeforeChrist);
  }
}

bool ParseTimetz(std::string_view text, int64_t* micros, int32_t* west) {
  int64_t east = 0;
  if (!TakeTime(&text, micros) || !TakeOffset(&text, &east) || !text.empty()) {
    return false;
  }
  *west = static_cast<int32_t>(-east);
  return true;
}

}  // namespace chaperone::masking
