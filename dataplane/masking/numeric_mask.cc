// numeric, float4, float8.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include "dataplane/masking/decimal_method.h"
#include "dataplane/masking/family.h"
#include "dataplane/masking/surrogate.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

class NumericMasker : public CellMasker {
 public:
  NumericMasker(const MaskSpec& spec, const DeploymentKey& key)
      : method_(spec.method, spec.argument, key, DecimalShape::Of(spec.typmod)),
        binary_(spec.format == Format::kBinary) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    if (!(binary_ ? DecodeDecimal(cell, &value_) : ParseDecimal(cell, &value_))) {
      return Outcome::kNull;
    }
    method_.Apply(&value_);
    binary_ ? EncodeDecimal(value_, out) : AppendDecimal(value_, out);
    return Outcome::kValue;
  }

 private:
  DecimalMethod method_;
  const bool binary_;
  Decimal value_;
};

constexpr std::string_view kNanText = "NaN";
constexpr std::string_view kInfinityText = "Infinity";
constexpr std::string_view kMinusInfinityText = "-Infinity";

template <typename T, typename Bits>
class FloatMasker : public CellMasker {
 public:
  FloatMasker(const MaskSpec& spec, const DeploymentKey& key)
      : method_(spec.method), step_(static_cast<T>(spec.argument)), binary_(spec.format == Format::kBinary) {
    if (method_ == MaskMethod::kHash || method_ == MaskMethod::kFake) {
      hash_.emplace(key, method_ == MaskMethod::kHash ? "hash/float" : "fake/float");
    }
  }

  Outcome Mask(std::string_view cell, std::string* out) override {
    T value = 0;
    if (!Read(cell, &value)) {
      return Outcome::kNull;
    }
    Write(Apply(value), out);
    return Outcome::kValue;
  }

 private:
  bool Read(std::string_view cell, T* value) const {
    if (binary_) {
      if (cell.size() != sizeof(T)) {
        return false;
      }
      *value = std::bit_cast<T>(LoadBigEndian<Bits>(cell.data()));
      return true;
    }
    if (cell == kNanText) {
      *value = std::numeric_limits<T>::quiet_NaN();
      return true;
    }
    if (cell == kInfinityText || cell == kMinusInfinityText) {
      *value = cell == kInfinityText ? std::numeric_limits<T>::infinity() : -std::numeric_limits<T>::infinity();
      return true;
    }
    return ParseNumber(cell, value) && std::isfinite(*value);
  }

  void Write(T value, std::string* out) const {
    if (binary_) {
      AppendBigEndian(std::bit_cast<Bits>(value), out);
    } else if (std::isnan(value)) {
      out->append(kNanText);
    } else if (std::isinf(value)) {
      out->append(value > 0 ? kInfinityText : kMinusInfinityText);
    } else {
      AppendNumber(value, out);
    }
  }

  T Apply(T value) const {
    switch (method_) {
      case MaskMethod::kRound:
        return Round(value);
      case MaskMethod::kHash:
        return Hash(value);
      case MaskMethod::kFake:
        return std::isfinite(value) ? Fake(value) : 0;
      default:
        return 0;
    }
  }

  // To the nearest multiple, halves away from zero; what is not finite, before or after, has no nearest multiple.
  T Round(T value) const {
    if (step_ <= 0) {
      return 0;
    }
    if (!std::isfinite(value)) {
      return value;
    }
    const T rounded = std::round(value / step_) * step_;
    return std::isfinite(rounded) && rounded != 0 ? rounded : 0;
  }

  // A whole number that the type holds exactly. The zeros and all NaNs are one value each.
  T Hash(T value) const {
    const T canonical = value == 0 ? 0 : std::isnan(value) ? std::numeric_limits<T>::quiet_NaN() : value;
    std::array<char, sizeof(double)> bytes;
    const double wide = canonical;
    std::memcpy(bytes.data(), &wide, bytes.size());
    KeyedStream stream(*hash_, {bytes.data(), bytes.size()});
    return static_cast<T>(stream.Next64() >> (64 - std::numeric_limits<T>::digits));
  }

  // The digits of the shortest text are replaced; the exponent stays.
  T Fake(T value) const {
    std::array<char, 32> text;
    std::array<char, 32> faked;
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    const std::string_view all(text.data(), static_cast<size_t>(end - text.data()));
    const size_t mantissa = std::min(all.find('e'), all.size());
    faked = text;
    FakeDigits(all.substr(0, mantissa), *hash_, faked.data());
    T result = 0;
    return ParseNumber<T>({faked.data(), all.size()}, &result) && std::isfinite(result) ? result : 0;
  }

  const MaskMethod method_;
  const T step_;
  const bool binary_;
  std::optional<KeyedHash> hash_;
};

}  // namespace

MaskerPtr MakeNumericMasker(const MaskSpec& spec, const DeploymentKey& key) {
  return std::make_unique<NumericMasker>(spec, key);
}

MaskerPtr MakeFloatMasker(const MaskSpec& spec, const DeploymentKey& key) {
  if (spec.family == Family::kFloat4) {
    return std::make_unique<FloatMasker<float, uint32_t>>(spec, key);
  }
  return std::make_unique<FloatMasker<double, uint64_t>>(spec, key);
}

}  // namespace chaperone::masking
