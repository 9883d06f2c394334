#include "dataplane/masking/integer_method.h"

#include <array>
#include <charconv>
#include <string_view>

#include "dataplane/masking/surrogate.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

constexpr int kDigitsMax = 19;

constexpr std::array<uint64_t, kDigitsMax + 1> MakePowersOfTen() {
  std::array<uint64_t, kDigitsMax + 1> powers{};
  uint64_t power = 1;
  for (uint64_t& entry : powers) {
    entry = power;
    power *= 10;
  }
  return powers;
}

constexpr std::array<uint64_t, kDigitsMax + 1> kPowersOfTen = MakePowersOfTen();

// Also right for the smallest number, which has no positive counterpart.
uint64_t Magnitude(int64_t value) {
  return value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
}

int CountDigits(uint64_t magnitude) {
  int digits = 1;
  while (digits <= kDigitsMax && magnitude >= kPowersOfTen[static_cast<size_t>(digits)]) {
    ++digits;
  }
  return digits;
}

}  // namespace

IntegerMethod::IntegerMethod(MaskMethod method, int64_t argument, const DeploymentKey& key, int64_t min, int64_t max)
    : method_(method), argument_(argument), min_(min), max_(max) {
  if (method == MaskMethod::kHash || method == MaskMethod::kFake) {
    hash_.emplace(key, method == MaskMethod::kHash ? "hash/int" : "fake/int");
  }
}

int64_t IntegerMethod::Apply(int64_t value) const {
  switch (method_) {
    case MaskMethod::kHash:
      return Hash(value);
    case MaskMethod::kKeepFirst:
    case MaskMethod::kKeepLast:
      return Keep(value);
    case MaskMethod::kRound:
      return Round(value);
    case MaskMethod::kFake:
      return Fake(value);
    default:
      return 0;
  }
}

int64_t IntegerMethod::Hash(int64_t value) const {
  std::array<char, sizeof(value)> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
  }
  const KeyedHash::Digest digest = hash_->Of({bytes.data(), bytes.size()});
  return LoadBigEndian<int64_t>(reinterpret_cast<const char*>(digest.data())) & max_;
}

// Digits that are not kept become 0; the sign goes.
int64_t IntegerMethod::Keep(int64_t value) const {
  const uint64_t magnitude = Magnitude(value);
  const int digits = CountDigits(magnitude);
  if (argument_ <= 0 || argument_ >= digits) {
    return 0;
  }
  const auto kept = static_cast<size_t>(argument_);
  if (method_ == MaskMethod::kKeepLast) {
    return static_cast<int64_t>(magnitude % kPowersOfTen[kept]);
  }
  const uint64_t hidden = kPowersOfTen[static_cast<size_t>(digits) - kept];
  const uint64_t result = magnitude / hidden * hidden;
  return result <= static_cast<uint64_t>(max_) ? static_cast<int64_t>(result) : 0;
}

// To the nearest multiple, halves away from zero, as round(numeric) does; towards zero where that is out of range.
int64_t IntegerMethod::Round(int64_t value) const {
  if (argument_ <= 0) {
    return 0;
  }
  const auto step = static_cast<uint64_t>(argument_);
  const uint64_t magnitude = Magnitude(value);
  const uint64_t below = magnitude / step * step;
  const uint64_t rest = magnitude - below;
  const uint64_t limit = value < 0 ? Magnitude(min_) : static_cast<uint64_t>(max_);
  const uint64_t rounded = rest >= step - rest && step <= limit - below ? below + step : below;
  return value < 0 ? static_cast<int64_t>(~rounded + 1) : static_cast<int64_t>(rounded);
}

// As many digits, the same sign.
int64_t IntegerMethod::Fake(int64_t value) const {
  std::array<char, kDigitsMax + 2> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  const std::string_view text(digits.data(), static_cast<size_t>(end - digits.data()));
  std::array<char, kDigitsMax + 2> faked;
  FakeDigits(text, *hash_, faked.data());
  const std::string_view faked_text(faked.data(), text.size());
  int64_t fake = 0;
  if (ParseNumber<int64_t>(faked_text, &fake) && fake >= min_ && fake <= max_) {
    return fake;
  }
  // The largest numbers of each width start with more than 1 in their first place, and with 1 everything fits.
  faked[value < 0 ? 1 : 0] = '1';
  return ParseNumber<int64_t>(faked_text, &fake) && fake >= min_ && fake <= max_ ? fake : 0;
}

}  // namespace chaperone::masking
