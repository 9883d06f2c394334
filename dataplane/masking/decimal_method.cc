#include "dataplane/masking/decimal_method.h"

#include <algorithm>

#include "dataplane/masking/family.h"
#include "dataplane/masking/surrogate.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

// A 64-bit number has that many whole decimal digits at random.
constexpr int kHashDigitsMax = 18;

// digits[0, size) -= amount. REQUIRES: the number is at least `amount`.
void Subtract(uint64_t amount, size_t size, std::string* digits) {
  int borrow = 0;
  for (size_t i = size; i-- > 0 && (amount > 0 || borrow > 0); amount /= 10) {
    int digit = (*digits)[i] - '0' - static_cast<int>(amount % 10) - borrow;
    borrow = digit < 0 ? 1 : 0;
    digit += borrow * 10;
    (*digits)[i] = static_cast<char>('0' + digit);
  }
}

// digits[0, size) += amount, growing at the front; returns the new size.
size_t Add(uint64_t amount, size_t size, std::string* digits) {
  int carry = 0;
  for (size_t i = size; i-- > 0 && (amount > 0 || carry > 0); amount /= 10) {
    const int digit = (*digits)[i] - '0' + static_cast<int>(amount % 10) + carry;
    carry = digit / 10;
    (*digits)[i] = static_cast<char>('0' + digit % 10);
  }
  for (amount += static_cast<uint64_t>(carry); amount > 0; amount /= 10, ++size) {
    digits->insert(digits->begin(), static_cast<char>('0' + amount % 10));
  }
  return size;
}

}  // namespace

DecimalShape DecimalShape::Of(int32_t typmod) {
  if (typmod < kTypmodHeader) {
    return {};
  }
  const int32_t bits = typmod - kTypmodHeader;
  // The scale is an 11-bit signed number.
  return {.bounded = true, .precision = bits >> 16 & 0xffff, .scale = ((bits & 0x7ff) ^ 1024) - 1024};
}

DecimalMethod::DecimalMethod(MaskMethod method, int64_t argument, const DeploymentKey& key, DecimalShape shape)
    : method_(method),
      argument_(argument > 0 ? static_cast<uint64_t>(argument) : 0),
      shape_(shape),
      result_scale_(shape.bounded ? static_cast<size_t>(std::max(shape.scale, 0)) : 0) {
  if (method == MaskMethod::kHash || method == MaskMethod::kFake) {
    hash_.emplace(key, method == MaskMethod::kHash ? "hash/numeric" : "fake/numeric");
  }
}

void DecimalMethod::Apply(Decimal* value) {
  const bool finite = value->kind == Decimal::Kind::kFinite;
  if (method_ == MaskMethod::kHash) {
    Hash(value);
  } else if (method_ == MaskMethod::kRound && argument_ > 0) {
    if (finite) {
      Round(value);
    }
  } else if (finite && (method_ == MaskMethod::kKeepFirst || method_ == MaskMethod::kKeepLast)) {
    Keep(value);
  } else if (finite && method_ == MaskMethod::kFake) {
    Fake(value);
  } else {
    Redact(value);
  }
}

void DecimalMethod::Redact(Decimal* value) const { value->SetZero(result_scale_); }

// Numbers that are equal have one hash, however many zeros they end with. The hash has as many digits as the type has,
// 18 at most.
void DecimalMethod::Hash(Decimal* value) {
  if (value->kind == Decimal::Kind::kFinite) {
    while (value->scale() > 0 && value->digits.back() == '0') {
      value->digits.pop_back();
    }
    value->Normalize();
  }
  scratch_.clear();
  AppendDecimal(*value, &scratch_);
  const int width = shape_.bounded ? std::min(shape_.precision, kHashDigitsMax) : kHashDigitsMax;
  uint64_t bound = 1;
  for (int i = 0; i < width; ++i) {
    bound *= 10;
  }
  KeyedStream stream(*hash_, scratch_);
  value->SetZero(0);
  value->digits.clear();
  AppendNumber(stream.Next64() % bound, &value->digits);
  if (shape_.bounded && shape_.scale < 0) {
    value->digits.append(static_cast<size_t>(-shape_.scale), '0');
  }
  if (value->digits.size() <= result_scale_) {
    value->digits.insert(0, result_scale_ + 1 - value->digits.size(), '0');
  }
  value->point = value->digits.size() - result_scale_;
  value->Normalize();
}

// Counts digits on both sides of the point; those that are not kept become 0, and the sign goes.
void DecimalMethod::Keep(Decimal* value) const {
  // A single 0 before the point is no digit of the number.
  const size_t lead = value->point == 1 && value->digits[0] == '0' && value->scale() > 0 ? 1 : 0;
  const size_t count = value->digits.size() - lead;
  const size_t kept = argument_ >= count ? 0 : static_cast<size_t>(argument_);
  const auto first = value->digits.begin() + static_cast<std::ptrdiff_t>(lead);
  const auto keep = static_cast<std::ptrdiff_t>(kept);
  if (method_ == MaskMethod::kKeepFirst) {
    std::fill(first + keep, value->digits.end(), '0');
  } else {
    std::fill(first, value->digits.end() - keep, '0');
  }
  value->negative = false;
  value->Normalize();
}

// To the nearest multiple, halves away from zero; towards zero where the type's precision ends.
void DecimalMethod::Round(Decimal* value) const {
  unsigned __int128 rest = 0;
  for (size_t i = 0; i < value->point; ++i) {
    rest = (rest * 10 + static_cast<unsigned>(value->digits[i] - '0')) % argument_;
  }
  const bool half = value->scale() > 0 && value->digits[value->point] >= '5';
  const unsigned __int128 twice = rest * 2 + (half ? 1 : 0);
  const bool up = twice >= argument_;
  value->digits.resize(value->point);
  Subtract(static_cast<uint64_t>(rest), value->point, &value->digits);
  if (up) {
    const std::string below = value->digits;
    value->point = Add(argument_, value->point, &value->digits);
    value->Normalize();
    const auto whole_max = static_cast<int64_t>(shape_.precision) - shape_.scale;
    if (shape_.bounded && !value->IsZero() && static_cast<int64_t>(value->point) > whole_max) {
      value->digits = below;
      value->point = below.size();
    }
  }
  ClearBelowScale(value);
  value->digits.append(result_scale_, '0');
  value->Normalize();
}

// As many digits on each side of the point, the same sign.
void DecimalMethod::Fake(Decimal* value) {
  const bool below_one = value->point == 1 && value->digits[0] == '0';
  const bool no_whole = shape_.bounded && shape_.precision <= shape_.scale;
  scratch_.resize(value->digits.size());
  FakeDigits(value->digits, *hash_, scratch_.data());
  if (below_one && (value->scale() > 0 || no_whole)) {
    scratch_[0] = '0';
  }
  // numeric(2, 4): the first digits after the point are always 0.
  for (int i = 0; no_whole && i < shape_.scale - shape_.precision && i < static_cast<int>(value->scale()); ++i) {
    scratch_[value->point + static_cast<size_t>(i)] = '0';
  }
  value->digits.swap(scratch_);
  ClearBelowScale(value);
  value->Normalize();
}

void DecimalMethod::ClearBelowScale(Decimal* value) const {
  if (shape_.bounded && shape_.scale < 0) {
    const size_t cleared = std::min(value->point, static_cast<size_t>(-shape_.scale));
    std::fill(value->digits.begin() + static_cast<std::ptrdiff_t>(value->point - cleared),
              value->digits.begin() + static_cast<std::ptrdiff_t>(value->point), '0');
  }
}

}  // namespace chaperone::masking
