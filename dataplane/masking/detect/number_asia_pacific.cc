// Numbers of Asia, Africa and the Pacific. Each function checks the digits by the rules of the office that issues them.
#include <algorithm>

#include "dataplane/masking/detect/checksum.h"
#include "dataplane/masking/detect/number.h"

namespace chaperone::masking::detect {

namespace {

bool IsYearMonthDay(const uint8_t* d) { return IsDate(2000 + Number(d, 2), Number(d + 2, 2), Number(d + 4, 2)); }

bool IsAuTfn(const uint8_t* d) { return WeightedSum(d, {1, 4, 3, 7, 5, 8, 6, 9, 10}) % 11 == 0 && Number(d, 9) != 0; }

// The ninth digit checks the first eight, the tenth counts issues.
bool IsAuMedicare(const uint8_t* d) {
  return d[0] >= 2 && d[0] <= 6 && WeightedSum(d, {1, 3, 7, 9, 1, 3, 7, 9}) % 10 == d[8] && d[9] != 0;
}

bool IsInAadhaar(const uint8_t* d) { return d[0] >= 2 && Verhoeff(d, 12); }

// GB 11643: division, birth date, order, ISO 7064 MOD 11-2; the check X stands in cn_resident_id of letters.
bool IsCnResidentId(const uint8_t* d) {
  const int sum = WeightedSum(d, {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2});
  const int division = Number(d, 2);
  const int year = Number(d + 6, 4);
  return division >= 11 && division <= 82 && year >= 1880 && year < 2100 &&
         IsDate(year, Number(d + 10, 2), Number(d + 12, 2)) && (12 - sum % 11) % 11 == d[17];
}

bool IsJpMyNumber(const uint8_t* d) {
  const int rest = WeightedSum(d, {6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11;
  return d[11] == (rest <= 1 ? 0 : 11 - rest) && Number(d, 9) != 0;
}

// The seventh digit is sex and century.
bool IsKrRrnDate(const uint8_t* d) { return IsYearMonthDay(d) && d[6] >= 1 && d[6] <= 8; }
// Numbers given since October 2020 need not pass.
bool IsKrRrnChecked(const uint8_t* d) {
  const int sum = WeightedSum(d, {2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5});
  return IsKrRrnDate(d) && (11 - sum % 11) % 10 == d[12];
}

// Birth date and place of birth; places 17 to 20, 69, 70, 73, 80, 81, 94 to 97 are not given.
bool IsMyNric(const uint8_t* d) {
  const int place = Number(d + 6, 2);
  const bool given = place != 0 && !(place >= 17 && place <= 20) && place != 69 && place != 70 && place != 73 &&
                     place != 80 && place != 81 && !(place >= 94 && place <= 97);
  return IsYearMonthDay(d) && given;
}

bool IsThId(const uint8_t* d) {
  const int sum = WeightedSum(d, {13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2});
  return d[0] >= 1 && d[0] <= 8 && (11 - sum % 11) % 10 == d[12];
}

bool IsIlId(const uint8_t* d) { return Luhn(d, 9) && Number(d, 9) != 0; }

// Birth date, sequence, citizenship 0 or 1, a digit that was race and is 8 or 9, Luhn.
bool IsZaId(const uint8_t* d) { return IsYearMonthDay(d) && d[10] <= 1 && d[11] >= 8 && Luhn(d, 13); }

}  // namespace

const std::vector<NumberRule>& AsiaPacificNumbers() {
  static const auto& rules = *new std::vector<NumberRule>{
      {Kind::kAuTfn, 9, IsAuTfn, false, {}, {}},
      {Kind::kAuMedicare, 10, IsAuMedicare, false, {0x451}, " -"},
      {Kind::kInAadhaar, 12, IsInAadhaar, false, {0x444}, " "},
      {Kind::kCnResidentId, 18, IsCnResidentId, true, {}, {}},
      {Kind::kJpMyNumber, 12, IsJpMyNumber, false, {}, {}},
      {Kind::kKrRrn, 13, IsKrRrnChecked, false, {0x67}, "-"},
      {Kind::kKrRrn, 13, IsKrRrnDate, false, {}, {}},
      {Kind::kMyNric, 12, IsMyNric, false, {0x624}, "-"},
      {Kind::kThId, 13, IsThId, false, {0x14521}, " -"},
      {Kind::kIlId, 9, IsIlId, false, {}, {}},
      {Kind::kZaId, 13, IsZaId, true, {0x643, 0x6421}, " "},
  };
  return rules;
}

}  // namespace chaperone::masking::detect
