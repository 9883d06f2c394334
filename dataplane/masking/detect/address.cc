#include "dataplane/masking/detect/address.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "dataplane/masking/address.h"

namespace chaperone::masking::detect {

namespace {

// RFC 5321, section 4.5.3.1.
constexpr size_t kLocalBytesMax = 64;
constexpr size_t kDomainBytesMax = 255;
constexpr size_t kLabelBytesMax = 63;
constexpr size_t kV6TextMax = 45;

bool IsLocalByte(char c) {
  return IsAlnum(c) || static_cast<uint8_t>(c) >= 0x80 ||
         std::string_view("._%+'-!#$&*/=?^`{|}~").find(c) != std::string_view::npos;
}
// What more often stands before an address than in it.
bool IsUnlikelyFirst(char c) { return !IsAlnum(c) && c != '_' && static_cast<uint8_t>(c) < 0x80; }
bool IsLabelByte(char c) { return IsAlnum(c) || c == '-' || static_cast<uint8_t>(c) >= 0x80; }

// Endings of file names that stand behind an @ in them: "logo@2x.png".
bool IsFileEnding(std::string_view label) {
  constexpr std::string_view kEndings[] = {"png", "jpg", "jpeg", "gif",  "svg", "webp",
                                           "css", "js",  "map",  "json", "ts",  "tsx"};
  return std::find(std::begin(kEndings), std::end(kEndings), label) != std::end(kEndings);
}

// The domain behind an @: labels with dots, the last one of letters. Its end, or `begin` when there is none.
size_t DomainEnd(const CellScan& scan, size_t begin) {
  size_t end = begin;
  size_t label = begin;
  size_t at = begin;
  size_t labels = 0;
  while (at - begin <= kDomainBytesMax) {
    while (IsLabelByte(scan.at(at)) && at - label <= kLabelBytesMax) {
      ++at;
    }
    if (at == label || scan.at(label) == '-' || scan.before(at) == '-') {
      break;
    }
    ++labels;
    const std::string_view text = scan.text().substr(label, at - label);
    const bool letters =
        text.size() >= 2 && std::none_of(text.begin(), text.end(), [](char c) { return IsDigit(c) || c == '-'; });
    // "xn--p1ai", the ASCII form of a domain in another script.
    const bool punycode = text.starts_with("xn--");
    if (labels >= 2 && (letters || punycode) && !IsFileEnding(text)) {
      end = at;
    }
    if (scan.at(at) != '.') {
      break;
    }
    label = ++at;
  }
  return end;
}

// A word before the number says that it is a version: "v1.2.3.4", "version 1.2.3.4", "Chrome/120.0.6099.109".
bool IsVersion(const CellScan& scan, size_t begin) {
  constexpr std::string_view kWords[] = {"version",  "ver", "v",       "release", "build",
                                         "firmware", "rev", "section", "chapter", "clause"};
  size_t at = begin;
  const char previous = scan.before(at);
  if (previous == '/' && at >= 2 && IsLetter(scan.at(at - 2))) {
    return true;
  }
  while (at > 0 && std::string_view(" :=\"'#.").find(scan.before(at)) != std::string_view::npos && begin - at < 4) {
    --at;
  }
  size_t first = at;
  while (first > 0 && IsLetter(scan.before(first)) && at - first < 9) {
    --first;
  }
  const std::string_view word = scan.text().substr(first, at - first);
  // A key named "v" stands for any value.
  if (word.size() == 1 && at != begin && scan.at(at) != ' ' && scan.at(at) != '.') {
    return false;
  }
  return std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view known) {
    return word.size() == known.size() &&
           std::equal(word.begin(), word.end(), known.begin(), [](char a, char b) { return (a | 0x20) == b; });
  });
}

}  // namespace

void RecognizeEmail(const CellScan& scan, size_t at, size_t size) {
  size_t begin = at;
  while (begin > 0 && at - begin < kLocalBytesMax && IsLocalByte(scan.before(begin))) {
    --begin;
  }
  // A path or a parameter before the address: "to=jane@…", "mailto:/jane@…".
  const std::string_view local = scan.text().substr(begin, at - begin);
  const size_t break_at = local.find_last_of("=/&?|{}~^`!$*#");
  begin += break_at == std::string_view::npos ? 0 : break_at + 1;
  while (begin < at && IsUnlikelyFirst(scan.at(begin))) {
    ++begin;
  }
  // The letter of an escape: "\njane@…".
  if (begin + 1 < at && scan.before(begin) == '\\' &&
      std::string_view("nrt").find(scan.at(begin)) != std::string_view::npos) {
    ++begin;
  }
  if (begin == at || scan.before(at) == '.') {
    return;
  }
  const size_t domain = at + size;
  const size_t end = DomainEnd(scan, domain);
  // "git@github.com:shop/api.git" names a repository, and everybody's user.
  const bool repository =
      scan.text().substr(begin, at - begin) == "git" && scan.at(end) == ':' && IsAlnum(scan.at(end + 1));
  if (end > domain && !repository) {
    scan.Report(Kind::kEmail, begin, end);
  }
}

