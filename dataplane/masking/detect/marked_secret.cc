// Secrets with a mark within them: PEM and PuTTY keys, tokens in Base64 whose header is JSON, headers, and the keys of
// vendors whose mark is not their front.
#include <algorithm>
#include <array>
#include <iterator>

#include "dataplane/masking/detect/secret.h"

namespace chaperone::masking::detect {

namespace {

constexpr size_t kPemBytesMax = 16 * 1024;
constexpr size_t kPemLabelBytesMax = 64;
constexpr size_t kTokenBytesMax = 16 * 1024;
constexpr size_t kHeaderBytes = 160;

int Base64Value(char c) {
  if (IsUpper(c)) {
    return c - 'A';
  }
  if (IsLower(c)) {
    return c - 'a' + 26;
  }
  if (IsDigit(c)) {
    return c - '0' + 52;
  }
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

// Decodes the front of Base64 text of either alphabet into `out`; returns the bytes. Stops at what is not Base64.
template <size_t N>
size_t DecodeFront(std::string_view text, std::array<char, N>* out) {
  size_t size = 0;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = Base64Value(c);
    if (value < 0 || size == out->size()) {
      break;
    }
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      (*out)[size++] = static_cast<char>(bits >> count);
    }
  }
  return size;
}

size_t RunOfBase64Url(const CellScan& scan, size_t begin) {
  size_t end = begin;
  while (end - begin < kTokenBytesMax && IsBase64Url(scan.at(end))) {
    ++end;
  }
  return end;
}

// RFC 7515, section 7.1, and RFC 7516: three parts, or five; the first is a JSON object that names an algorithm.
void RecognizeJwt(const CellScan& scan, size_t begin, size_t, uint32_t) {
  if (IsBase64Url(scan.before(begin)) && !scan.StartsWord(begin)) {
    return;
  }
  const size_t header_end = RunOfBase64Url(scan, begin);
  std::array<char, kHeaderBytes> decoded;
  const size_t size = DecodeFront(scan.text().substr(begin, header_end - begin), &decoded);
  const std::string_view header(decoded.data(), size);
  if (header.starts_with("{\"k\":\"") && scan.wants(Kind::kGrafanaToken)) {
    scan.Report(Kind::kGrafanaToken, begin, header_end);
  }
  if (header.find("\"alg\"") == std::string_view::npos || scan.at(header_end) != '.') {
    return;
  }
  size_t end = RunOfBase64Url(scan, header_end + 1);
  if (end == header_end + 1 && scan.at(end) != '.') {
    return;
  }
  for (int part = 0; part < 3 && scan.at(end) == '.' && IsBase64Url(scan.at(end + 1)); ++part) {
    end = RunOfBase64Url(scan, end + 1);
  }
  scan.Report(Kind::kJwt, begin, end);
}

// RFC 7468: "-----BEGIN <label>-----" … "-----END <label>-----"; without the end, as far as the body goes.
void RecognizePem(const CellScan& scan, size_t begin, size_t end, uint32_t) {
  const std::string_view text = scan.text();
  const size_t dashes = text.substr(0, end + kPemLabelBytesMax).find("-----", end);
  if (dashes == std::string_view::npos) {
    return;
  }
  const std::string_view label = text.substr(end, dashes - end);
  if (!label.ends_with("PRIVATE KEY") && !label.ends_with("PRIVATE KEY BLOCK")) {
    return;
  }
  size_t stop = dashes + 5;
  const size_t limit = std::min(text.size(), stop + kPemBytesMax);
  while (stop < limit &&
         (IsBase64(text[stop]) || std::string_view(" \t\r\n\\=:,.").find(text[stop]) != std::string_view::npos) &&
         !text.substr(stop).starts_with("-----")) {
    ++stop;
  }
  if (text.substr(stop).starts_with("-----END ")) {
    const size_t last = text.substr(0, stop + 9 + kPemLabelBytesMax).find("-----", stop + 9);
    stop = last == std::string_view::npos ? stop : last + 5;
  }
  if (stop > dashes + 5 + 16) {
    scan.Report(Kind::kPrivateKey, begin, stop);
  }
}

// "PuTTY-User-Key-File-2: …" up to its last line.
void RecognizePutty(const CellScan& scan, size_t begin, size_t end, uint32_t) {
  const std::string_view text = scan.text().substr(0, end + kPemBytesMax);
  const size_t mac = text.find("Private-MAC:", end);
  if (mac != std::string_view::npos) {
    scan.Report(Kind::kPrivateKey, begin, std::min(text.find_first_of("\r\n", mac), text.size()));
  }
}

// RFC 7617: the credentials decode to "user:password".
void RecognizeBasic(const CellScan& scan, size_t, size_t end, uint32_t) {
  size_t stop = end;
  while (stop - end < 512 && (IsBase64(scan.at(stop)) || scan.at(stop) == '=')) {
    ++stop;
  }
  std::array<char, 384> decoded;
  const size_t size = DecodeFront(scan.text().substr(end, stop - end), &decoded);
  const std::string_view login(decoded.data(), size);
  const bool printable = std::all_of(login.begin(), login.end(), [](char c) { return c >= ' ' && c != 0x7f; });
  if (stop - end >= 8 && printable && login.find(':') != std::string_view::npos) {
    scan.Report(Kind::kAuthorizationHeader, end, stop);
  }
}

// RFC 6750: any token; words of prose have no digit.
void RecognizeBearer(const CellScan& scan, size_t, size_t end, uint32_t) {
  size_t stop = end;
  while (stop - end < kTokenBytesMax && (IsBase64(scan.at(stop)) || std::string_view("._~=").find(scan.at(stop)) < 4)) {
    ++stop;
  }
  while (stop > end && scan.before(stop) == '.') {
    --stop;
  }
  const std::string_view token = scan.text().substr(end, stop - end);
  if (token.size() >= 16 && std::any_of(token.begin(), token.end(), IsDigit) && DistinctBytes(token) >= 8) {
    scan.Report(Kind::kAuthorizationHeader, end, stop);
  }
}

// "sk-<20>T3BlbkFJ<20>": the mark stands in the middle.
void RecognizeOpenaiMiddle(const CellScan& scan, size_t begin, size_t end, uint32_t) {
  size_t first = begin;
  while (begin - first < 200 && IsBase64Url(scan.before(first)) && !scan.text().substr(first).starts_with("sk-")) {
    --first;
  }
  size_t last = end;
  while (last - end < 200 && IsBase64Url(scan.at(last))) {
    ++last;
  }
  if (scan.text().substr(first).starts_with("sk-") && begin - first >= 20 && last - end >= 20) {
    scan.Report(Kind::kOpenaiKey, first, last);
  }
}

// "<8 to 10 digits>:AA<33>".
void RecognizeTelegram(const CellScan& scan, size_t begin, size_t end, uint32_t) {
  constexpr size_t kRest = 33;
  size_t first = begin;
  while (begin - first < 11 && IsDigit(scan.before(first))) {
    --first;
  }
  size_t last = end;
  while (last - end <= kRest && IsBase64Url(scan.at(last))) {
    ++last;
  }
  const bool within =
      IsAlnum(scan.before(first)) && !scan.StartsWord(first) && !scan.text().substr(0, first).ends_with("bot");
  if (begin - first >= 8 && begin - first <= 10 && last - end == kRest && !within) {
    scan.Report(Kind::kTelegramToken, first, last);
  }
}

// "<14>.atlasv1.<60 to 70>".
void RecognizeTerraform(const CellScan& scan, size_t begin, size_t end, uint32_t) {
  constexpr size_t kFront = 14;
  const size_t last = RunOfBase64Url(scan, end);
  if (begin < kFront || last - end < 60 || last - end > 80) {
    return;
  }
  const std::string_view front = scan.text().substr(begin - kFront, kFront);
  if (std::all_of(front.begin(), front.end(), IsAlnum)) {
    scan.Report(Kind::kTerraformToken, begin - kFront, last);
  }
}

// "<3>8Q~<34>": the digit and "Q~" mark secrets of Microsoft Entra.
void RecognizeEntraSecret(const CellScan& scan, size_t begin, size_t end, uint32_t) {
  const auto is_byte = [](char c) { return IsAlnum(c) || c == '_' || c == '~' || c == '.' || c == '-'; };
  size_t last = end;
  while (last - end <= 34 && is_byte(scan.at(last))) {
    ++last;
  }
  // A full stop behind the secret is none of it.
  while (last - end > 31 && scan.before(last) == '.') {
    --last;
  }
  if (begin < 3 || last - end < 31 || last - end > 34 || !is_byte(scan.at(begin - 1)) || !is_byte(scan.at(begin - 2)) ||
      !is_byte(scan.at(begin - 3)) || (begin > 3 && is_byte(scan.at(begin - 4)) && !scan.StartsWord(begin - 3))) {
    return;
  }
  scan.Report(Kind::kAzureClientSecret, begin - 3, last);
}

// "…&sig=<44 bytes of Base64, URL-encoded>" next to the other parameters of a shared access signature.
void RecognizeSas(const CellScan& scan, size_t begin, size_t end, uint32_t) {
  size_t last = end;
  while (last - end <= 120 && (IsAlnum(scan.at(last)) || std::string_view("%+/=").find(scan.at(last)) < 4)) {
    ++last;
  }
  const size_t first = begin > 300 ? begin - 300 : 0;
  const std::string_view around = scan.text().substr(first, last + 200 - first);
  const bool signed_url =
      around.find("se=") != std::string_view::npos &&
      (around.find("sv=") != std::string_view::npos || around.find("sr=") != std::string_view::npos);
  if (last - end >= 43 && last - end <= 120 && signed_url) {
    scan.Report(Kind::kAzureSasToken, end, last);
  }
}

bool IsAwsSecretByte(char c) { return IsAlnum(c) || c == '+' || c == '/'; }

// Exactly 40 bytes of Base64, close behind a word that speaks of them, or behind an access key id.
void RecognizeAwsSecret(const CellScan& scan, size_t, size_t end, uint32_t) {
  constexpr size_t kSecretBytes = 40;
  constexpr size_t kDistance = 64;
  for (size_t at = end; at < end + kDistance && at < scan.text().size(); ++at) {
    if (!IsAwsSecretByte(scan.at(at)) || IsAwsSecretByte(scan.before(at))) {
      continue;
    }
    size_t last = at;
    while (last - at <= kSecretBytes && IsAwsSecretByte(scan.at(last))) {
      ++last;
    }
    const std::string_view secret = scan.text().substr(at, last - at);
    if (secret.size() == kSecretBytes && DistinctBytes(secret) >= 12 &&
        std::any_of(secret.begin(), secret.end(), IsUpper) && std::any_of(secret.begin(), secret.end(), IsLower)) {
      scan.Report(Kind::kAwsSecretKey, at, last);
      return;
    }
  }
}

bool IsUuid(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !IsHex(text[i])) {
      return false;
    }
  }
  return text.size() == 36;
}

