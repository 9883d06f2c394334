#include "dataplane/masking/detect/token.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "dataplane/masking/detect/checksum.h"

namespace chaperone::masking::detect {

namespace {

constexpr std::string_view kDniLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
constexpr std::string_view kHetuLetters = "0123456789ABCDEFHJKLMNPRSTUVWXY";
constexpr size_t kIbanBytesMax = 34;
// The first part of a Discord token is the shortest word of a key.
constexpr size_t kKeyBytesMin = 23;
constexpr size_t kDiscordIdMax = 28;

int DigitsOf(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    value = value * 10 + (c - '0');
  }
  return value;
}

uint8_t Value(char c) { return static_cast<uint8_t>(IsDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10); }

struct IbanCountry {
  char code[3];
  uint8_t length;
};

// SWIFT, IBAN Registry. Sorted by code.
constexpr IbanCountry kIbanCountries[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
    {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27},
    {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27},
    {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HN", 28}, {"HR", 21}, {"HU", 28},
    {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28},
    {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22},
    {"MK", 19}, {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23},
    {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24},
    {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28},
    {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30}};

size_t IbanLength(char first, char second) {
  for (const IbanCountry& country : kIbanCountries) {
    if (country.code[0] == first && country.code[1] == second) {
      return country.length;
    }
  }
  return 0;
}

char Upper(char c) { return IsLower(c) ? static_cast<char>(c & ~0x20) : c; }

// Compact, or in groups with one separator between them.
void RecognizeIban(const CellScan& scan, size_t begin) {
  const size_t length = IbanLength(Upper(scan.at(begin)), Upper(scan.at(begin + 1)));
  if (length == 0 || !IsDigit(scan.at(begin + 2)) || !IsDigit(scan.at(begin + 3))) {
    return;
  }
  std::array<char, kIbanBytesMax> iban;
  size_t size = 0;
  size_t at = begin;
  for (; size < length; ++at) {
    if (IsAlnum(scan.at(at))) {
      iban[size++] = Upper(scan.at(at));
    } else if ((scan.at(at) != ' ' && scan.at(at) != '-' && scan.at(at) != '.') || !IsAlnum(scan.before(at))) {
      return;
    }
  }
  if (scan.EndsWord(at) && IbanMod97({iban.data(), size})) {
    scan.Report(Kind::kIban, begin, at);
  }
}

bool IsDni(std::string_view word) {
  return HasShape(word, "99999999A") && kDniLetters[static_cast<size_t>(DigitsOf(word.substr(0, 8)) % 23)] == word[8];
}

// X, Y and Z stand for 0, 1 and 2.
bool IsNie(std::string_view word) {
  if (!HasShape(word, "A9999999A") || word[0] < 'X') {
    return false;
  }
  const int number = (word[0] - 'X') * 10'000'000 + DigitsOf(word.substr(1, 7));
  return kDniLetters[static_cast<size_t>(number % 23)] == word[8];
}

// In lower case; random words of that form are many.
bool IsLowerDni(std::string_view word) {
  std::array<char, 9> upper;
  if (word.size() != upper.size() || std::none_of(word.begin(), word.end(), IsLower)) {
    return false;
  }
  std::transform(word.begin(), word.end(), upper.begin(), Upper);
  return IsDni({upper.data(), upper.size()}) || IsNie({upper.data(), upper.size()});
}

// HM Revenue & Customs: letters that are not used, prefixes that are not given.
bool IsNino(std::string_view word) {
  constexpr std::string_view kNotFirst = "DFIQUV";
  constexpr std::string_view kNotSecond = "DFIOQUV";
  constexpr std::string_view kNotGiven[] = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"};
  return HasShape(word, "AA999999A") && kNotFirst.find(word[0]) == std::string_view::npos &&
         kNotSecond.find(word[1]) == std::string_view::npos && word[8] <= 'D' &&
         std::find(std::begin(kNotGiven), std::end(kNotGiven), word.substr(0, 2)) == std::end(kNotGiven);
}

bool IsSgNric(std::string_view word) {
  if (!HasShape(word, "A9999999A")) {
    return false;
  }
  constexpr int kWeights[] = {2, 7, 6, 5, 4, 3, 2};
  int sum = word[0] == 'T' || word[0] == 'G' ? 4 : word[0] == 'M' ? 3 : 0;
  for (size_t i = 0; i < 7; ++i) {
    sum += kWeights[i] * (word[1 + i] - '0');
  }
  const auto rest = static_cast<size_t>(sum % 11);
  switch (word[0]) {
    case 'S':
    case 'T':
      return word[8] == std::string_view("JZIHGFEDCBA")[rest];
    case 'F':
    case 'G':
      return word[8] == std::string_view("XWUTRQPNMLK")[rest];
    case 'M':
      return word[8] == std::string_view("KLJNPQRTUWX")[10 - rest];
    default:
      return false;
  }
}

// Seven digits, the check letter, and a second letter that counts with weight 9 (W counts nothing).
bool IsPps(std::string_view word) {
  if (!HasShape(word, "9999999A") && !HasShape(word, "9999999AA")) {
    return false;
  }
  int sum = word.size() == 9 && word[8] != 'W' ? 9 * (word[8] - 'A' + 1) : 0;
  for (size_t i = 0; i < 7; ++i) {
    sum += static_cast<int>(8 - i) * (word[i] - '0');
  }
  return word[7] == std::string_view("WABCDEFGHIJKLMNOPQRSTUV")[static_cast<size_t>(sum % 23)];
}

// The fourth letter says whose it is, the fifth is of the name.
bool IsPan(std::string_view word) {
  return HasShape(word, "AAAAA9999A") && std::string_view("ABCFGHJLPT").find(word[3]) != std::string_view::npos;
}

// The letter counts as a number from 10 to 35 that is out of order for I, O, W and Z.
bool IsTwId(std::string_view word) {
  constexpr std::string_view kOrder = "ABCDEFGHJKLMNPQRSTUVXYWZIO";
  if (!HasShape(word, "A999999999") || (word[1] != '1' && word[1] != '2' && word[1] != '8' && word[1] != '9')) {
    return false;
  }
  const int letter = static_cast<int>(kOrder.find(word[0])) + 10;
  int sum = letter / 10 + letter % 10 * 9;
  for (size_t i = 1; i < 9; ++i) {
    sum += static_cast<int>(9 - i) * (word[i] - '0');
  }
  return (sum + (word[9] - '0')) % 10 == 0;
}

// One or two letters, six digits, the check: weights 9 to 1, a blank before a single letter counts 36.
bool IsHkId(std::string_view letters, std::string_view digits, char check) {
  int sum = letters.size() == 2 ? 9 * Value(letters[0]) : 9 * 36;
  sum += 8 * Value(letters.back());
  for (size_t i = 0; i < 6; ++i) {
    sum += static_cast<int>(7 - i) * (digits[i] - '0');
  }
  const int expected = (11 - sum % 11) % 11;
  return expected == 10 ? check == 'A' : check == static_cast<char>('0' + expected);
}

bool IsHetu(std::string_view date, std::string_view number, char check) {
  const int serial = DigitsOf(number);
  return IsDate(2000 + DigitsOf(date.substr(4, 2)), DigitsOf(date.substr(2, 2)), DigitsOf(date.substr(0, 2))) &&
         serial >= 2 &&
         kHetuLetters[static_cast<size_t>((static_cast<int64_t>(DigitsOf(date)) * 1000 + serial) % 31)] == check;
}

// Digits may be written as letters where two people would share a number; the check letter counts odd places by a table
// of its own (Decreto 23 dicembre 1976).
bool IsCodiceFiscale(std::string_view word) {
  constexpr uint8_t kOdd[] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                              20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  constexpr std::string_view kMonths = "ABCDEHLMPRST";
  constexpr std::string_view kOmocodia = "LMNPQRSTUV";
  constexpr std::string_view kShape = "AAAAAA99A99A999A";
  if (word.size() != kShape.size()) {
    return false;
  }
  int sum = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = Upper(word[i]);
    const bool digit = IsDigit(c) || kOmocodia.find(c) != std::string_view::npos;
    if (kShape[i] == 'A' ? !IsUpper(c) : !digit) {
      return false;
    }
    const auto value = static_cast<size_t>(IsDigit(c) ? c - '0' : c - 'A');
    sum += i == 15 ? 0 : i % 2 == 0 ? kOdd[value] : static_cast<int>(value);
  }
  return kMonths.find(Upper(word[8])) != std::string_view::npos && Upper(word[15]) == static_cast<char>('A' + sum % 26);
}

bool IsCurp(std::string_view word) {
  constexpr std::string_view kStates =
      "AS BC BS CC CL CM CS CH DF DG GT GR HG JC MC MN MS NT NL OC PL QT QR SP SL SR TC TS TL "
      "VZ YN ZS NE";
  if (!HasShape(word, "AAAA999999AAAAAAX9") || (word[10] != 'H' && word[10] != 'M' && word[10] != 'X') ||
      kStates.find(word.substr(11, 2)) == std::string_view::npos ||
      !IsDate(2000 + DigitsOf(word.substr(4, 2)), DigitsOf(word.substr(6, 2)), DigitsOf(word.substr(8, 2)))) {
    return false;
  }
  // The alphabet has an Ñ between N and O.
  int sum = 0;
  for (size_t i = 0; i < 17; ++i) {
    const int value = Value(word[i]) + (word[i] > 'N' ? 1 : 0);
    sum += value * static_cast<int>(18 - i);
  }
  return (10 - sum % 10) % 10 == word[17] - '0';
}

// The same as the number of digits alone, with X for a check of 10.
bool IsCnResidentIdWithX(std::string_view word) {
  constexpr int kWeights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  if (!HasShape(word.substr(0, 17), "99999999999999999") || Upper(word[17]) != 'X') {
    return false;
  }
  int sum = 0;
  for (size_t i = 0; i < 17; ++i) {
    sum += kWeights[i] * (word[i] - '0');
  }
  const int division = DigitsOf(word.substr(0, 2));
  return sum % 11 == 2 && division >= 11 && division <= 82 &&
         IsDate(DigitsOf(word.substr(6, 4)), DigitsOf(word.substr(10, 2)), DigitsOf(word.substr(12, 2)));
}

// 2A and 2B, the departments of Corsica, count as 19 and 18.
bool IsCorsicanNir(std::string_view word) {
  if (word[5] != '2' || (word[6] != 'A' && word[6] != 'B') || !HasShape(word.substr(0, 5), "99999") ||
      !HasShape(word.substr(7), "99999999")) {
    return false;
  }
  uint8_t digits[13];
  std::transform(word.begin(), word.begin() + 13, digits, Value);
  digits[5] = 1;
  digits[6] = word[6] == 'A' ? 9 : 8;
  return 97 - NumberMod(digits, 13, 97) == static_cast<uint64_t>(DigitsOf(word.substr(13, 2)));
}

bool AllHex(std::string_view word) { return std::all_of(word.begin(), word.end(), IsHex); }

void RecognizeShortToken(const CellScan& scan, std::string_view word, size_t begin, size_t end) {
  // "131052-308T": the word is the last part.
  if (word.size() == 4 && HasShape(word, "999X") && begin >= 7 &&
      (scan.before(begin) == '-' || scan.before(begin) == '+') &&
      HasShape(scan.text().substr(begin - 7, 6), "999999") && scan.StartsWord(begin - 7) && scan.EndsWord(end) &&
      IsHetu(scan.text().substr(begin - 7, 6), word.substr(0, 3), word[3])) {
    scan.Report(Kind::kFiHetu, begin - 7, end);
  }
  // "X1234567-L".
  if (word.size() == 8 && HasShape(word, "A9999999") && scan.at(end) == '-' && IsUpper(scan.at(end + 1)) &&
      scan.StartsWord(begin) && scan.EndsWord(end + 2) && IsNie(std::string(word).append(1, scan.at(end + 1)))) {
    scan.Report(Kind::kEsDni, begin, end + 2);
  }
  // "A123456(7)".
  const size_t letters = word.size() - 6;
  if ((word.size() == 7 || word.size() == 8) && HasShape(word, letters == 1 ? "A999999" : "AA999999") &&
      scan.at(end) == '(' && scan.at(end + 2) == ')' && scan.StartsWord(begin) &&
      IsHkId(word.substr(0, letters), word.substr(letters), scan.at(end + 1))) {
    scan.Report(Kind::kHkId, begin, end + 3);
  }
}

void RecognizeNationalToken(const CellScan& scan, std::string_view word, size_t begin, size_t end) {
  const auto report_if = [&](Kind kind, bool valid) {
    if (valid) {
      scan.Report(kind, begin, end);
    }
  };
  const auto report_in_context = [&](Kind kind, bool valid) {
    report_if(kind, valid && scan.InContext(kind, begin, end));
  };
  switch (word.size()) {
    case 8:
      report_in_context(Kind::kIePps, IsPps(word));
      report_in_context(Kind::kHkId,
                        HasShape(word, "A999999X") && IsHkId(word.substr(0, 1), word.substr(1, 6), word[7]));
      break;
    case 9:
      report_if(Kind::kEsDni, IsDni(word) || IsNie(word));
      report_in_context(Kind::kEsDni, IsLowerDni(word));
      report_if(Kind::kUkNino, IsNino(word));
      report_if(Kind::kSgNric, IsSgNric(word));
      report_in_context(Kind::kIePps, IsPps(word));
      report_in_context(Kind::kHkId,
                        HasShape(word, "AA999999X") && IsHkId(word.substr(0, 2), word.substr(2, 6), word[8]));
      break;
    case 10:
      report_if(Kind::kInPan, IsPan(word));
      report_in_context(Kind::kTwId, IsTwId(word));
      break;
    case 11:
      report_if(Kind::kFiHetu, HasShape(word, "999999A999X") &&
                                   std::string_view("ABCDEFYXWVU").find(word[6]) != std::string_view::npos &&
                                   IsHetu(word.substr(0, 6), word.substr(7, 3), word[10]));
      break;
    case 15:
      report_if(Kind::kFrNir, IsCorsicanNir(word));
      break;
    case 16:
      report_if(Kind::kItCodiceFiscale, IsCodiceFiscale(word));
      break;
    case 18:
      report_if(Kind::kMxCurp, IsCurp(word));
      report_if(Kind::kCnResidentId, IsCnResidentIdWithX(word));
      break;
    default:
      break;
  }
}

// "pat<14>.<64 hexadecimal digits>": `word` is the second part.
void RecognizeAirtable(const CellScan& scan, std::string_view word, size_t begin, size_t end) {
  constexpr size_t kFront = 17;
  if (word.size() != 64 || begin < kFront + 1 || scan.before(begin) != '.' || !AllHex(word)) {
    return;
  }
  const size_t first = begin - 1 - kFront;
  const std::string_view front = scan.text().substr(first, kFront);
  if (front.starts_with("pat") && std::all_of(front.begin(), front.end(), IsAlnum) && scan.StartsWord(first)) {
    scan.Report(Kind::kAirtableToken, first, end);
  }
}

// Discord: the bot's id, digits in Base64, is the first of three parts: "MTk4Nj….Cl2FMQ.ZnCjm1XV…".
void RecognizeDiscord(const CellScan& scan, std::string_view word, size_t begin, size_t end) {
  constexpr size_t kTimeBytes = 6;
  constexpr size_t kSignatureMin = 27;
  constexpr size_t kSignatureMax = 45;
  // Digits are 0x30 to 0x39, so few letters can stand in each place of a group of four.
  const bool digits = word.size() <= kDiscordIdMax && std::string_view("MNO").find(word[0]) != std::string_view::npos &&
                      std::string_view("DTjz").find(word[1]) != std::string_view::npos &&
                      std::string_view("AEIMQUYcgk").find(word[2]) != std::string_view::npos &&
                      std::string_view("wxyz012345").find(word[3]) != std::string_view::npos;
  const size_t time = end + 1;
  if (!digits || scan.at(end) != '.' || scan.at(time + kTimeBytes) != '.') {
    return;
  }
  for (size_t at = time; at < time + kTimeBytes; ++at) {
    if (!IsBase64Url(scan.at(at))) {
      return;
    }
  }
  const size_t signature = time + kTimeBytes + 1;
  size_t last = signature;
  while (last - signature <= kSignatureMax && IsBase64Url(scan.at(last))) {
    ++last;
  }
  if (last - signature >= kSignatureMin && last - signature <= kSignatureMax) {
    scan.Report(Kind::kDiscordToken, begin, last);
  }
}

// "s.<24>", HashiCorp Vault before its 1.10.
void RecognizeOldVault(const CellScan& scan, std::string_view word, size_t begin, size_t end) {
  if (word.size() == 24 && begin >= 2 && scan.before(begin) == '.' && scan.before(begin - 1) == 's' &&
      scan.StartsWord(begin - 2) && scan.before(begin - 2) != '.' && scan.before(begin - 2) != '-' &&
      std::any_of(word.begin(), word.end(), IsUpper) && std::any_of(word.begin(), word.end(), IsLower)) {
    scan.Report(Kind::kVaultToken, begin - 2, end);
  }
}

// "<32>-<8>-<8>", hexadecimal.
void RecognizeMailgun(const CellScan& scan, std::string_view word, size_t begin, size_t end) {
  const std::string_view rest = scan.text().substr(end, 18);
  if (word.size() != 32 || rest.size() != 18 || rest[0] != '-' || rest[9] != '-' || !AllHex(word) ||
      !AllHex(rest.substr(1, 8)) || !AllHex(rest.substr(10)) || !scan.EndsWord(end + rest.size())) {
    return;
  }
  scan.Report(Kind::kMailgunKey, begin, end + rest.size());
}

// Keys that are told by their lengths and by little else.
void RecognizeKeyToken(const CellScan& scan, std::string_view word, size_t begin, size_t end) {
  RecognizeAirtable(scan, word, begin, end);
  RecognizeDiscord(scan, word, begin, end);
  RecognizeOldVault(scan, word, begin, end);
  RecognizeMailgun(scan, word, begin, end);
  if (word.size() == 40 && word.ends_with("NRAL")) {
    scan.Report(Kind::kNewrelicKey, begin, end);
  }
  if (word.size() == 34 && (word.starts_with("SK") || word.starts_with("AC")) && AllHex(word.substr(2))) {
    scan.Report(Kind::kTwilioKey, begin, end);
  }
  // "<32 hexadecimal digits>-us12".
  if (word.size() == 32 && scan.text().substr(end).starts_with("-us") && IsDigit(scan.at(end + 3)) && AllHex(word)) {
    const size_t last = end + (IsDigit(scan.at(end + 4)) ? 5 : 4);
    if (scan.EndsWord(last)) {
      scan.Report(Kind::kMailchimpKey, begin, last);
    }
  }
}

}  // namespace

