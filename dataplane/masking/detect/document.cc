// Machine-readable zones of travel documents (ICAO 9303, parts 4 to 6), and bank codes next to a word for them.
#include <algorithm>
#include <array>
#include <iterator>

#include "dataplane/masking/detect/address.h"
#include "dataplane/masking/detect/secret.h"
#include "dataplane/masking/detect/token.h"

namespace chaperone::masking::detect {

namespace {

constexpr size_t kMrzLineMax = 44;

bool IsMrzByte(char c) { return IsUpper(c) || IsDigit(c) || c == '<'; }

// ICAO 9303, part 3, section 4.9: weights 7 3 1; letters count from 10, fillers 0.
bool MrzCheck(std::string_view field, char check) {
  constexpr int kWeights[] = {7, 3, 1};
  int sum = 0;
  for (size_t i = 0; i < field.size(); ++i) {
    const char c = field[i];
    sum += kWeights[i % 3] * (IsDigit(c) ? c - '0' : IsUpper(c) ? c - 'A' + 10 : 0);
  }
  return check == static_cast<char>('0' + sum % 10);
}

// A line that holds number, birth date and expiry, each with its check: the second of passports and of the 36-byte
// form.
bool IsPassportLine(std::string_view line) {
  return MrzCheck(line.substr(0, 9), line[9]) && MrzCheck(line.substr(13, 6), line[19]) &&
         MrzCheck(line.substr(21, 6), line[27]);
}

// The second line of identity cards: birth date and expiry.
bool IsCardLine(std::string_view line) {
  return MrzCheck(line.substr(0, 6), line[6]) && MrzCheck(line.substr(8, 6), line[14]) && IsUpper(line[15]);
}

struct Line {
  size_t begin = 0;
  size_t end = 0;
  size_t size() const { return end - begin; }
};

// The longest run of bytes of a zone around `at`, as far as a line is long.
Line LineAround(const CellScan& scan, size_t at) {
  Line line = {at, at};
  while (at - line.begin <= kMrzLineMax && line.begin > 0 && IsMrzByte(scan.before(line.begin))) {
    --line.begin;
  }
  while (line.end - at <= kMrzLineMax && IsMrzByte(scan.at(line.end))) {
    ++line.end;
  }
  // The tag that closes behind it: "…<<06</td>".
  if (line.end > at && scan.before(line.end) == '<' && scan.at(line.end) == '/') {
    --line.end;
  }
  return line;
}

// The next line, behind a few bytes of line end ("\r\n", or "\n" written out, once or twice).
bool NextLine(const CellScan& scan, const Line& line, Line* next) {
  size_t at = line.end;
  while (at - line.end < 4 && std::string_view("\r\n \\").find(scan.at(at)) != std::string_view::npos) {
    const bool escape = scan.at(at) == '\\';
    while (escape && at - line.end < 4 && scan.at(at) == '\\') {
      ++at;
    }
    ++at;
  }
  *next = LineAround(scan, at);
  return at > line.end && next->begin == at && next->size() > 0;
}

// `begin` is the place of "<<": in the name, or among the fillers of any line.
void RecognizeMrz(const CellScan& scan, size_t begin, size_t, uint32_t) {
  const Line line = LineAround(scan, begin);
  // Fillers follow one another; the first pair of a line speaks for all.
  if (scan.text().substr(line.begin, begin - line.begin).find("<<") != std::string_view::npos) {
    return;
  }
  Line second;
  if (!NextLine(scan, line, &second) || second.size() != line.size()) {
    second = line;
  }
  const std::string_view text = scan.text().substr(second.begin, second.size());
  if ((text.size() == 44 || text.size() == 36) && IsPassportLine(text)) {
    scan.Report(Kind::kPassportMrz, line.begin, second.end);
  } else if (text.size() == 30 && IsCardLine(text)) {
    Line third;
    const bool has_third = NextLine(scan, second, &third) && third.size() == 30;
    scan.Report(Kind::kPassportMrz, line.begin, has_third ? third.end : second.end);
  }
}

constexpr std::string_view kCountries =
    "AD AE AF AG AI AL AM AO AR AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CK "
    "CL CM "
    "CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FK FO FR GA GB GD GE GG GH GI GL GM GN GQ GR GT "
    "GW GY "
    "HK HN HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KM KN KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY "
    "MA MC "
    "MD ME MG MK ML MM MN MO MR MT MU MV MW MX MY MZ NA NE NG NI NL NO NP NZ OM PA PE PF PG PH PK PL PS PT PY QA RO RS "
    "RU RW "
    "SA SB SC SD SE SG SI SK SL SM SN SO SR SS SV SY SZ TC TD TG TH TJ TL TM TN TO TR TT TW TZ UA UG US UY UZ VA VC VE "
    "VG VN "
    "VU WS XK YE ZA ZM ZW";

// ISO 9362: bank, country, place, and a branch or none.
bool IsBic(std::string_view word) {
  if (word.size() != 8 && word.size() != 11) {
    return false;
  }
  return std::all_of(word.begin(), word.begin() + 6, IsUpper) &&
         std::all_of(word.begin() + 6, word.end(), [](char c) { return IsUpper(c) || IsDigit(c); }) &&
         kCountries.find(word.substr(4, 2)) % 3 == 0;
}

void RecognizeEncodedEmail(const CellScan& scan, size_t begin, size_t end, uint32_t) {
  RecognizeEmail(scan, begin, end - begin);
}

}  // namespace

void RecognizeBic(const CellScan& scan, size_t begin, size_t end) {
  if (IsBic(scan.text().substr(begin, end - begin)) && scan.StartsWord(begin) && scan.EndsWord(end) &&
      scan.InContext(Kind::kBic, begin, end)) {
    scan.Report(Kind::kBic, begin, end);
  }
}

void AddDocumentLiterals(const KindSet& kinds, std::vector<Literal>* literals) {
  const auto wants = [&](Kind kind) { return kinds[static_cast<size_t>(kind)]; };
  if (wants(Kind::kPassportMrz)) {
    literals->push_back({.text = "<<", .recognize = RecognizeMrz});
  }
  if (wants(Kind::kEmail)) {
    literals->push_back({.text = "%40", .recognize = RecognizeEncodedEmail});
  }
}

}  // namespace chaperone::masking::detect
