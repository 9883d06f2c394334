// Payment cards by issuer range. ISO/IEC 7812; the ranges are those that the card schemes publish.
#include <algorithm>
#include <iterator>

#include "dataplane/masking/detect/checksum.h"
#include "dataplane/masking/detect/number.h"

namespace chaperone::masking::detect {

namespace {

struct IssuerRange {
  // The first six digits, from and to.
  int first;
  int last;
  // Bit n: cards of n digits exist.
  uint32_t lengths;
  // So common that the digits alone will do, at the lengths in `lengths_alone`.
  uint32_t lengths_alone;
};

constexpr uint32_t Lengths(int from, int to) {
  uint32_t bits = 0;
  for (int length = from; length <= to; ++length) {
    bits |= uint32_t{1} << length;
  }
  return bits;
}

constexpr uint32_t k13 = Lengths(13, 13);
constexpr uint32_t k14 = Lengths(14, 14);
constexpr uint32_t k15 = Lengths(15, 15);
constexpr uint32_t k16 = Lengths(16, 16);
constexpr uint32_t k19 = Lengths(19, 19);

constexpr IssuerRange kIssuers[] = {
    {220000, 220499, Lengths(16, 19), k16},        // Mir
    {222100, 272099, k16, k16},                    // Mastercard
    {300000, 305999, Lengths(14, 19), k14},        // Diners Club
    {309500, 309599, Lengths(14, 19), k14},        // Diners Club
    {340000, 349999, k15, k15},                    // American Express
    {352800, 358999, Lengths(16, 19), k16},        // JCB
    {360000, 369999, Lengths(14, 19), k14},        // Diners Club
    {370000, 379999, k15, k15},                    // American Express
    {380000, 399999, Lengths(14, 19), k14},        // Diners Club
    {400000, 499999, k13 | k16 | k19, k16 | k19},  // Visa
    {500000, 501799, Lengths(12, 19), 0},          // Maestro
    {501800, 501899, Lengths(12, 19), k16},        // Maestro
    {501900, 501999, Lengths(12, 19), 0},          // Maestro
    {502000, 502099, Lengths(12, 19), k16},        // Maestro
    {502100, 503799, Lengths(12, 19), 0},          // Maestro
    {503800, 503899, Lengths(12, 19), k16},        // Maestro
    {503900, 506098, Lengths(12, 19), 0},          // Maestro
    {506099, 506198, k16 | k19, k16},              // Verve
    {506199, 508499, Lengths(12, 19), 0},          // Maestro
    {508500, 508999, Lengths(12, 19), 0},          // RuPay, Maestro
    {509000, 509999, Lengths(12, 19), 0},          // Maestro
    {510000, 559999, k16, k16},                    // Mastercard
    {560000, 589299, Lengths(12, 19), 0},          // Maestro
    {589300, 589399, Lengths(12, 19), k16},        // Maestro
    {589400, 589999, Lengths(12, 19), 0},          // Maestro
    {601100, 601199, Lengths(16, 19), k16},        // Discover
    {606980, 608999, k16, 0},                      // RuPay
    {620000, 629999, Lengths(16, 19), k16 | k19},  // UnionPay
    {630400, 630499, Lengths(12, 19), k16},        // Maestro
    {644000, 659999, Lengths(16, 19), k16},        // Discover, RuPay
    {675900, 676399, Lengths(12, 19), k16},        // Maestro
    {810000, 829999, k16, 0},                      // RuPay
    {979200, 979299, k16, k16},                    // Troy
};

}  // namespace

bool IsCardNumber(const uint8_t* digits, size_t count, bool likely) {
  if (count < 12 || count > kNumberDigitsMax) {
    return false;
  }
  const int prefix = Number(digits, 6);
  const auto* const issuer = std::find_if(std::begin(kIssuers), std::end(kIssuers),
                                          [&](const IssuerRange& range) { return prefix <= range.last; });
  if (issuer == std::end(kIssuers) || prefix < issuer->first) {
    return false;
  }
  const uint32_t lengths = likely ? issuer->lengths : issuer->lengths_alone;
  const bool one_digit = std::all_of(digits + 1, digits + count, [&](uint8_t digit) { return digit == digits[0]; });
  return (lengths >> count & 1) != 0 && !one_digit && Luhn(digits, count);
}

}  // namespace chaperone::masking::detect