bool HasShape(std::string_view word, std::string_view pattern) {
  if (word.size() != pattern.size()) {
    return false;
  }
  for (size_t i = 0; i < word.size(); ++i) {
    const bool fits = pattern[i] == '9'   ? IsDigit(word[i])
                      : pattern[i] == 'A' ? IsUpper(word[i])
                                          : IsDigit(word[i]) || IsUpper(word[i]);
    if (!fits) {
      return false;
    }
  }
  return true;
}

void RecognizeToken(const CellScan& scan, size_t begin, size_t end) {
  // The letter of an escape is none of the word's: "\nDE89…".
  if (scan.before(begin) == '\\' && IsLower(scan.at(begin)) && end - begin > 1) {
    ++begin;
  }
  const std::string_view word = scan.text().substr(begin, end - begin);
  if (word.size() < 4 || word.size() > kTokenBytesMax) {
    return;
  }
  if (word.size() <= 8) {
    RecognizeShortToken(scan, word, begin, end);
  }
  if (!scan.StartsWord(begin)) {
    return;
  }
  if (IsLetter(word[0]) && IsLetter(word[1]) && IsDigit(word[2]) && IsDigit(word[3]) && word.size() <= kIbanBytesMax &&
      scan.wants(Kind::kIban)) {
    RecognizeIban(scan, begin);
  }
  if (!scan.EndsWord(end)) {
    return;
  }
  if (word.size() >= 8 && word.size() <= 18) {
    RecognizeNationalToken(scan, word, begin, end);
  } else if (word.size() >= kKeyBytesMin) {
    RecognizeKeyToken(scan, word, begin, end);
    RecognizeWalletWord(scan, word, begin, end);
  }
}

