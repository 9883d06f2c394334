#include <catch2/catch.hpp>
#include <cstring>
#include <limits>

#include "dataplane/masking/decimal.h"
#include "dataplane/masking/masking_testing.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {
namespace {

using policy::MaskMethod;

template <typename T>
std::string Binary(T value) {
  std::string out;
  AppendBigEndian(value, &out);
  return out;
}

TEST_CASE("Redacted numbers are zero in either format", "[masking]") {
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kInt4, "42") == "0");
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kNumeric, "4.25", NumericModifier(5, 2)) == "0.00");
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kFloat8, "NaN") == "0");
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kBool, "t") == "f");
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kMoney, "$1,234.56") == "0");
  CHECK(MaskOne(Rule(MaskMethod::kRedact), {oid::kInt8, -1, Format::kBinary}, Binary(int64_t{7})) ==
        std::string(8, '\0'));
}

TEST_CASE("keep on whole numbers turns the other digits into zeros and hides the sign", "[masking]") {
  CHECK(MaskText(MaskMethod::kKeepLast, 4, oid::kInt8, "4111111111111234") == "1234");
  CHECK(MaskText(MaskMethod::kKeepFirst, 6, oid::kInt8, "4111119876543210") == "4111110000000000");
  CHECK(MaskText(MaskMethod::kKeepFirst, 1, oid::kInt4, "-987") == "900");
  CHECK(MaskText(MaskMethod::kKeepLast, 4, oid::kInt4, "1234") == "0");
  CHECK(MaskText(MaskMethod::kKeepFirst, 1, oid::kInt8, "-9223372036854775808") == "9000000000000000000");
  CHECK(MaskText(MaskMethod::kKeepFirst, 2, oid::kNumeric, "123.45") == "120.00");
  CHECK(MaskText(MaskMethod::kKeepLast, 3, oid::kNumeric, "-123.45") == "3.45");
  CHECK(MaskText(MaskMethod::kKeepLast, 2, oid::kNumeric, "0.45") == "0.00");
}

TEST_CASE("round goes to the nearest multiple, halves away from zero, and stays in range", "[masking]") {
  CHECK(MaskText(MaskMethod::kRound, 100, oid::kInt4, "1249") == "1200");
  CHECK(MaskText(MaskMethod::kRound, 100, oid::kInt4, "1250") == "1300");
  CHECK(MaskText(MaskMethod::kRound, 100, oid::kInt4, "-1250") == "-1300");
  CHECK(MaskText(MaskMethod::kRound, 1000, oid::kInt2, "32767") == "32000");
  CHECK(MaskText(MaskMethod::kRound, 1000, oid::kInt8, "9223372036854775807") == "9223372036854775000");
  CHECK(MaskText(MaskMethod::kRound, 1000, oid::kInt8, "-9223372036854775808") == "-9223372036854775000");
  CHECK(MaskText(MaskMethod::kRound, 100, oid::kNumeric, "1249.99") == "1200");
  CHECK(MaskText(MaskMethod::kRound, 5, oid::kNumeric, "2.5") == "5");
  CHECK(MaskText(MaskMethod::kRound, 1, oid::kNumeric, "99.5") == "100");
  CHECK(MaskText(MaskMethod::kRound, 10, oid::kNumeric, "-99999999999999999999995") == "-100000000000000000000000");
  CHECK(MaskText(MaskMethod::kRound, 10, oid::kNumeric, "999.99", NumericModifier(5, 2)) == "990.00");
  CHECK(MaskText(MaskMethod::kRound, 10, oid::kFloat8, "14.9") == "10");
  CHECK(MaskText(MaskMethod::kRound, 10, oid::kFloat8, "Infinity") == "Infinity");
  CHECK(MaskText(MaskMethod::kRound, 10, oid::kFloat4, "NaN") == "NaN");
  CHECK(MaskText(MaskMethod::kRound, 10, oid::kNumeric, "NaN") == "NaN");
  CHECK(MaskText(MaskMethod::kRound, 100, oid::kMoney, "$1,234.56") == "1200");
  CHECK(MaskText(MaskMethod::kRound, 100, oid::kMoney, "-$1,250.00") == "-1300");
  CHECK(MaskText(MaskMethod::kRound, 0, oid::kInt4, "123") == "0");
}

