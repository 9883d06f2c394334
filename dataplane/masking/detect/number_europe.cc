// Numbers of Europe. Each function checks the digits by the rules of the office that issues them.
#include <algorithm>

#include "dataplane/masking/detect/checksum.h"
#include "dataplane/masking/detect/number.h"

namespace chaperone::masking::detect {

namespace {

// Two-digit years are read as leap years when either century has one: 1900 was none, 2000 was.
bool IsShortDate(int year, int month, int day) { return IsDate(2000 + year, month, day); }

bool IsDayMonthYear(const uint8_t* d) { return IsShortDate(Number(d + 4, 2), Number(d + 2, 2), Number(d, 2)); }
bool IsYearMonthDay(const uint8_t* d) { return IsShortDate(Number(d, 2), Number(d + 2, 2), Number(d + 4, 2)); }

bool IsUkNhsNumber(const uint8_t* d) {
  const int check = (11 - WeightedSum(d, {10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 11;
  return check == d[9] && Number(d, 9) != 0;
}

// INSEE: sex, year, month (12 and more are substitutes), department, and 97 less the rest.
bool IsFrNir(const uint8_t* d) {
  const bool sex = d[0] == 1 || d[0] == 2 || d[0] == 3 || d[0] == 4 || d[0] == 7 || d[0] == 8;
  const int month = Number(d + 3, 2);
  const bool is_month = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50;
  return sex && is_month && Number(d + 5, 2) != 0 &&
         97 - NumberMod(d, 13, 97) == static_cast<uint64_t>(Number(d + 13, 2));
}

// Bundeszentralamt für Steuern: among the first ten digits one stands two or three times, the others once at most.
bool IsDeTaxId(const uint8_t* d) {
  int counts[10] = {};
  std::for_each(d, d + 10, [&](uint8_t digit) { ++counts[digit]; });
  const auto twice = std::count(counts, counts + 10, 2);
  const auto thrice = std::count(counts, counts + 10, 3);
  const auto more = std::count_if(counts, counts + 10, [](int count) { return count > 3; });
  return d[0] != 0 && more == 0 && twice + thrice == 1 && Mod11And10(d, 11);
}

// Months carry the century: 1800s +80, 2000s +20, 2100s +40, 2200s +60.
bool IsPlPesel(const uint8_t* d) {
  const int sum = WeightedSum(d, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3});
  const int month = Number(d + 2, 2) % 20;
  return (10 - sum % 10) % 10 == d[10] && IsShortDate(Number(d, 2), month, Number(d + 4, 2));
}

// Skatteverket; 60 is added to the day of a co-ordination number.
bool IsSePersonnummer(const uint8_t* d) {
  const int day = Number(d + 4, 2);
  return IsShortDate(Number(d, 2), Number(d + 2, 2), day > 60 ? day - 60 : day) && Luhn(d, 10);
}

bool IsSePersonnummerWithCentury(const uint8_t* d) {
  const int century = Number(d, 2);
  return century >= 18 && century <= 20 && IsSePersonnummer(d + 2);
}

// In the form of "20240506-1234" order numbers are written too, so later births take a word of context.
bool IsSeBornBefore2010(const uint8_t* d) { return Number(d, 4) < 2010 && IsSePersonnummerWithCentury(d); }

bool IsDkCprDate(const uint8_t* d) { return IsDayMonthYear(d); }
// Numbers given since 2007 need not pass.
bool IsDkCprChecked(const uint8_t* d) {
  return IsDayMonthYear(d) && WeightedSum(d, {4, 3, 2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}

// Skatteetaten; 40 is added to the day of a D number.
bool IsNoFodselsnummer(const uint8_t* d) {
  const int day = Number(d, 2);
  return IsShortDate(Number(d + 4, 2), Number(d + 2, 2), day > 40 ? day - 40 : day) &&
         WeightedSum(d, {3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0}) % 11 == 0 &&
         WeightedSum(d, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}

// A 2 stands in front for who was born since 2000; 10^9 is 34 modulo 97.
bool IsBeNrn(const uint8_t* d) {
  const auto check = static_cast<uint64_t>(Number(d + 9, 2));
  const uint64_t rest = NumberMod(d, 9, 97);
  return IsShortDate(Number(d, 2), Number(d + 2, 2) % 20, Number(d + 4, 2)) &&
         (97 - rest == check || 97 - (2 * 34 + rest) % 97 == check);
}

// 50 is added to the month of women, 20 where a day's numbers ran out.
bool IsCzRodneCislo(const uint8_t* d) {
  int month = Number(d + 2, 2);
  month -= month > 50 ? 50 : 0;
  month -= month > 20 ? 20 : 0;
  return IsShortDate(Number(d, 2), month, Number(d + 4, 2)) && NumberMod(d, 10, 11) == 0;
}

// The first digit is sex and century; the eighth and ninth are the county.
bool IsRoCnp(const uint8_t* d) {
  const int county = Number(d + 7, 2);
  const int rest = WeightedSum(d, {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9}) % 11;
  return d[0] >= 1 && d[0] <= 8 && IsYearMonthDay(d + 1) &&
         ((county >= 1 && county <= 46) || county == 51 || county == 52) && d[12] == (rest == 10 ? 1 : rest);
}

// 20 is added to the month of births before 1900, 40 since 2000.
bool IsBgEgn(const uint8_t* d) {
  const int month = Number(d + 2, 2);
  const int rest = WeightedSum(d, {2, 4, 8, 5, 10, 9, 7, 3, 6}) % 11;
  return IsShortDate(Number(d, 2),
                     month > 40   ? month - 40
                     : month > 20 ? month - 20
                                  : month,
                     Number(d + 4, 2)) &&
         d[9] == rest % 10;
}

bool IsHrOib(const uint8_t* d) { return Mod11And10(d, 11); }

bool IsGrAmka(const uint8_t* d) { return IsDayMonthYear(d) && Luhn(d, 11); }

bool IsTrTckn(const uint8_t* d) {
  const int odd = d[0] + d[2] + d[4] + d[6] + d[8];
  const int even = d[1] + d[3] + d[5] + d[7];
  const int tenth = ((odd * 7 - even) % 10 + 10) % 10;
  return d[0] != 0 && d[9] == tenth && d[10] == (odd + even + d[9]) % 10;
}

bool IsPtNif(const uint8_t* d) {
  const int rest = WeightedSum(d, {9, 8, 7, 6, 5, 4, 3, 2}) % 11;
  return (d[0] == 1 || d[0] == 2 || d[0] == 3 || d[0] == 5 || d[0] == 6 || d[0] == 8) &&
         d[8] == (rest < 2 ? 0 : 11 - rest);
}

// 756, the country code of Switzerland, and the check digit of an EAN.
bool IsChAhv(const uint8_t* d) {
  const int sum = WeightedSum(d, {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3});
  return Number(d, 3) == 756 && (10 - sum % 10) % 10 == d[12];
}

// The fourth digit checks the others; months 13 to 15 stand where a day's numbers ran out.
bool IsAtSvnr(const uint8_t* d) {
  const int month = Number(d + 6, 2);
  const int sum = WeightedSum(d, {3, 7, 9, 0, 5, 8, 4, 2, 1, 6});
  return d[0] != 0 && sum % 11 == d[3] && month >= 1 && month <= 15 &&
         IsShortDate(Number(d + 8, 2), month > 12 ? 12 : month, Number(d + 4, 2));
}

// Those born in the 20th century whose check is a digit; token.cc knows the letters.
bool IsFiHetu(const uint8_t* d) {
  return IsShortDate(Number(d + 4, 2), Number(d + 2, 2), Number(d, 2)) && Number(d + 6, 3) >= 2 &&
         Number(d, 9) % 31 == d[9];
}

bool IsNlBsn(const uint8_t* d) { return WeightedSum(d, {9, 8, 7, 6, 5, 4, 3, 2, -1}) % 11 == 0 && Number(d, 9) != 0; }

}  // namespace

const std::vector<NumberRule>& EuropeanNumbers() {
  static const auto& rules = *new std::vector<NumberRule>{
      {Kind::kFiHetu, 10, IsFiHetu, false, {0x64}, "-"},
      {Kind::kUkNhsNumber, 10, IsUkNhsNumber, false, {}, {}},
      {Kind::kFrNir, 15, IsFrNir, true, {0x1222332, 0xd2}, {}},
      {Kind::kDeTaxId, 11, IsDeTaxId, true, {0x2333}, " "},
      {Kind::kPlPesel, 11, IsPlPesel, false, {}, {}},
      {Kind::kSePersonnummer, 10, IsSePersonnummer, false, {0x64}, "-"},
      {Kind::kSePersonnummer, 12, IsSeBornBefore2010, false, {0x84}, "-"},
      {Kind::kSePersonnummer, 12, IsSePersonnummerWithCentury, false, {}, {}},
      {Kind::kDkCpr, 10, IsDkCprChecked, false, {0x64}, "-"},
      {Kind::kDkCpr, 10, IsDkCprDate, false, {}, {}},
      {Kind::kNoFodselsnummer, 11, IsNoFodselsnummer, true, {0x65}, " -"},
      {Kind::kBeNrn, 11, IsBeNrn, true, {0x22232, 0x632}, ". -"},
      {Kind::kCzRodneCislo, 10, IsCzRodneCislo, false, {0x64}, "/"},
      {Kind::kRoCnp, 13, IsRoCnp, true, {}, {}},
      {Kind::kBgEgn, 10, IsBgEgn, false, {}, {}},
      {Kind::kHrOib, 11, IsHrOib, false, {}, {}},
      {Kind::kGrAmka, 11, IsGrAmka, false, {}, {}},
      {Kind::kTrTckn, 11, IsTrTckn, false, {}, {}},
      {Kind::kPtNif, 9, IsPtNif, false, {}, {}},
      {Kind::kChAhv, 13, IsChAhv, true, {0x3442}, {}},
      {Kind::kAtSvnr, 10, IsAtSvnr, false, {0x46}, " -"},
      {Kind::kNlBsn, 9, IsNlBsn, false, {}, {}},
  };
  return rules;
}

}  // namespace chaperone::masking::detect