TokenSizes TokenSizesOf(const KindSet& kinds) {
  struct Range {
    Kind kind;
    size_t first;
    size_t last;
  };
  // The last part of a hetu, the front of a NIE or of a Hong Kong identity number count too.
  constexpr Range kRanges[] = {{Kind::kIban, 4, kIbanBytesMax},
                               {Kind::kEsDni, 8, 9},
                               {Kind::kUkNino, 9, 9},
                               {Kind::kSgNric, 9, 9},
                               {Kind::kIePps, 8, 9},
                               {Kind::kHkId, 7, 9},
                               {Kind::kInPan, 10, 10},
                               {Kind::kTwId, 10, 10},
                               {Kind::kFiHetu, 4, 4},
                               {Kind::kFiHetu, 11, 11},
                               {Kind::kItCodiceFiscale, 16, 16},
                               {Kind::kMxCurp, 18, 18},
                               {Kind::kCnResidentId, 18, 18},
                               {Kind::kFrNir, 15, 15},
                               {Kind::kTwilioKey, 34, 34},
                               {Kind::kMailchimpKey, 32, 32},
                               {Kind::kAirtableToken, 64, 64},
                               {Kind::kDiscordToken, kKeyBytesMin, kDiscordIdMax},
                               {Kind::kVaultToken, 24, 24},
                               {Kind::kMailgunKey, 32, 32},
                               {Kind::kNewrelicKey, 40, 40},
                               {Kind::kBitcoinAddress, 26, 62},
                               {Kind::kBitcoinKey, 51, 52},
                               {Kind::kBitcoinKey, 111, 111},
                               {Kind::kEthereumAddress, 42, 42},
                               {Kind::kEthereumKey, 64, 66}};
  TokenSizes sizes;
  for (const Range& range : kRanges) {
    for (size_t size = range.first; size <= range.last && kinds[static_cast<size_t>(range.kind)]; ++size) {
      // With the letter of an escape in front.
      sizes.set(size);
      sizes.set(size + 1);
    }
  }
  return sizes;
}

