#include "dataplane/masking/detect/mark_scan.h"

#include <algorithm>
#include <bit>

#include "dataplane/masking/detect/address.h"
#include "dataplane/masking/detect/token.h"

namespace chaperone::masking::detect {

namespace {

// Between the digits of one number.
constexpr size_t kSeparatorsMax = 3;
// "1.1.1.1".
constexpr size_t kIpBytesMin = 7;

bool IsSeparator(char c) { return c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')'; }

bool Wants(const KindSet& kinds, Kind kind) { return kinds[static_cast<size_t>(kind)]; }

size_t LowestBit(uint64_t bits) { return static_cast<size_t>(std::countr_zero(bits)); }

// Bits at which `length` ones in a row start; `next` goes on where `bits` ends. REQUIRES: 0 < length <= 64.
uint64_t RunStarts(uint64_t bits, uint64_t next, size_t length) {
  auto runs = static_cast<unsigned __int128>(next) << 64 | bits;
  for (size_t have = 1; have < length;) {
    const size_t step = std::min(have, length - have);
    runs &= runs >> step;
    have += step;
  }
  return static_cast<uint64_t>(runs);
}

}  // namespace

MarkScan::MarkScan(const KindSet& kinds)
    : numbers_(kinds),
      token_sizes_(TokenSizesOf(kinds)),
      wants_emails_(Wants(kinds, Kind::kEmail)),
      wants_ips_(Wants(kinds, Kind::kIpAddress)),
      wants_macs_(Wants(kinds, Kind::kMacAddress)),
      wants_bics_(Wants(kinds, Kind::kBic)),
      wants_plain_words_(wants_bics_ || wants_macs_),
      wants_words_(token_sizes_.any() || wants_plain_words_),
      wants_signs_(wants_emails_ || wants_ips_ || wants_macs_),
      chain_bytes_min_(wants_ips_ ? std::min(kIpBytesMin, numbers_.digits_min()) : numbers_.digits_min()) {}

void MarkScan::Run(const CellScan& scan) const {
  const std::string_view text = scan.text();
  const auto classify = [&](size_t base) {
    return base < text.size() ? Classify(text.data() + base, std::min(kBlockBytes, text.size() - base)) : ByteClasses();
  };
  Word word;
  size_t chain_end = 0;
  ByteClasses block = classify(0);
  for (size_t base = 0; base < text.size(); base += kBlockBytes) {
    const ByteClasses next = classify(base + kBlockBytes);
    OnDigits(scan, base, block, next, &chain_end);
    if (wants_words_) {
      OnWords(scan, base, block, &word);
    }
    if (wants_signs_) {
      for (uint64_t signs = block.signs; signs != 0; signs &= signs - 1) {
        OnSign(scan, base + LowestBit(signs));
      }
    }
    block = next;
  }
  if (word.is_open) {
    OnWord(scan, word.begin, text.size(), word.has_digit && word.has_letter);
  }
}

void MarkScan::OnDigits(const CellScan& scan, size_t base, const ByteClasses& block, const ByteClasses& next,
                        size_t* chain_end) const {
  const uint64_t runs =
      RunStarts(block.digits | block.separators, next.digits | next.separators, chain_bytes_min_) & block.digits;
  const uint64_t follows_digit = block.digits << 1 | (base > 0 && IsDigit(scan.at(base - 1)) ? 1 : 0);
  for (uint64_t starts = runs & ~follows_digit; starts != 0; starts &= starts - 1) {
    const size_t begin = base + LowestBit(starts);
    if (begin >= *chain_end) {
      *chain_end = OnChain(scan, begin);
    }
  }
}

void MarkScan::OnWords(const CellScan& scan, size_t base, const ByteClasses& block, Word* word) const {
  uint64_t left = block.digits | block.letters;
  if (!wants_plain_words_ && !word->is_open && block.digits == 0) {
    // Of words without a digit only the one that may have some in the next block matters.
    const auto last = static_cast<size_t>(std::countl_one(left));
    left = last > 0 ? left >> (kBlockBytes - last) << (kBlockBytes - last) : 0;
  }
  size_t at = 0;
  while (word->is_open || left != 0) {
    if (!word->is_open) {
      at = LowestBit(left);
      *word = {.begin = base + at, .is_open = true};
    }
    const auto bytes = static_cast<size_t>(std::countr_one(left >> at));
    const uint64_t taken = (bytes < kBlockBytes ? (uint64_t{1} << bytes) - 1 : ~uint64_t{0}) << at;
    word->has_digit |= (block.digits & taken) != 0;
    word->has_letter |= (block.letters & taken) != 0;
    if (at + bytes >= kBlockBytes) {
      return;
    }
    OnWord(scan, word->begin, base + at + bytes, word->has_digit && word->has_letter);
    word->is_open = false;
    left &= ~taken;
  }
}

// The chain of digits that starts at `begin`; returns its end.
size_t MarkScan::OnChain(const CellScan& scan, size_t begin) const {
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
  // A single group within a word is no number.
  const bool stands_alone = end - begin > digits || (scan.StartsWord(begin) && scan.EndsWord(end));
  if (digits >= numbers_.digits_min() && stands_alone) {
    numbers_.OnChain(scan, begin, end, 0, scan.text().size());
  }
  return end;
}

void MarkScan::OnWord(const CellScan& scan, size_t begin, size_t end, bool is_mixed) const {
  if (is_mixed && end - begin <= kTokenBytesMax && token_sizes_[end - begin]) {
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
