#include "dataplane/masking/detect/phone.h"

#include <algorithm>
#include <iterator>

namespace chaperone::masking::detect {

namespace {

// ITU-T E.164: digits of an international number; fewer than eight are none that a person has.
constexpr size_t kInternationalMin = 8;
constexpr size_t kInternationalMax = 15;
constexpr size_t kContextDigitsMin = 7;

struct Country {
  // The calling code.
  int code;
  // Digits behind it.
  uint8_t digits_min;
  uint8_t digits_max;
};

// Where the plan is tighter than E.164. Sorted by code.
constexpr Country kCountries[] = {
    {1, 10, 10},  {7, 10, 10}, {20, 8, 10},  {27, 9, 9},   {30, 10, 10}, {31, 9, 9},   {32, 8, 9},   {33, 9, 9},
    {34, 9, 9},   {36, 8, 9},  {39, 6, 11},  {40, 9, 9},   {41, 9, 9},   {43, 7, 13},  {44, 9, 10},  {45, 8, 8},
    {46, 7, 10},  {47, 8, 8},  {48, 9, 9},   {49, 6, 13},  {51, 8, 9},   {52, 10, 10}, {53, 6, 8},   {54, 10, 11},
    {55, 10, 11}, {56, 9, 9},  {57, 8, 10},  {58, 10, 10}, {60, 8, 10},  {61, 9, 9},   {62, 8, 12},  {63, 8, 10},
    {64, 8, 10},  {65, 8, 8},  {66, 8, 9},   {81, 9, 10},  {82, 8, 10},  {84, 9, 10},  {86, 10, 11}, {90, 10, 10},
    {91, 10, 10}, {92, 9, 10}, {93, 9, 9},   {94, 9, 9},   {95, 7, 10},  {98, 10, 10}, {234, 8, 10}, {254, 9, 9},
    {351, 9, 9},  {353, 7, 9}, {358, 6, 11}, {380, 9, 9},  {420, 9, 9},  {421, 9, 9},  {852, 8, 8},  {880, 10, 10},
    {886, 8, 9},  {966, 8, 9}, {971, 8, 9},  {972, 8, 9}};

// Three-digit calling codes that are assigned, by their first two digits; one- and two-digit ones are all in
// kCountries.
constexpr int kLongCodePrefixes[] = {21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 50,
                                     59, 67, 68, 69, 80, 85, 87, 88, 96, 97, 99};

char DigitAt(const CellScan& scan, const std::vector<DigitGroup>& groups, size_t index, size_t position) {
  for (; index < groups.size(); ++index) {
    if (position < groups[index].size) {
      return scan.at(groups[index].begin + position);
    }
    position -= groups[index].size;
  }
  return '\0';
}

// The calling code at the front of the number, and how many digits may follow it.
bool FindCountry(const CellScan& scan, const std::vector<DigitGroup>& groups, size_t index, Country* out,
                 size_t* code_size) {
  int code = 0;
  for (size_t size = 1; size <= 3; ++size) {
    const char digit = DigitAt(scan, groups, index, size - 1);
    if (!IsDigit(digit) || (size == 1 && digit == '0')) {
      return false;
    }
    code = code * 10 + (digit - '0');
    const auto* const known = std::find_if(std::begin(kCountries), std::end(kCountries),
                                           [&](const Country& country) { return country.code == code; });
    *code_size = size;
    if (known != std::end(kCountries)) {
      *out = *known;
      return true;
    }
  }
  *out = {.code = code, .digits_min = 5, .digits_max = 12};
  return std::find(std::begin(kLongCodePrefixes), std::end(kLongCodePrefixes), code / 10) !=
         std::end(kLongCodePrefixes);
}

// NANP: area code and exchange start with 2 to 9; neither is N11.
bool IsNorthAmerican(const CellScan& scan, const std::vector<DigitGroup>& groups, size_t index, size_t position) {
  const auto digit = [&](size_t i) { return DigitAt(scan, groups, index, position + i); };
  return digit(0) >= '2' && digit(1) != '9' && digit(3) >= '2' && !(digit(1) == '1' && digit(2) == '1') &&
         !(digit(4) == '1' && digit(5) == '1');
}

// Groups from `index` on with `digits_max` digits at most; 0 when they have fewer than `digits_min`. Groups that make
// the number longer than that are not part of it.
size_t TakeGroups(const std::vector<DigitGroup>& groups, size_t index, size_t digits_min, size_t digits_max) {
  size_t digits = 0;
  size_t taken = 0;
  while (index + taken < groups.size() && digits + groups[index + taken].size <= digits_max) {
    digits += groups[index + taken].size;
    ++taken;
  }
  return digits >= digits_min ? taken : 0;
}

size_t International(const CellScan& scan, const std::vector<DigitGroup>& groups, size_t index) {
  Country country;
  size_t code_size = 0;
  if (!FindCountry(scan, groups, index, &country, &code_size) ||
      (country.code == 1 && !IsNorthAmerican(scan, groups, index, 1))) {
    return 0;
  }
  const size_t digits_min = std::max(kInternationalMin, code_size + country.digits_min);
  // "+44 (0)20 …" has one digit more than is dialled.
  const size_t digits_max = std::min(kInternationalMax, code_size + country.digits_max) + 1;
  return TakeGroups(groups, index, digits_min, digits_max);
}

bool SizesAre(const std::vector<DigitGroup>& groups, size_t index, std::initializer_list<uint32_t> sizes) {
  if (index + sizes.size() > groups.size()) {
    return false;
  }
  return std::equal(sizes.begin(), sizes.end(), groups.begin() + static_cast<std::ptrdiff_t>(index),
                    [](uint32_t size, const DigitGroup& group) { return size == group.size; });
}

// The separator behind a group: one character, or 0.
char SingleSeparator(const CellScan& scan, const std::vector<DigitGroup>& groups, size_t index) {
  return groups[index + 1].begin == groups[index].end() + 1 ? scan.at(groups[index].end()) : '\0';
}

// "(415) 555-2671", "415-555-2671", "415.555.2671", "1-415-555-2671".
size_t NorthAmerican(const CellScan& scan, const std::vector<DigitGroup>& groups, size_t index) {
  const bool with_code = SizesAre(groups, index, {1, 3, 3, 4}) && scan.at(groups[index].begin) == '1';
  const size_t area = index + (with_code ? 1 : 0);
  if (!with_code && !SizesAre(groups, index, {3, 3, 4})) {
    return 0;
  }
  if (!IsNorthAmerican(scan, groups, area, 0)) {
    return 0;
  }
  const bool in_parentheses = scan.before(groups[area].begin) == '(' && scan.at(groups[area].end()) == ')';
  const char first = SingleSeparator(scan, groups, area);
  const char second = SingleSeparator(scan, groups, area + 1);
  const bool plain = first == second && (first == '-' || first == '.' || first == ' ');
  return in_parentheses || plain ? (with_code ? 4 : 3) : 0;
}

// Forms of Europe that start with 0.
size_t National(const CellScan& scan, const std::vector<DigitGroup>& groups, size_t index) {
  if (scan.at(groups[index].begin) != '0') {
    return 0;
  }
  const char second = scan.at(groups[index].begin + 1);
  // United Kingdom: "07700 900123", "020 7946 0018", "0161 496 0018", "07700900123".
  if (second == '7' || second == '1' || second == '2') {
    if (SizesAre(groups, index, {5, 6}) || SizesAre(groups, index, {3, 4, 4}) || SizesAre(groups, index, {4, 3, 4}) ||
        SizesAre(groups, index, {5, 3, 3})) {
      return SingleSeparator(scan, groups, index) != '\0' ? (SizesAre(groups, index, {5, 6}) ? 2 : 3) : 0;
    }
    if (groups[index].size == 11 && second == '7') {
      return 1;
    }
  }
  // France: "06 12 34 56 78".
  if (SizesAre(groups, index, {2, 2, 2, 2, 2}) && second != '0' &&
      (groups.size() == index + 5 || groups[index + 5].size != 2)) {
    const char separator = SingleSeparator(scan, groups, index);
    return separator != '\0' && separator == SingleSeparator(scan, groups, index + 3) ? 5 : 0;
  }
  // Germany and Austria: "030/1234567".
  if (index + 1 < groups.size() && groups[index].size >= 3 && groups[index].size <= 5 && groups[index + 1].size >= 5 &&
      groups[index + 1].size <= 8 && SingleSeparator(scan, groups, index) == '/') {
    return 2;
  }
  return 0;
}

}  // namespace

size_t RecognizePhone(const CellScan& scan, const std::vector<DigitGroup>& groups, size_t index) {
  size_t begin = groups[index].begin;
  char previous = scan.before(begin);
  // "(415) …", "+(1) …".
  if (previous == '(') {
    --begin;
    previous = scan.before(begin);
  }
  size_t taken = 0;
  if (previous == '+' && (begin < 2 || !IsAlnum(scan.at(begin - 2)))) {
    taken = International(scan, groups, index);
    begin -= taken > 0 ? 1 : 0;
  } else if (index > 0 || scan.StartsWord(groups[index].begin)) {
    // Behind these an identifier goes on: "ORD-415-555-2671", "v1/415-555-2671", "10.415-555-2671".
    const bool within = index == 0 && std::string_view("-/.#_").find(previous) != std::string_view::npos;
    const bool after_digit = index > 0 && groups[index].begin == groups[index - 1].end() + 1 && previous != ' ';
    if (!within && !after_digit) {
      taken = NorthAmerican(scan, groups, index);
      taken = taken > 0 ? taken : National(scan, groups, index);
    }
    if (taken == 0 && index == 0) {
      const size_t all = TakeGroups(groups, 0, kContextDigitsMin, kInternationalMax);
      const bool near = all == groups.size() && scan.EndsWord(groups.back().end()) &&
                        scan.InContext(Kind::kPhone, begin, groups.back().end());
      taken = near ? all : 0;
    }
  }
  if (taken == 0 || !scan.EndsWord(groups[index + taken - 1].end())) {
    return 0;
  }
  scan.Report(Kind::kPhone, begin, groups[index + taken - 1].end());
  return taken;
}

}  // namespace chaperone::masking::detect
