#include "dataplane/masking/detect/mark_scan.h"

#include <array>

#include "dataplane/masking/detect/address.h"
#include "dataplane/masking/detect/token.h"

namespace chaperone::masking::detect {

namespace {

// Between the digits of one number.
constexpr size_t kSeparatorsMax = 3;

enum Class : uint8_t { kOther, kDigitByte, kLetterByte, kSign };

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = '0'; c <= '9'; ++c) {
    classes[static_cast<size_t>(c)] = kDigitByte;
  }
  for (int c = 'a'; c <= 'z'; ++c) {
    classes[static_cast<size_t>(c)] = kLetterByte;
    classes[static_cast<size_t>(c - 'a' + 'A')] = kLetterByte;
  }
  for (const char c : {'@', ':', '-'}) {
    classes[static_cast<size_t>(c)] = kSign;
  }
  return classes;
}

constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

uint8_t ClassOf(char c) { return kClasses[static_cast<uint8_t>(c)]; }

bool IsSeparator(char c) { return c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')'; }

bool Wants(const KindSet& kinds, Kind kind) { return kinds[static_cast<size_t>(kind)]; }

}  // namespace

MarkScan::MarkScan(const KindSet& kinds)
    : numbers_(kinds),
      wants_tokens_(WantsTokens(kinds)),
      wants_emails_(Wants(kinds, Kind::kEmail)),
      wants_ips_(Wants(kinds, Kind::kIpAddress)),
      wants_macs_(Wants(kinds, Kind::kMacAddress)),
      wants_bics_(Wants(kinds, Kind::kBic)) {}

void MarkScan::Run(const CellScan& scan) const {
  const std::string_view text = scan.text();
  size_t chain_end = 0;
  for (size_t at = 0; at < text.size();) {
    const uint8_t byte_class = ClassOf(text[at]);
    if (byte_class == kOther) {
      ++at;
      continue;
    }
    if (byte_class == kSign) {
      OnSign(scan, at++);
      continue;
    }
    size_t end = at;
    bool has_digit = false;
    bool has_letter = false;
    for (; end < text.size(); ++end) {
      const uint8_t next = ClassOf(text[end]);
      if (next != kDigitByte && next != kLetterByte) {
        break;
      }
      if (next == kDigitByte) {
        has_digit = true;
        if (end >= chain_end) {
          chain_end = OnDigit(scan, end);
        }
      } else {
        has_letter = true;
      }
    }
    OnWord(scan, at, end, has_digit && has_letter);
    at = end;
  }
}

// The chain of digits that starts at `begin`; returns its end.
size_t MarkScan::OnDigit(const CellScan& scan, size_t begin) const {
  size_t end = begin;
  size_t digits = 0;
  size_t group = begin;
  while (true) {
    while (IsDigit(scan.at(end))) {
      ++end;
    }
    digits += end - group;
    if (wants_ips_ && scan.at(end) == '.' && scan.before(group) != '.') {
      size_t stop = end;
      while (IsDigit(scan.at(stop)) || (scan.at(stop) == '.' && IsDigit(scan.at(stop + 1)) && stop - group < 16)) {
        ++stop;
      }
      RecognizeIpV4(scan, group, stop);
    }
    size_t next = end;
    while (next - end < kSeparatorsMax && IsSeparator(scan.at(next))) {
      ++next;
    }
    if (next == end || !IsDigit(scan.at(next))) {
      break;
    }
    group = end = next;
  }
  if (digits >= numbers_.digits_min()) {
    numbers_.OnChain(scan, begin, end, 0, scan.text().size());
  }
  return end;
}

void MarkScan::OnWord(const CellScan& scan, size_t begin, size_t end, bool is_mixed) const {
  if (wants_tokens_ && is_mixed) {
    RecognizeToken(scan, begin, end);
  }
  if (wants_bics_ && (end - begin == 8 || end - begin == 11)) {
    RecognizeBic(scan, begin, end);
  }
  if (wants_macs_ && end - begin == 4 && scan.at(end) == '.') {
    RecognizeDottedMac(scan, begin);
  }
}

void MarkScan::OnSign(const CellScan& scan, size_t at) const {
  const char sign = scan.at(at);
  if (sign == '@') {
    if (wants_emails_) {
      RecognizeEmail(scan, at, 1);
    }
    return;
  }
  if (wants_macs_ && scan.at(at + 3) == sign && scan.at(at + 6) == sign) {
    RecognizeMac(scan, at);
  }
  if (wants_ips_ && sign == ':' && (IsHex(scan.at(at + 1)) || scan.at(at + 1) == ':')) {
    RecognizeIpV6(scan, at);
  }
}

}  // namespace chaperone::masking::detect
