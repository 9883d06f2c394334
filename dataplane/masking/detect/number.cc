#include "dataplane/masking/detect/number.h"

#include <algorithm>

#include "dataplane/masking/detect/checksum.h"
#include "dataplane/masking/detect/phone.h"
#include "dataplane/masking/detect/token.h"

namespace chaperone::masking::detect {

namespace {

// Groups that a shape tells apart: eight hexadecimal digits.
constexpr size_t kShapeGroupsMax = 8;
constexpr uint32_t kShapeSizeMax = 15;
constexpr size_t kSpacedDigitsMin = 9;

// As printed on cards: four by four, American Express, Diners Club, the older 13 digits, 19 digits; and in pairs, which
// is how they are spread out.
constexpr uint32_t kCardShapes[] = {0x4444, 0x465, 0x464, 0x4333, 0x44443, 0x88, 0x22222222};

uint32_t ShapeHash(uint32_t shape) { return (shape * 0x9e3779b1U) >> 22; }

// "2024-05-06", and with an hour behind it: the most common chain there is, and never a number of ours.
bool IsTimestamp(const CellScan& scan, const std::vector<DigitGroup>& groups) {
  if (groups.size() < 3 || groups.size() > 4 || groups[0].size != 4 || groups[1].size != 2 || groups[2].size != 2 ||
      (groups.size() == 4 && groups[3].size != 2)) {
    return false;
  }
  const char century = scan.at(groups[0].begin);
  const char decade = scan.at(groups[0].begin + 1);
  return (century == '1' && decade == '9') || (century == '2' && decade == '0');
}

// "192.0.2.33", with a prefix length behind it or not.
bool IsIpV4(const CellScan& scan, const std::vector<DigitGroup>& groups) {
  const bool prefixed = groups.size() == 5 && scan.at(groups[3].end()) == '/' && groups[4].size <= 2;
  if (groups.size() != 4 && !prefixed) {
    return false;
  }
  for (size_t i = 0; i < 4; ++i) {
    const bool apart = i == 3 || (scan.at(groups[i].end()) == '.' && groups[i + 1].begin == groups[i].end() + 1);
    if (groups[i].size > 3 || !apart || (groups[i].size == 3 && scan.at(groups[i].begin) > '2')) {
      return false;
    }
  }
  return true;
}

bool IsFraction(const CellScan& scan, const std::vector<DigitGroup>& groups, size_t index) {
  const auto dot_between = [&](size_t left) {
    return groups[left + 1].begin == groups[left].end() + 1 && scan.at(groups[left].end()) == '.';
  };
  return (index > 0 && dot_between(index - 1)) || (index + 1 < groups.size() && dot_between(index));
}

}  // namespace

thread_local std::vector<DigitGroup> NumberRecognizer::groups_;

NumberRecognizer::NumberRecognizer(const KindSet& kinds)
    : wants_cards_(kinds[static_cast<size_t>(Kind::kCreditCard)]),
      wants_phones_(kinds[static_cast<size_t>(Kind::kPhone)]),
      wants_lettered_(WantsLettersAround(kinds)) {
  const auto add_shape = [this](uint32_t shape) {
    const uint32_t hash = ShapeHash(shape);
    shape_filter_[hash / 64] |= uint64_t{1} << hash % 64;
  };
  for (const auto* rules : {&AmericanNumbers(), &EuropeanNumbers(), &AsiaPacificNumbers()}) {
    for (const NumberRule& rule : *rules) {
      if (kinds[static_cast<size_t>(rule.kind)]) {
        rules_[rule.count].push_back(&rule);
        digits_min_ = std::min<size_t>(digits_min_, rule.count);
        std::for_each(rule.shapes.begin(), rule.shapes.end(), add_shape);
      }
    }
  }
  if (wants_cards_) {
    std::for_each(std::begin(kCardShapes), std::end(kCardShapes), add_shape);
    digits_min_ = std::min<size_t>(digits_min_, 12);
  }
  if (wants_phones_) {
    digits_min_ = std::min<size_t>(digits_min_, 7);
  }
  if (wants_lettered_) {
    digits_min_ = std::min<size_t>(digits_min_, kNumberDigitsMin);
  }
}

void NumberRecognizer::OnChain(const CellScan& scan, size_t begin, size_t end, size_t first, size_t last) const {
  Split(scan, begin, end);
  if (IsTimestamp(scan, groups_) || IsIpV4(scan, groups_)) {
    return;
  }
  if (begin >= first && begin < last) {
    OnFront(scan);
  }
  for (size_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i].begin >= last) {
      break;
    }
    if (groups_[i].begin < first) {
      continue;
    }
    OnGroup(scan, i);
    if (wants_phones_) {
      const size_t taken = RecognizePhone(scan, groups_, i);
      // The groups of a phone number start no other one.
      for (size_t skip = 1; skip < taken; ++skip) {
        OnGroup(scan, ++i);
      }
    }
  }
}

// What stands behind a word of context may be grouped in any way, and be followed by other numbers.
void NumberRecognizer::OnFront(const CellScan& scan) const {
  NumberCandidate candidate;
  candidate.form = NumberCandidate::Form::kWhole;
  size_t digits = groups_[0].size;
  for (size_t last = 1; last < groups_.size() && digits <= kNumberDigitsMax; ++last) {
    digits += groups_[last].size;
    if (digits >= digits_min_ && Fill(scan, 0, last, &candidate)) {
      Judge(scan, candidate);
    }
  }
  if (wants_lettered_) {
    RecognizeLettersAround(scan, groups_);
  }
}