void RecognizeIpV4(const CellScan& scan, size_t begin, size_t end) {
  // The four parts are the dotted part of the chain that starts with it.
  size_t stop = begin;
  int dots = 0;
  while (stop < end && (IsDigit(scan.at(stop)) || (scan.at(stop) == '.' && IsDigit(scan.at(stop + 1))))) {
    dots += scan.at(stop) == '.' ? 1 : 0;
    ++stop;
  }
  std::array<uint8_t, 4> parts;
  const char previous = scan.before(begin);
  // Within a name ("pkg-1.2.3.4") or a longer sequence.
  const bool within = previous == '.' || (previous == '-' && begin >= 2 && IsAlnum(scan.at(begin - 2)));
  if (dots != 3 || within || !scan.StartsWord(begin) || !scan.EndsWord(stop) ||
      !ParseV4(scan.text().substr(begin, stop - begin), parts.data()) || parts[0] == 0 || IsVersion(scan, begin)) {
    return;
  }
  const bool small = parts[0] < 10 && parts[1] < 100 && parts[2] < 100 && parts[3] < 100;
  if (small) {
    // As likely a version or a section: only a word of context tells.
    const std::string_view head = scan.text().substr(begin > 24 ? begin - 24 : 0, std::min<size_t>(begin, 24));
    constexpr std::string_view kWords[] = {"ip",   "IP",  "addr", "host", "server", "client",
                                           "from", "dns", "peer", "inet", "://"};
    if (std::none_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return head.find(word) != std::string_view::npos; })) {
      return;
    }
  }
  scan.Report(Kind::kIpAddress, begin, stop);
}

void RecognizeIpV6(const CellScan& scan, size_t colon) {
  size_t begin = colon;
  while (begin > 0 && colon - begin < 5 && IsHex(scan.before(begin))) {
    --begin;
  }
  const char previous = scan.before(begin);
  if (IsAlnum(previous) || previous == ':' || previous == '.' || previous == '_') {
    return;
  }
  size_t end = begin;
  while (end - begin <= kV6TextMax && (IsHex(scan.at(end)) || scan.at(end) == ':' || scan.at(end) == '.')) {
    ++end;
  }
  while (end > begin && (scan.before(end) == '.' || (scan.before(end) == ':' && scan.at(end - 2) != ':'))) {
    --end;
  }
  const std::string_view text = scan.text().substr(begin, end - begin);
  std::array<uint8_t, 16> bytes;
  if (IsAlnum(scan.at(end)) || scan.at(end) == '_' || !ParseV6(text, &bytes)) {
    return;
  }
  // "::", "::1" are no one's address, and "std::cafe" has no digit.
  const bool has_digit = std::any_of(text.begin(), text.end(), IsDigit);
  const auto groups = std::count(text.begin(), text.end(), ':');
  if (!has_digit || text.size() < 6 || groups < 2 || (groups == 2 && text.size() < 8)) {
    return;
  }
  scan.Report(Kind::kIpAddress, begin, end);
}

void RecognizeMac(const CellScan& scan, size_t first) {
  const char separator = scan.at(first);
  if (first < 2) {
    return;
  }
  const size_t begin = first - 2;
  const size_t end = begin + 17;
  for (size_t i = 0; i < 17; ++i) {
    if (i % 3 == 2 ? scan.at(begin + i) != separator : !IsHex(scan.at(begin + i))) {
      return;
    }
  }
  // Part of something longer: an IPv6 address, the fingerprint of a key.
  const char previous = scan.before(begin);
  if (!scan.StartsWord(begin) || !scan.EndsWord(end) || previous == separator || scan.at(end) == separator) {
    return;
  }
  scan.Report(Kind::kMacAddress, begin, end);
}

void RecognizeDottedMac(const CellScan& scan, size_t begin) {
  constexpr size_t kBytes = 14;
  for (size_t i = 0; i < kBytes; ++i) {
    if (i % 5 == 4 ? scan.at(begin + i) != '.' : !IsHex(scan.at(begin + i))) {
      return;
    }
  }
  if (scan.StartsWord(begin) && scan.EndsWord(begin + kBytes) && scan.before(begin) != '.' &&
      !(scan.at(begin + kBytes) == '.' && IsAlnum(scan.at(begin + kBytes + 1)))) {
    scan.Report(Kind::kMacAddress, begin, begin + kBytes);
  }
}

}  // namespace chaperone::masking::detect
