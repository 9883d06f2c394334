#include "api/masking/written_mask.h"

#include <catch2/catch.hpp>

namespace chaperone::masking {
namespace {

TEST_CASE("What the masks leave of a value is recognised", "[masking]") {
  for (const std::string_view value : {"****", "**", "************9151", "ab****", "a****@mail.example"}) {
    CAPTURE(value);
    CHECK(LooksMasked(value));
  }
  for (const std::string_view value : {"", "123-45-6789", "a**b", "5 * 3"}) {
    CAPTURE(value);
    CHECK_FALSE(LooksMasked(value));
  }
}

TEST_CASE("Only string constants count in a text", "[masking]") {
  CHECK(HoldsMaskedConstant("UPDATE users SET ssn = '****' WHERE id = 1"));
  CHECK(HoldsMaskedConstant("UPDATE users SET name = 'O''Hara', ssn = '****9151'"));
  CHECK(HoldsMaskedConstant("/* /* x */ */ UPDATE users SET ssn = '**'"));
  CHECK_FALSE(HoldsMaskedConstant("/**** note ****/ UPDATE users SET ssn = '123' -- '****'"));
  CHECK_FALSE(HoldsMaskedConstant("UPDATE users SET ssn = '' || '1' WHERE 2 ** 2 = \"****\""));
  CHECK_FALSE(HoldsMaskedConstant("UPDATE users SET ssn = 'open"));
  CHECK_FALSE(HoldsMaskedConstant("/* open"));
}

TEST_CASE("In data that comes in chunks a mask is found across their ends", "[masking]") {
  MaskedDataSearch search;
  CHECK_FALSE(search.Add("1\tAda\t***"));
  CHECK_FALSE(search.Add(""));
  CHECK(search.Add("*\n"));
  CHECK(search.Add("2\tx\n"));
  MaskedDataSearch apart;
  CHECK_FALSE(apart.Add("***a***"));
}

}  // namespace
}  // namespace chaperone::masking
