#include "dataplane/masking/detect/context.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "dataplane/masking/detect/cell_scan.h"

namespace chaperone::masking::detect {

namespace {

struct ContextWords {
  Kind kind;
  // Lower case; a space matches any separator or none.
  std::vector<std::string_view> words;
};

const std::vector<ContextWords>& AllContextWords() {
  static const auto& words = *new std::vector<ContextWords>{
      {Kind::kPhone, {"phone",         "tel",
                      "telephone",     "telefon",
                      "telefono",      "teléfono",
                      "telefone",      "téléphone",
                      "mobile",        "mobil",
                      "movil",         "móvil",
                      "cellphone",     "cell phone",
                      "celular",       "fax",
                      "sms",           "whatsapp",
                      "handy",         "handynummer",
                      "msisdn",        "contact number",
                      "telefoon",      "telefoonnummer",
                      "telefonnummer", "puhelin",
                      "call me",       "call me at",
                      "call us",       "reach me at",
                      "電話",          "电话",
                      "전화",          "телефон"}},
      {Kind::kCreditCard,
       {"card", "credit card", "debit card", "card number", "cc", "ccnum", "visa", "mastercard", "amex", "pan",
        "kreditkarte", "carte", "tarjeta", "カード", "カード番号", "信用卡", "银行卡"}},
      {Kind::kBic, {"bic", "swift", "swift code", "bic code"}},
      {Kind::kUsRoutingNumber, {"routing", "routing number", "aba", "rtn", "aba number", "transit number"}},
      {Kind::kEthereumKey,
       {"private key", "privatekey", "eth key", "secret key", "priv key", "privkey", "wallet key", "eth private",
        "ethereum key"}},
      {Kind::kAwsSecretKey,
       {"aws", "secret access key", "secretaccesskey", "aws secret", "aws secret key", "aws secret access key"}},
      {Kind::kTwilioKey, {"twilio"}},
      {Kind::kHerokuKey, {"heroku", "heroku api key"}},
      {Kind::kMailgunKey, {"mailgun"}},
      {Kind::kSquareToken, {"square"}},
      {Kind::kArCuit, {"cuit", "cuil"}},
      {Kind::kAtSvnr, {"svnr", "sozialversicherungsnummer", "sv nummer", "versicherungsnummer", "svnummer"}},
      {Kind::kAuMedicare, {"medicare", "medicare number", "medicare no"}},
      {Kind::kAuTfn, {"tfn", "tax file number", "tax file no"}},
      {Kind::kBeNrn,
       {"nrn", "rijksregisternummer", "registre national", "rijksregister", "national register", "niss", "insz", "nn"}},
      {Kind::kBgEgn, {"egn", "егн", "ЕГН", "edinen grazhdanski nomer"}},
      {Kind::kBrCnpj, {"cnpj"}},
      {Kind::kBrCpf, {"cpf"}},
      {Kind::kCaSin, {"sin", "sin number", "social insurance", "social insurance number", "nas", "assurance sociale"}},
      {Kind::kChAhv, {"ahv", "avs", "ahv nummer", "ahvn13"}},
      {Kind::kClRut, {"rut", "run"}},
      {Kind::kCnResidentId, {"shenfenzheng", "resident id", "id card", "身份证"}},
      {Kind::kCzRodneCislo, {"rodne cislo", "rodné číslo", "rodné čislo", "rc", "birth number", "rodnecislo", "rč"}},
      {Kind::kDeTaxId,
       {"steuer id", "steuerid", "steuer identifikationsnummer", "steueridentifikationsnummer", "idnr", "tax id", "tin",
        "identifikationsnummer", "steuernummer"}},
      {Kind::kDkCpr, {"cpr", "cpr nummer", "cpr nr", "personnummer", "cpr number"}},
      {Kind::kEsDni, {"dni", "nie", "nif", "documento nacional"}},
      {Kind::kGrAmka, {"amka", "αμκα", "ΑΜΚΑ"}},
      {Kind::kHkId, {"hkid", "hk id", "hong kong id", "identity card", "身份證", "身份证"}},
      {Kind::kHrOib, {"oib", "osobni identifikacijski broj"}},
      {Kind::kIePps, {"pps", "ppsn", "pps number", "pps no"}},
      {Kind::kIlId,
       {"teudat zehut", "teudat", "israeli id", "mispar zehut", "israel id", "תעודת זהות", "מספר זהות", "ת.ז", "ת_ז",
        "ת\"ז"}},
      {Kind::kInAadhaar, {"aadhaar", "aadhar", "uidai", "uid", "आधार"}},
      {Kind::kJpMyNumber, {"my number", "マイナンバー", "個人番号", "mynumber", "kojin bango", "individual number"}},
      {Kind::kKrRrn,
       {"rrn", "주민등록번호", "주민번호", "resident registration", "resident registration number", "jumin",
        "jumin beonho"}},
      {Kind::kMyNric, {"mykad", "nric", "ic no", "ic number", "kad pengenalan"}},
      {Kind::kNlBsn, {"bsn", "burgerservicenummer", "sofinummer", "sofi nummer", "citizen service number"}},
      {Kind::kNoFodselsnummer, {"fodselsnummer", "fødselsnummer", "fnr", "personnummer"}},
      {Kind::kPlPesel, {"pesel"}},
      {Kind::kPtNif, {"nif", "contribuinte", "numero de contribuinte", "nif number"}},
      {Kind::kRoCnp, {"cnp", "cod numeric personal"}},
      {Kind::kSePersonnummer, {"personnummer", "personnr", "pnr", "samordningsnummer", "personal number"}},
      {Kind::kThId, {"thai id", "thai national id", "citizen id", "national id", "เลขประจำตัวประชาชน", "บัตรประชาชน"}},
      {Kind::kTrTckn, {"tckn", "tc kimlik", "tc kimlik no", "t c kimlik no", "kimlik", "kimlik no", "tc no", "tcno"}},
      {Kind::kTwId, {"taiwan id", "taiwan national id", "roc id", "身分證", "身份證"}},
      {Kind::kUkNhsNumber, {"nhs", "nhs number", "nhs no"}},
      {Kind::kUsItin, {"itin", "individual taxpayer", "taxpayer identification"}},
      {Kind::kUsSsn,
       {"ssn", "social security", "social security number", "soc sec", "ss", "socialsecurity", "ssn4", "ss no"}},
      {Kind::kZaId, {"sa id", "id number", "rsa id", "south african id"}},
  };
  return words;
}

const ContextWords* WordsOf(Kind kind) {
  static const auto& index = *new std::array<const ContextWords*, kKindCount>([] {
    std::array<const ContextWords*, kKindCount> table{};
    for (const ContextWords& entry : AllContextWords()) {
      table[static_cast<size_t>(entry.kind)] = &entry;
    }
    return table;
  }());
  return index[static_cast<size_t>(kind)];
}

char Lower(char c) { return IsUpper(c) ? static_cast<char>(c | 0x20) : c; }

// A letter of ASCII, or the first byte of any other character.
bool StartsCharacterOfWord(char c) { return IsLetter(c) || static_cast<uint8_t>(c) >= 0xc0; }

// The second byte of a letter with a mark (Latin-1 and Latin Extended-A, which UTF-8 writes in two bytes): upper case
// stands for lower case there too.
bool IsUpperOfMarked(char lead, char upper, char lower) {
  const auto first = static_cast<uint8_t>(lead);
  const auto second = static_cast<uint8_t>(upper);
  if (first == 0xc3) {
    return second >= 0x80 && second <= 0x9e && second + 0x20 == static_cast<uint8_t>(lower);
  }
  return (first == 0xc4 || first == 0xc5) && second + 1 == static_cast<uint8_t>(lower);
}

// The length of `word` at the front of `text`, or 0. A space in the word stands for up to two separators.
size_t MatchWord(std::string_view text, std::string_view word) {
  size_t at = 0;
  for (const char wanted : word) {
    if (wanted == ' ') {
      for (int i = 0; i < 2 && at < text.size() && std::string_view(" _-.").find(text[at]) != std::string_view::npos;
           ++i) {
        ++at;
      }
    } else if (at < text.size() &&
               (Lower(text[at]) == wanted || (at > 0 && IsUpperOfMarked(text[at - 1], text[at], wanted)))) {
      ++at;
    } else {
      return 0;
    }
  }
  return at;
}

// A word may start where another kind of character ends: "bsn", "_bsn", "customerBsn", "2bsn".
bool IsWordStart(std::string_view text, size_t at) {
  return at == 0 || !IsLetter(text[at - 1]) || (IsLower(text[at - 1]) && IsUpper(text[at])) ||
         (at >= 2 && text[at - 2] == '\\');
}

bool IsWordEnd(std::string_view text, size_t at) {
  return at >= text.size() || !IsLetter(text[at]) || (IsLower(text[at - 1]) && IsUpper(text[at])) ||
         // A plural.
         (text[at] == 's' && (at + 1 == text.size() || !IsLetter(text[at + 1])));
}

}  // namespace

bool SpeaksOf(Kind kind, std::string_view text) {
  const ContextWords* const entry = WordsOf(kind);
  if (entry == nullptr) {
    return false;
  }
  for (size_t at = 0; at < text.size(); ++at) {
    // Other scripts have no case, and some no spaces: their words stand anywhere.
    if (!StartsCharacterOfWord(text[at]) || (IsLetter(text[at]) && !IsWordStart(text, at))) {
      continue;
    }
    for (const std::string_view word : entry->words) {
      const size_t size = MatchWord(text.substr(at), word);
      if (size > 0 && IsWordEnd(text, at + size)) {
        return true;
      }
    }
  }
  return false;
}

KindSet KindsOfColumn(std::string_view column_name) {
  KindSet kinds;
  for (const ContextWords& entry : AllContextWords()) {
    kinds.set(static_cast<size_t>(entry.kind), SpeaksOf(entry.kind, column_name));
  }
  return kinds;
}

bool CellScan::StartsWord(size_t begin) const {
  const char previous = before(begin);
  if (!IsAlnum(previous) && previous != '_') {
    return true;
  }
  return begin >= 2 && text_[begin - 2] == '\\' && std::string_view("nrtbf").find(previous) != std::string_view::npos;
}

bool CellScan::InContext(Kind kind, size_t begin, size_t end) const {
  if (ColumnSpeaksOf(kind)) {
    return true;
  }
  const size_t first = begin > kContextBefore ? begin - kContextBefore : 0;
  return SpeaksOf(kind, text_.substr(first, begin - first)) || SpeaksOf(kind, text_.substr(end, kContextBehind));
}

}  // namespace chaperone::masking::detect
