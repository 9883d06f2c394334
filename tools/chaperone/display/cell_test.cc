#include "tools/chaperone/display/cell.h"

#include <catch2/catch.hpp>

namespace chaperone::display {
namespace {

using namespace std::string_literals;

std::string Binary(uint32_t oid, const std::string& value) {
  return CellText({.type_oid = oid, .binary = true}, value);
}

std::string Unhex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

struct Vector {
  uint32_t oid;
  std::string_view binary;
  std::string_view text;
};

// What a PostgreSQL 15 server sends for the same value in the binary and in the text format.
constexpr Vector kVectors[] = {
    {16, "01", R"(t)"},
    {1700, "0003000100000004000109291a7c", R"(12345.6780)"},
    {1700, "0001ffff40000004002a", R"(-0.0042)"},
    {1700, "0001fffe000000081068", R"(0.00004200)"},
    {1700, "00010001000000000064", R"(1000000)"},
    {1700, "0000000000000002", R"(0.00)"},
    {1700, "0009000700000001000c0d801ed204d2162e23340d801ed21388", R"(123456789012345678901234567890.5)"},
    {1700, "00010001000000000001", R"(10000)"},
    {1700, "00010005000000000001", R"(100000000000000000000)"},
    {1700, "0001ffff0000000103e8", R"(0.1)"},
    {1700, "0002000100000000270f0001", R"(99990001)"},
    {21, "ffff", R"(-1)"},
    {701, "400921fb54442d18", R"(3.141592653589793)"},
    {701, "7e37e43c8800759c", R"(1e+300)"},
    {700, "3dcccccd", R"(0.1)"},
    {700, "3fc00000", R"(1.5)"},
    {701, "7ff8000000000000", R"(NaN)"},
    {701, "fff0000000000000", R"(-Infinity)"},
    {701, "430c6bf526340000", R"(1e+15)"},
    {701, "4341c37937e08000", R"(1e+16)"},
    {701, "40f86a0000000000", R"(100000)"},
    {700, "49742400", R"(1e+06)"},
    {1082, "00002497", R"(2025-08-24)"},
    {1082, "ffffd48e", R"(1969-07-20)"},
    {1083, "0000000a7cebc860", R"(12:30:45.5)"},
    {1114, "ffffffffffffffff", R"(1999-12-31 23:59:59.999999)"},
    {1184, "0002e7cd6a0f4980", R"(2025-11-30 12:03:07.12+00)"},
    {1184, "7fffffffffffffff", R"(infinity)"},
    {1186, "000000036c966ee0000000030000000e", R"(1 year 2 mons 3 days 04:05:06.7)"},
    {1186, "0000000000000000ffffffff00000000", R"(-1 days)"},
    {1186, "fffffffffff0bdc00000000000000000", R"(-00:00:01)"},
    {1186, "fffffffc93743f80fffffffd0000000c", R"(1 year -3 days -04:05:06)"},
    {869, "02200004c0a80105", R"(192.168.1.5)"},
    {869, "02180004c0a80100", R"(192.168.1.0/24)"},
    {650, "02180104c0a80100", R"(192.168.1.0/24)"},
    {869, "0380001000000000000000000000000000000001", R"(::1)"},
    {650, "0320011020010db8000000000000000000000000", R"(2001:db8::/32)"},
    {829, "08002b010203", R"(08:00:2b:01:02:03)"},
    {1007, "00000001000000010000001700000003000000010000000400000001ffffffff0000000400000003", R"({1,NULL,3})"},
    {1009,
     "000000010000000000000019000000060000000100000003612c620000000363226400000000000000044e554c4c000000037820790000000"
     "5706c61696e",
     R"({"a,b","c\"d","","NULL","x y",plain})"},
    {1231, "0000000100000000000006a400000002000000010000000c0002000000000002000113880000000a00010000000000000002",
     R"({1.50,2})"},
    {1009, "000000000000000000000019", R"({})"},
    {3802, "017b2261223a205b312c20325d7d", R"({"a": [1, 2]})"},
    {17, "deadbeef", R"(\xdeadbeef)"},
    {2950, "a0eebc999c0b4ef8bb6d6bb9bd380a11", R"(a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11)"},
    {1000, "000000010000000000000010000000020000000100000001010000000100", R"({t,f})"},
    {1182, "00000001000000000000043a000000010000000100000004000023ac", R"({2025-01-01})"},
    {20, "7fffffffffffffff", R"(9223372036854775807)"},
};

TEST_CASE("values of the text format stand as they are") {
  CHECK(CellText({.type_oid = 23}, "42") == "42");
  CHECK(CellText({.type_oid = 999'999}, "(a,b)") == "(a,b)");
}

TEST_CASE("values of the binary format read as the server writes them") {
  for (const Vector& vector : kVectors) {
    CAPTURE(vector.oid, vector.binary);
    CHECK(Binary(vector.oid, Unhex(vector.binary)) == vector.text);
  }
  CHECK(Binary(25, "Grüße") == "Grüße");
}

TEST_CASE("bytes that are no value of their type, and types without a decoder, come out as hex") {
  CHECK(Binary(23, "\x01"s) == "\\x01");
  CHECK(Binary(2950, "short") == "\\x73686f7274");
  CHECK(Binary(1700, "\x00\x03\x00\x01"s) == "\\x00030001");
  CHECK(Binary(1700, "\x00\x01\x7f\xff\x00\x00\x00\x00\x00\x01"s) == "\\x00017fff000000000001");
  CHECK(
      Binary(1007, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x7f\xff\xff\xff\x00\x00\x00\x01"s).substr(0, 2) ==
      "\\x");
  CHECK(Binary(600, "\x01\x02") == "\\x0102");
  CHECK(Binary(3802, "\x02{}") == "\\x027b7d");
  CHECK(Binary(869, "\x02\x20\x00\x10\xc0\xa8\x01\x05"s).substr(0, 2) == "\\x");
}

TEST_CASE("types have the names of PostgreSQL") {
  CHECK(TypeName(23) == "int4");
  CHECK(TypeName(1009) == "text[]");
  CHECK(TypeName(16'385) == "oid 16385");
  CHECK(TypeName(0).empty());
  CHECK(IsNumeric(1700));
  CHECK_FALSE(IsNumeric(25));
}

}  // namespace
}  // namespace chaperone::display