TEST_CASE("Hashes of numbers are in range, and one for equal numbers", "[masking]") {
  for (const char* const text : {"0", "1", "-1", "32767", "-32768"}) {
    int16_t small = -1;
    REQUIRE(ParseNumber(*MaskText(MaskMethod::kHash, 0, oid::kInt2, text), &small));
    CHECK(small >= 0);
  }
  CHECK(MaskText(MaskMethod::kHash, 0, oid::kNumeric, "1.50") == MaskText(MaskMethod::kHash, 0, oid::kNumeric, "1.5"));
  CHECK(MaskText(MaskMethod::kHash, 0, oid::kNumeric, "1.51") != MaskText(MaskMethod::kHash, 0, oid::kNumeric, "1.5"));
  CHECK(MaskText(MaskMethod::kHash, 0, oid::kFloat8, "0") == MaskText(MaskMethod::kHash, 0, oid::kFloat8, "-0"));
  const auto text = MaskText(MaskMethod::kHash, 0, oid::kInt4, "123456");
  const auto binary = MaskOne(Rule(MaskMethod::kHash), {oid::kInt4, -1, Format::kBinary}, Binary(int32_t{123456}));
  int32_t number = 0;
  REQUIRE(ParseNumber(*text, &number));
  CHECK(binary == Binary(number));
  CHECK(MaskText(MaskMethod::kHash, 0, oid::kNumeric, "0.12", NumericModifier(2, 2))->substr(0, 2) == "0.");
}

TEST_CASE("Fakes of numbers keep sign, width and range", "[masking]") {
  for (const char* const text : {"2147483647", "-2147483648", "1999999999"}) {
    int32_t number = 0;
    const auto fake = MaskText(MaskMethod::kFake, 0, oid::kInt4, text);
    REQUIRE(fake.has_value());
    CHECK(fake->size() == std::strlen(text));
    CHECK(ParseNumber(*fake, &number));
    CHECK((number < 0) == (text[0] == '-'));
  }
  const auto fake = MaskText(MaskMethod::kFake, 0, oid::kNumeric, "-120.05");
  REQUIRE(fake.has_value());
  CHECK(fake->size() == 7);
  CHECK((*fake)[0] == '-');
  CHECK((*fake)[1] != '0');
  CHECK(MaskText(MaskMethod::kFake, 0, oid::kNumeric, "0.0012", NumericModifier(2, 4))->substr(0, 4) == "0.00");
  CHECK(MaskText(MaskMethod::kFake, 0, oid::kFloat4, "3.4028235e+38").has_value());
}

TEST_CASE("Numeric goes through its binary format and back", "[masking]") {
  for (const char* const text : {"0", "0.00", "1", "-1", "10000", "9999.9999", "0.0001", "-0.00012300", "123456789.000",
                                 "100000000000000000000000000000000000000", "NaN", "Infinity", "-Infinity", "0.1"}) {
    Decimal value;
    REQUIRE(ParseDecimal(text, &value));
    std::string binary;
    EncodeDecimal(value, &binary);
    Decimal back;
    REQUIRE(DecodeDecimal(binary, &back));
    std::string again;
    AppendDecimal(back, &again);
    CHECK(again == text);
  }
}

TEST_CASE("The binary numeric that the server sends is read", "[masking]") {
  // 12345.678: groups 1, 2345, 6780; weight 1; scale 3.
  Decimal value;
  REQUIRE(DecodeDecimal(FromHex("000300010000000300010929") + FromHex("1a7c"), &value));
  std::string text;
  AppendDecimal(value, &text);
  CHECK(text == "12345.678");
}

TEST_CASE("Cells that are no number of the type become NULL", "[masking][fail-closed]") {
  CHECK(MaskText(MaskMethod::kKeepLast, 2, oid::kInt4, "12a4") == std::nullopt);
  CHECK(MaskText(MaskMethod::kKeepLast, 2, oid::kInt4, "99999999999") == std::nullopt);
  CHECK(MaskText(MaskMethod::kRound, 2, oid::kNumeric, "1e5") == std::nullopt);
  CHECK(MaskText(MaskMethod::kRound, 2, oid::kNumeric, "1.") == std::nullopt);
  CHECK(MaskText(MaskMethod::kRound, 2, oid::kFloat8, "secret") == std::nullopt);
  CHECK(MaskText(MaskMethod::kRound, 2, oid::kMoney, "secret") == std::nullopt);
  CHECK(MaskOne(Rule(MaskMethod::kFake), {oid::kInt4, -1, Format::kBinary}, "12345") == std::nullopt);
  // More groups than bytes, a group past 9999, an unknown sign.
  for (const char* const digits : {"0003000000000000", "00010000000000002710", "00000000123400000000", "00"}) {
    CHECK(MaskOne(Rule(MaskMethod::kFake), {oid::kNumeric, -1, Format::kBinary}, FromHex(digits)) == std::nullopt);
  }
}

}  // namespace
}  // namespace chaperone::masking
