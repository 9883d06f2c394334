#include "dataplane/masking/decimal.h"

#include <algorithm>

#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

// numeric.c: the base, the signs and the limits of the binary format.
constexpr int kGroupDigits = 4;
constexpr int kGroupBase = 10000;
constexpr uint16_t kPositive = 0x0000;
constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kNan = 0xc000;
constexpr uint16_t kPositiveInfinity = 0xd000;
constexpr uint16_t kNegativeInfinity = 0xf000;
constexpr uint16_t kScaleMax = 0x3fff;
constexpr size_t kHeaderBytes = 8;
constexpr std::string_view kNanText = "NaN";
constexpr std::string_view kInfinityText = "Infinity";

bool IsDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void AppendGroup(int value, std::string* digits) {
  for (int divisor = kGroupBase / 10; divisor > 0; divisor /= 10) {
    digits->push_back(static_cast<char>('0' + value / divisor % 10));
  }
}

bool DecodeSign(uint16_t sign, Decimal* out) {
  out->negative = sign == kNegative || sign == kNegativeInfinity;
  switch (sign) {
    case kPositive:
    case kNegative:
      out->kind = Decimal::Kind::kFinite;
      return true;
    case kNan:
      out->kind = Decimal::Kind::kNan;
      return true;
    case kPositiveInfinity:
    case kNegativeInfinity:
      out->kind = Decimal::Kind::kInfinity;
      return true;
    default:
      return false;
  }
}

uint16_t SignOf(const Decimal& value) {
  switch (value.kind) {
    case Decimal::Kind::kNan:
      return kNan;
    case Decimal::Kind::kInfinity:
      return value.negative ? kNegativeInfinity : kPositiveInfinity;
    default:
      return value.negative ? kNegative : kPositive;
  }
}

// The digit at `position` places before the point (0 is the last whole digit, -1 the first after the point).
int DigitAt(const Decimal& value, int64_t position) {
  const int64_t index = static_cast<int64_t>(value.point) - 1 - position;
  return index >= 0 && index < static_cast<int64_t>(value.digits.size())
             ? value.digits[static_cast<size_t>(index)] - '0'
             : 0;
}

// The group of four digits that stands for multiples of 10000^exponent.
int GroupAt(const Decimal& value, int64_t exponent) {
  int group = 0;
  for (int64_t i = kGroupDigits; i-- > 0;) {
    group = group * 10 + DigitAt(value, exponent * kGroupDigits + i);
  }
  return group;
}

}  // namespace

bool Decimal::IsZero() const { return digits.find_first_not_of('0') == std::string::npos; }

void Decimal::SetZero(size_t scale) {
  kind = Kind::kFinite;
  negative = false;
  digits.assign(scale + 1, '0');
  point = 1;
}

void Decimal::Normalize() {
  const size_t leading = std::min(digits.find_first_not_of('0'), point - 1);
  digits.erase(0, leading);
  point -= leading;
  negative = negative && !IsZero();
}

bool ParseDecimal(std::string_view text, Decimal* out) {
  out->negative = text.starts_with('-');
  text.remove_prefix(out->negative ? 1 : 0);
  if (text == kNanText || text == kInfinityText) {
    out->kind = text == kNanText ? Decimal::Kind::kNan : Decimal::Kind::kInfinity;
    return !(out->negative && out->kind == Decimal::Kind::kNan);
  }
  const size_t point = std::min(text.find('.'), text.size());
  const std::string_view after = point < text.size() ? text.substr(point + 1) : std::string_view();
  if (point == 0 || (point < text.size() && after.empty()) || !IsDigits(text.substr(0, point)) || !IsDigits(after)) {
    return false;
  }
  out->kind = Decimal::Kind::kFinite;
  out->digits.assign(text.substr(0, point));
  out->digits.append(after);
  out->point = point;
  out->Normalize();
  return true;
}

void AppendDecimal(const Decimal& value, std::string* out) {
  if (value.negative) {
    out->push_back('-');
  }
  if (value.kind != Decimal::Kind::kFinite) {
    out->append(value.kind == Decimal::Kind::kNan ? kNanText : kInfinityText);
    return;
  }
  out->append(value.digits, 0, value.point);
  if (value.scale() > 0) {
    out->push_back('.');
    out->append(value.digits, value.point);
  }
}

bool DecodeDecimal(std::string_view bytes, Decimal* out) {
  if (bytes.size() < kHeaderBytes) {
    return false;
  }
  const auto groups = static_cast<int64_t>(LoadBigEndian<uint16_t>(bytes.data()));
  const auto weight = static_cast<int64_t>(LoadBigEndian<int16_t>(bytes.data() + 2));
  const auto scale = LoadBigEndian<uint16_t>(bytes.data() + 6);
  bytes.remove_prefix(kHeaderBytes - 4);
  if (!DecodeSign(LoadBigEndian<uint16_t>(bytes.data()), out) || scale > kScaleMax) {
    return false;
  }
  bytes.remove_prefix(4);
  if (static_cast<int64_t>(bytes.size()) != groups * 2) {
    return false;
  }
  for (int64_t i = 0; i < groups; ++i) {
    if (LoadBigEndian<uint16_t>(bytes.data() + i * 2) >= kGroupBase) {
      return false;
    }
  }
  const auto group_at = [&](int64_t exponent) {
    const int64_t index = weight - exponent;
    return index >= 0 && index < groups ? LoadBigEndian<uint16_t>(bytes.data() + index * 2) : 0;
  };
  out->digits.clear();
  for (int64_t exponent = std::max<int64_t>(weight, 0); exponent >= 0; --exponent) {
    AppendGroup(group_at(exponent), &out->digits);
  }
  out->point = out->digits.size();
  for (int64_t exponent = -1; out->scale() < scale; --exponent) {
    AppendGroup(group_at(exponent), &out->digits);
  }
  out->digits.resize(out->point + scale);
  const bool was_negative = out->negative;
  out->Normalize();
  out->negative = out->kind == Decimal::Kind::kFinite ? out->negative : was_negative;
  return true;
}

void EncodeDecimal(const Decimal& value, std::string* out) {
  const bool finite = value.kind == Decimal::Kind::kFinite;
  int64_t first = static_cast<int64_t>(value.point - 1) / kGroupDigits;
  int64_t last = -static_cast<int64_t>((value.scale() + kGroupDigits - 1) / kGroupDigits);
  while (first >= last && GroupAt(value, first) == 0) {
    --first;
  }
  while (last <= first && GroupAt(value, last) == 0) {
    ++last;
  }
  const int64_t groups = finite && first >= last ? first - last + 1 : 0;
  AppendBigEndian(static_cast<uint16_t>(groups), out);
  AppendBigEndian(static_cast<int16_t>(groups > 0 ? first : 0), out);
  AppendBigEndian(SignOf(value), out);
  AppendBigEndian(static_cast<uint16_t>(finite ? value.scale() : 0), out);
  for (int64_t exponent = first; groups > 0 && exponent >= last; --exponent) {
    AppendBigEndian(static_cast<uint16_t>(GroupAt(value, exponent)), out);
  }
}

}  // namespace chaperone::masking
