#include <catch2/catch.hpp>
#include <limits>

#include "dataplane/masking/civil_time.h"
#include "dataplane/masking/masking_testing.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {
namespace {

using policy::MaskMethod;

std::optional<std::string> Truncate(int64_t to, Oid type, std::string_view cell) {
  return MaskText(MaskMethod::kDateTruncate, to, type, cell);
}

template <typename T>
std::string Binary(T value) {
  std::string out;
  AppendBigEndian(value, &out);
  return out;
}

TEST_CASE("date_truncate goes to the start of year, month or day", "[masking]") {
  CHECK(Truncate(0, oid::kDate, "2024-05-06") == "2024-01-01");
  CHECK(Truncate(1, oid::kDate, "2024-05-06") == "2024-05-01");
  CHECK(Truncate(2, oid::kDate, "2024-05-06") == "2024-05-06");
  CHECK(Truncate(0, oid::kTimestamp, "2024-05-06 07:08:09.25") == "2024-01-01 00:00:00");
  CHECK(Truncate(2, oid::kTimestamp, "1969-12-31 23:59:59.999999") == "1969-12-31 00:00:00");
  CHECK(Truncate(1, oid::kDate, "0044-03-15 BC") == "0044-03-01 BC");
  CHECK(Truncate(0, oid::kDate, "5874897-12-31") == "5874897-01-01");
  CHECK(Truncate(0, oid::kDate, "4714-12-24 BC") == "4714-11-24 BC");
}

TEST_CASE("A timestamp with time zone is truncated in UTC, whatever zone it is written in", "[masking]") {
  CHECK(Truncate(2, oid::kTimestamptz, "2024-05-06 00:30:00+02") == "2024-05-05 00:00:00+00");
  CHECK(Truncate(0, oid::kTimestamptz, "2023-12-31 23:30:00-05:30") == "2024-01-01 00:00:00+00");
  CHECK(Truncate(2, oid::kTimestamptz, "1890-01-01 00:00:00+00:53:28") == "1889-12-31 00:00:00+00");
}

TEST_CASE("Infinity has no year and stays", "[masking]") {
  CHECK(Truncate(0, oid::kDate, "infinity") == "infinity");
  CHECK(Truncate(0, oid::kTimestamptz, "-infinity") == "-infinity");
  const std::string infinity = Binary(std::numeric_limits<int64_t>::max());
  CHECK(MaskOne(Rule(MaskMethod::kDateTruncate), {oid::kTimestamp, -1, Format::kBinary}, infinity) == infinity);
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kDate, "infinity") == "1970-01-01");
  CHECK(MaskText(MaskMethod::kFake, 0, oid::kDate, "infinity") != "infinity");
}

TEST_CASE("Text and binary dates are masked alike", "[masking]") {
  int64_t days = 0;
  REQUIRE(ParseDate("1987-06-05", &days));
  for (const MaskMethod method :
       {MaskMethod::kDateTruncate, MaskMethod::kHash, MaskMethod::kFake, MaskMethod::kRedact}) {
    const auto text = MaskText(method, 0, oid::kDate, "1987-06-05");
    const auto binary = MaskOne(Rule(method), {oid::kDate, -1, Format::kBinary}, Binary(static_cast<int32_t>(days)));
    int64_t masked = 0;
    REQUIRE(ParseDate(*text, &masked));
    CHECK(binary == Binary(static_cast<int32_t>(masked)));
  }
}

TEST_CASE("Days and civil dates agree over the whole range of the type", "[masking]") {
  CHECK(DaysOf({2000, 1, 1}) == 0);
  CHECK(DaysOf({1970, 1, 1}) == kUnixEpochDays);
  CHECK(DaysOf({2000, 3, 1}) == 60);
  for (int64_t days = kDateDaysMin; days <= kDateDaysMax; days += 9'973) {
    std::string text;
    AppendDate(days, &text);
    int64_t back = 0;
    REQUIRE(ParseDate(text, &back));
    REQUIRE(back == days);
  }
}

TEST_CASE("Hashes and fakes respect the precision of the type", "[masking]") {
  const auto hash = MaskText(MaskMethod::kHash, 0, oid::kTimestamp, "2024-05-06 07:08:09.123", 3);
  int64_t micros = 0;
  REQUIRE(ParseTimestamp(*hash, false, &micros));
  CHECK(micros % 1000 == 0);
  const auto fake = MaskText(MaskMethod::kFake, 0, oid::kTime, "07:08:09.123456");
  REQUIRE(ParseTime(*fake, &micros));
  CHECK(micros % kMicrosPerSecond == 0);
}

TEST_CASE("Times and intervals", "[masking]") {
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kTime, "07:08:09") == "00:00:00");
  CHECK(MaskText(MaskMethod::kKeepLast, 4, oid::kTimetz, "07:08:09.5+02") == "00:00:00+00");
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kInterval, "1 year 2 mons") == "00:00:00");
  CHECK(MaskOne(Rule(MaskMethod::kRedact), {oid::kTimetz, -1, Format::kBinary}, std::string(12, '\1')) == std::nullopt);
  CHECK(MaskOne(Rule(MaskMethod::kRedact), {oid::kTimetz, -1, Format::kBinary}, std::string(12, '\0')) ==
        std::string(12, '\0'));
}

TEST_CASE("Dates in another style than ISO become NULL", "[masking][fail-closed]") {
  for (const char* const text : {"05/06/2024", "06.05.2024", "Mon May 06 07:08:09 2024", "2024-5-6", "2024-13-01",
                                 "2024-05-06 BC ", "", "2024-05-06 07:08"}) {
    CHECK(Truncate(0, oid::kDate, text) == std::nullopt);
    CHECK(Truncate(0, oid::kTimestamp, text) == std::nullopt);
  }
  CHECK(Truncate(0, oid::kTimestamptz, "2024-05-06 07:08:09") == std::nullopt);
  CHECK(MaskOne(Rule(MaskMethod::kDateTruncate), {oid::kDate, -1, Format::kBinary}, "abc") == std::nullopt);
}

}  // namespace
}  // namespace chaperone::masking