void NumberRecognizer::Split(const CellScan& scan, size_t begin, size_t end) {
  groups_.clear();
  for (size_t at = begin; at < end; ++at) {
    if (!IsDigit(scan.at(at))) {
      continue;
    }
    const size_t start = at;
    while (at < end && IsDigit(scan.at(at))) {
      ++at;
    }
    groups_.push_back({.begin = static_cast<uint32_t>(start), .size = static_cast<uint32_t>(at - start)});
  }
}

// Reads groups [first, last] as one number. False when there are too many digits.
bool NumberRecognizer::Fill(const CellScan& scan, size_t first, size_t last, NumberCandidate* out) const {
  out->begin = groups_[first].begin;
  out->end = groups_[last].end();
  out->count = 0;
  out->shape = 0;
  out->uniform = true;
  out->separator = first < last ? scan.at(groups_[first].end()) : '\0';
  for (size_t i = first; i <= last; ++i) {
    if (out->count + groups_[i].size > kNumberDigitsMax) {
      return false;
    }
    for (uint32_t k = 0; k < groups_[i].size; ++k) {
      out->digits[out->count++] = static_cast<uint8_t>(scan.at(groups_[i].begin + k) - '0');
    }
    out->shape = out->shape << 4 | std::min(groups_[i].size, kShapeSizeMax);
    out->uniform &=
        i == first || (groups_[i].begin == groups_[i - 1].end() + 1 && scan.at(groups_[i - 1].end()) == out->separator);
  }
  const bool left = first > 0 || scan.StartsWord(out->begin);
  const bool right = last + 1 < groups_.size() || scan.EndsWord(out->end);
  // "4.042152579331282" is a measure.
  const bool decimal = last == first + 1 && out->uniform && out->separator == '.';
  out->fills_cell = out->begin <= 1 && out->end + 1 >= scan.text().size() && !decimal;
  return left && right && out->count >= digits_min_;
}

void NumberRecognizer::OnGroup(const CellScan& scan, size_t index) const {
  NumberCandidate candidate;
  const uint32_t size = groups_[index].size;
  if (size >= digits_min_ && size <= kNumberDigitsMax && !IsFraction(scan, groups_, index) &&
      Fill(scan, index, index, &candidate)) {
    candidate.form = NumberCandidate::Form::kCompact;
    Judge(scan, candidate);
  }
  if (size == 1 && (index == 0 || groups_[index - 1].size != 1)) {
    OnSpaced(scan, index);
  }
  uint32_t shape = std::min(size, kShapeSizeMax);
  size_t digits = size;
  for (size_t last = index + 1; last < groups_.size() && last < index + kShapeGroupsMax; ++last) {
    digits += groups_[last].size;
    shape = shape << 4 | std::min(groups_[last].size, kShapeSizeMax);
    if (digits > kNumberDigitsMax) {
      return;
    }
    const uint32_t hash = ShapeHash(shape);
    if (digits >= digits_min_ && (shape_filter_[hash / 64] >> hash % 64 & 1) != 0 &&
        Fill(scan, index, last, &candidate)) {
      candidate.form = NumberCandidate::Form::kShaped;
      Judge(scan, candidate);
    }
  }
}

// A run of digits that stand alone.
void NumberRecognizer::OnSpaced(const CellScan& scan, size_t index) const {
  size_t last = index;
  while (last + 1 < groups_.size() && groups_[last + 1].size == 1) {
    ++last;
  }
  NumberCandidate candidate;
  if (last - index + 1 >= kSpacedDigitsMin && Fill(scan, index, last, &candidate)) {
    candidate.form = NumberCandidate::Form::kSpaced;
    Judge(scan, candidate);
  }
}

void NumberRecognizer::Judge(const CellScan& scan, const NumberCandidate& candidate) const {
  using Form = NumberCandidate::Form;
  if (wants_cards_ && candidate.count >= 12) {
    const bool grouped = candidate.form == Form::kShaped && std::find(std::begin(kCardShapes), std::end(kCardShapes),
                                                                      candidate.shape) != std::end(kCardShapes);
    const bool believed = candidate.form != Form::kWhole || candidate.fills_cell;
    if (IsCardNumber(candidate.digits.data(), candidate.count, true) &&
        ((believed && IsCardNumber(candidate.digits.data(), candidate.count, grouped)) ||
         scan.InContext(Kind::kCreditCard, candidate.begin, candidate.end))) {
      scan.Report(Kind::kCreditCard, candidate.begin, candidate.end);
    }
  }
  for (const NumberRule* const rule : rules_[candidate.count]) {
    if (!rule->valid(candidate.digits.data())) {
      continue;
    }
    bool alone = false;
    if (candidate.form == Form::kCompact) {
      alone = rule->compact_alone;
    } else if (candidate.form == Form::kShaped) {
      const bool shape = std::find(rule->shapes.begin(), rule->shapes.end(), candidate.shape) != rule->shapes.end();
      const bool separators = rule->separators.empty()
                                  ? candidate.uniform
                                  : rule->separators.find(candidate.separator) != std::string_view::npos;
      alone = shape && separators;
    } else {
      // Whoever spreads a number out hides it.
      alone = (candidate.form == Form::kSpaced || candidate.fills_cell) &&
              (rule->compact_alone || rule->kind == Kind::kUsSsn);
    }
    if (alone || scan.InContext(rule->kind, candidate.begin, candidate.end)) {
      scan.Report(rule->kind, candidate.begin, candidate.end);
    }
  }
}

}  // namespace chaperone::masking::detect
