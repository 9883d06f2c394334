// Numbers of the Americas. Each function checks the digits by the rules of the office that issues them.
#include <algorithm>

#include "dataplane/masking/detect/checksum.h"
#include "dataplane/masking/detect/number.h"

namespace chaperone::masking::detect {

namespace {

bool AllEqual(const uint8_t* d, size_t count) {
  return std::all_of(d + 1, d + count, [&](uint8_t digit) { return digit == d[0]; });
}

// 11 less the sum modulo 11, where 10 and 11 become 0.
int Mod11Digit(int sum) {
  const int check = 11 - sum % 11;
  return check >= 10 ? 0 : check;
}

// Social Security Administration: no area 000, 666 or 900 to 999, no group 00, no serial 0000.
bool IsUsSsn(const uint8_t* d) {
  const int area = Number(d, 3);
  return area != 0 && area != 666 && area < 900 && Number(d + 3, 2) != 0 && Number(d + 5, 4) != 0 && !AllEqual(d, 9);
}

// Internal Revenue Service: 9xx, group 50 to 65, 70 to 88, 90 to 92, 94 to 99.
bool IsUsItin(const uint8_t* d) {
  const int group = Number(d + 3, 2);
  return d[0] == 9 && ((group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group != 93));
}

// American Bankers Association: district, weights 3 7 1.
bool IsUsRoutingNumber(const uint8_t* d) {
  const int district = Number(d, 2);
  const bool issued =
      district <= 12 || (district >= 21 && district <= 32) || (district >= 61 && district <= 72) || district == 80;
  return issued && WeightedSum(d, {3, 7, 1, 3, 7, 1, 3, 7, 1}) % 10 == 0 && Number(d, 9) != 0;
}

bool IsCaSin(const uint8_t* d) { return d[0] != 0 && d[0] != 8 && Luhn(d, 9) && !AllEqual(d, 9); }

bool IsBrCpf(const uint8_t* d) {
  return !AllEqual(d, 11) && d[9] == Mod11Digit(WeightedSum(d, {10, 9, 8, 7, 6, 5, 4, 3, 2})) &&
         d[10] == Mod11Digit(WeightedSum(d, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2}));
}

bool IsBrCnpj(const uint8_t* d) {
  return !AllEqual(d, 14) && d[12] == Mod11Digit(WeightedSum(d, {5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2})) &&
         d[13] == Mod11Digit(WeightedSum(d, {6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2}));
}

// A head office or one of the first 99 branches: nearly all that there are.
bool IsBrCnpjOfFirstBranches(const uint8_t* d) {
  return d[8] == 0 && d[9] == 0 && (d[10] != 0 || d[11] != 0) && IsBrCnpj(d);
}

bool IsClRut8(const uint8_t* d) { return d[0] != 0 && RutCheck(d, 7) == d[7]; }
bool IsClRut9(const uint8_t* d) { return d[0] != 0 && RutCheck(d, 8) == d[8]; }

bool IsArCuit(const uint8_t* d) {
  constexpr int kPrefixes[] = {20, 23, 24, 25, 26, 27, 30, 33, 34};
  const bool issued = std::find(std::begin(kPrefixes), std::end(kPrefixes), Number(d, 2)) != std::end(kPrefixes);
  const int check = 11 - WeightedSum(d, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11;
  return issued && d[10] == (check == 11 ? 0 : check == 10 ? 9 : check);
}

}  // namespace

const std::vector<NumberRule>& AmericanNumbers() {
  static const auto& rules = *new std::vector<NumberRule>{
      {Kind::kUsSsn, 9, IsUsSsn, false, {0x324}, {}},
      {Kind::kUsItin, 9, IsUsItin, false, {0x324}, {}},
      {Kind::kUsRoutingNumber, 9, IsUsRoutingNumber, false, {}, {}},
      {Kind::kCaSin, 9, IsCaSin, false, {0x333}, "-"},
      {Kind::kBrCpf, 11, IsBrCpf, false, {0x3332}, "."},
      {Kind::kBrCnpj, 14, IsBrCnpj, false, {0x23342}, "."},
      {Kind::kBrCnpj, 14, IsBrCnpjOfFirstBranches, true, {}, {}},
      {Kind::kClRut, 8, IsClRut8, false, {0x1331}, "."},
      {Kind::kClRut, 9, IsClRut9, false, {0x2331}, "."},
      {Kind::kArCuit, 11, IsArCuit, false, {0x281}, "-"},
  };
  return rules;
}

}  // namespace chaperone::masking::detect
