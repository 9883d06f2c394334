#include <catch2/catch.hpp>

#include "tools/chaperone/display/json.h"
#include "tools/chaperone/display/moment.h"
#include "tools/chaperone/display/table.h"

namespace chaperone::display {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a table aligns its columns and leaves no space at the end of a line") {
  Table table({{"NAME"}, {"ROWS", true}, {"REASON", false, 6}});
  table.Add({"東京", "7", "a long reason"});
  table.Add({"b", "1,000", ""});
  CHECK(table.Text() ==
        "NAME   ROWS  REASON\n"
        "東京      7  a lon…\n"
        "b     1,000\n");
  CHECK(table.Boxed("  ") ==
        "   NAME |  ROWS | REASON\n"
        "  ------+-------+--------\n"
        "   東京 |     7 | a lon…\n"
        "   b    | 1,000 |\n");
}

TEST_CASE("fields align and leave out what is empty") {
  Fields fields;
  fields.Add("id", "apr_1");
  fields.Add("comment", "");
  fields.Add("state", "pending");
  CHECK(fields.Text() == "id:     apr_1\nstate:  pending\n");
}

TEST_CASE("moments are UTC") {
  const WallTime time = FromMicroseconds(1'764'511'387'123'456);
  CHECK(Moment(time) == "2025-11-30 14:03:07Z");
  CHECK(TimeOfDay(time) == "14:03:07.123");
  CHECK(Rfc3339(time) == "2025-11-30T14:03:07.123456Z");
  CHECK(Moment(FromMicroseconds(0)) == "1970-01-01 00:00:00Z");
}

TEST_CASE("durations have the unit that a person would use") {
  CHECK(Elapsed(0us) == "0.0 ms");
  CHECK(Elapsed(1234us) == "1.2 ms");
  CHECK(Elapsed(350ms) == "350 ms");
  CHECK(Elapsed(12'340ms) == "12.3 s");
  CHECK(Elapsed(60s) == "1 min");
  CHECK(Elapsed(250s) == "4 min 10 s");
  CHECK(Elapsed(11'100s) == "3 h 5 min");
  CHECK(Elapsed(48h) == "2 d");
  const WallTime now = FromMicroseconds(1'764'511'387'000'000);
  CHECK(Relative(now + 250s, now) == "in 4 min 10 s");
  CHECK(Relative(now - 12s, now) == "12 s ago");
  CHECK(Relative(now, now) == "now");
}

TEST_CASE("JSON strings are valid whatever the bytes are") {
  CHECK(JsonString("a\"b\\c\n\x1b[0m\xff") == "\"a\\\"b\\\\c\\n\\u001b[0m\\ufffd\"");
  CHECK(JsonString("東\xe2\x80\xae") == "\"東\\u202e\"");
  CHECK(JsonString("\xf3\xa0\x80\xa0") == "\"\\udb40\\udc20\"");
  JsonObject object;
  object.String("a", "x").Optional("b", "").Number("c", 7).Bool("d", true).Null("e");
  JsonArray array;
  array.String("y").Raw("1");
  object.Raw("f", array.Text());
  CHECK(object.Text() == R"({"a":"x","c":7,"d":true,"e":null,"f":["y",1]})");
  CHECK(JsonObject().Text() == "{}");
}

}  // namespace
}  // namespace chaperone::display