// The older keys are UUIDs, told by the name next to them.
void RecognizeHeroku(const CellScan& scan, size_t, size_t end, uint32_t) {
  for (size_t at = end; at < end + 40 && at + 36 <= scan.text().size(); ++at) {
    if (IsHex(scan.at(at)) && !IsAlnum(scan.before(at)) && IsUuid(scan.text().substr(at, 36)) &&
        scan.EndsWord(at + 36)) {
      scan.Report(Kind::kHerokuKey, at, at + 36);
      return;
    }
  }
}

// "private_key_id": "<40 hexadecimal digits>".
void RecognizeServiceAccount(const CellScan& scan, size_t, size_t end, uint32_t) {
  constexpr size_t kDigits = 40;
  size_t at = end;
  while (at - end < 12 && !IsHex(scan.at(at)) && at < scan.text().size()) {
    ++at;
  }
  size_t last = at;
  while (last - at <= kDigits && IsHex(scan.at(last))) {
    ++last;
  }
  if (last - at == kDigits) {
    scan.Report(Kind::kGcpServiceAccount, at, last);
  }
}

struct Marked {
  Kind kind;
  std::string_view text;
  bool any_case;
  void (*recognize)(const CellScan& scan, size_t begin, size_t end, uint32_t argument);
};

constexpr Marked kMarked[] = {
    {Kind::kJwt, "eyJ", false, RecognizeJwt},
    {Kind::kPrivateKey, "-----BEGIN ", false, RecognizePem},
    {Kind::kPrivateKey, "PuTTY-User-Key-File-", false, RecognizePutty},
    {Kind::kAuthorizationHeader, "basic ", true, RecognizeBasic},
    {Kind::kAuthorizationHeader, "bearer ", true, RecognizeBearer},
    {Kind::kOpenaiKey, "T3BlbkFJ", false, RecognizeOpenaiMiddle},
    {Kind::kTelegramToken, ":AA", false, RecognizeTelegram},
    {Kind::kTerraformToken, ".atlasv1.", false, RecognizeTerraform},
    {Kind::kAzureClientSecret, "7Q~", false, RecognizeEntraSecret},
    {Kind::kAzureClientSecret, "8Q~", false, RecognizeEntraSecret},
    {Kind::kAzureClientSecret, "9Q~", false, RecognizeEntraSecret},
    {Kind::kAzureSasToken, "sig=", false, RecognizeSas},
    {Kind::kAwsSecretKey, "secret_access_key", true, RecognizeAwsSecret},
    {Kind::kAwsSecretKey, "secretaccesskey", true, RecognizeAwsSecret},
    {Kind::kAwsSecretKey, "secret access key", true, RecognizeAwsSecret},
    {Kind::kAwsSecretKey, "secret-access-key", true, RecognizeAwsSecret},
    {Kind::kAwsSecretKey, "aws_secret", true, RecognizeAwsSecret},
    {Kind::kAwsSecretKey, "aws secret", true, RecognizeAwsSecret},
    {Kind::kAwsSecretKey, "AKIA", false, RecognizeAwsSecret},
    {Kind::kHerokuKey, "heroku", true, RecognizeHeroku},
    {Kind::kGcpServiceAccount, "private_key_id", false, RecognizeServiceAccount},
};

}  // namespace

void RecognizeByColumn(const CellScan& scan) {
  if (scan.wants(Kind::kHerokuKey) && scan.ColumnSpeaksOf(Kind::kHerokuKey)) {
    RecognizeHeroku(scan, 0, 0, 0);
  }
  if (scan.wants(Kind::kAwsSecretKey) && scan.ColumnSpeaksOf(Kind::kAwsSecretKey)) {
    RecognizeAwsSecret(scan, 0, 0, 0);
  }
}

void AddTokenLiterals(const KindSet& kinds, std::vector<Literal>* literals) {
  const auto wants = [&](Kind kind) { return kinds[static_cast<size_t>(kind)]; };
  for (const Marked& mark : kMarked) {
    // The older keys of Grafana are found where web tokens are.
    if (wants(mark.kind) || (mark.kind == Kind::kJwt && wants(Kind::kGrafanaToken))) {
      literals->push_back({.text = std::string(mark.text), .any_case = mark.any_case, .recognize = mark.recognize});
    }
  }
}

}  // namespace chaperone::masking::detect