bool WantsLettersAround(const KindSet& kinds) {
  constexpr Kind kKinds[] = {Kind::kUkNino, Kind::kEsDni, Kind::kClRut};
  return std::any_of(std::begin(kKinds), std::end(kKinds), [&](Kind kind) { return kinds[static_cast<size_t>(kind)]; });
}

void RecognizeLettersAround(const CellScan& scan, const std::vector<DigitGroup>& groups) {
  const size_t begin = groups.front().begin;
  const size_t end = groups.back().end();
  std::array<char, 12> word;
  size_t size = 0;
  const auto add = [&](size_t first, size_t last) {
    for (size_t at = first; at < last && size < word.size(); ++at) {
      if (IsAlnum(scan.at(at))) {
        word[size++] = scan.at(at);
      }
    }
  };
  // "AB 12 34 56 C", "AB-123456-C".
  const char separator = scan.before(begin);
  if ((separator == ' ' || separator == '-') && begin >= 3 && IsUpper(scan.at(end + 1)) && scan.at(end) == separator &&
      scan.StartsWord(begin - 3) && scan.EndsWord(end + 2)) {
    add(begin - 3, end + 2);
    if (IsNino({word.data(), size})) {
      scan.Report(Kind::kUkNino, begin - 3, end + 2);
    }
  }
  const bool spaced = scan.at(end) == ' ' && IsUpper(scan.at(end + 1)) && scan.InContext(Kind::kEsDni, begin, end + 2);
  if ((scan.at(end) != '-' && !spaced) || !IsLetter(scan.at(end + 1)) || !scan.EndsWord(end + 2)) {
    return;
  }
  // "12345678-Z", "X-1234567-L", "X1234567-L"; dots between thousands are common.
  size = 0;
  const bool nie = groups.front().size <= 7 && begin >= 2 && separator == '-' && scan.before(begin - 1) >= 'X' &&
                   scan.before(begin - 1) <= 'Z';
  const size_t first = nie ? begin - 2 : begin;
  add(first, end + 2);
  if ((IsDni({word.data(), size}) || IsNie({word.data(), size})) && scan.StartsWord(first)) {
    scan.Report(Kind::kEsDni, first, end + 2);
  }
  uint8_t digits[8];
  const bool rut = (size == 8 || size == 9) && Upper(word[size - 1]) == 'K' && !nie;
  std::transform(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(rut ? size - 1 : 0), digits, Value);
  if (rut && RutCheck(digits, size - 1) == 10 && scan.StartsWord(begin) &&
      ((groups.size() == 3 && scan.at(groups[0].end()) == '.') || scan.InContext(Kind::kClRut, begin, end + 2))) {
    scan.Report(Kind::kClRut, begin, end + 2);
  }
}

}  // namespace chaperone::masking::detect
