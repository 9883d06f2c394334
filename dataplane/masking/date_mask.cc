// date, timestamp, timestamptz; time, timetz; interval.
#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>

#include "dataplane/masking/civil_time.h"
#include "dataplane/masking/family.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

// Hashes and fakes are dates of this span: plausible birthdays and invoices, valid everywhere.
constexpr int64_t kFirstDay = -18'262;  // 1950-01-01
constexpr int64_t kSpanDays = 36'524;   // to 2049-12-30
constexpr int kFakeAttemptsMax = 32;
constexpr int kFractionDigitsMax = 6;

// date_truncate's argument.
enum class TruncateTo : int64_t { kYear = 0, kMonth = 1, kDay = 2 };

int64_t TruncateDays(int64_t days, int64_t to) {
  CivilDate date = CivilOf(days);
  if (to == static_cast<int64_t>(TruncateTo::kDay)) {
    return days;
  }
  date.day = 1;
  date.month = to == static_cast<int64_t>(TruncateTo::kMonth) ? date.month : 1;
  return std::max(DaysOf(date), kDateDaysMin);
}

// Microseconds that a type with `digits` of them after the point cannot hold: timestamp(3) counts in thousands.
int64_t GrainOf(int32_t digits) {
  int64_t grain = 1;
  for (int32_t i = digits; i >= 0 && i < kFractionDigitsMax; ++i) {
    grain *= 10;
  }
  return grain;
}

std::optional<KeyedHash> HashFor(const MaskSpec& spec, const DeploymentKey& key, std::string_view type) {
  if (spec.method != MaskMethod::kHash && spec.method != MaskMethod::kFake) {
    return std::nullopt;
  }
  return KeyedHash(key, std::string(spec.method == MaskMethod::kHash ? "hash/" : "fake/").append(type));
}

std::string Bytes(int64_t first, int64_t second = 0) {
  std::string bytes;
  AppendBigEndian(first, &bytes);
  if (second != 0) {
    AppendBigEndian(second, &bytes);
  }
  return bytes;
}

// A number in [0, span) for the value; for a fake, not `was`.
int64_t Draw(const KeyedHash& hash, std::string_view seed, int64_t span, bool fake, int64_t was) {
  int64_t drawn = 0;
  for (int attempt = 0; attempt < kFakeAttemptsMax; ++attempt) {
    KeyedStream stream(hash, seed, static_cast<uint8_t>(attempt));
    drawn = static_cast<int64_t>(stream.Next64() % static_cast<uint64_t>(span));
    if (!fake || drawn != was) {
      break;
    }
  }
  return drawn;
}

// T: the binary format's integer. Its ends stand for the infinities.
template <typename T>
class InstantMasker : public CellMasker {
 public:
  InstantMasker(const MaskSpec& spec, const DeploymentKey& key)
      : method_(spec.method),
        truncate_to_(spec.argument),
        family_(spec.family),
        binary_(spec.format == Format::kBinary),
        grain_(GrainOf(spec.typmod)),
        hash_(HashFor(spec, key, spec.family == Family::kDate ? "date" : "timestamp")) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    int64_t value = 0;
    if (!Read(cell, &value)) {
      return Outcome::kNull;
    }
    Write(Apply(value), out);
    return Outcome::kValue;
  }

 private:
  static constexpr int64_t kInfinity = std::numeric_limits<T>::max();
  static constexpr int64_t kMinusInfinity = std::numeric_limits<T>::min();
  static constexpr int64_t kUnit = sizeof(T) == sizeof(int32_t) ? 1 : kMicrosPerDay;
  static constexpr int64_t kMin = sizeof(T) == sizeof(int32_t) ? kDateDaysMin : kTimestampMin;
  static constexpr int64_t kMax = sizeof(T) == sizeof(int32_t) ? kDateDaysMax : kTimestampMax;

  bool Read(std::string_view cell, int64_t* value) const {
    if (binary_) {
      if (cell.size() != sizeof(T)) {
        return false;
      }
      *value = LoadBigEndian<T>(cell.data());
      return *value == kInfinity || *value == kMinusInfinity || (*value >= kMin && *value <= kMax);
    }
    if (cell == "infinity" || cell == "-infinity") {
      *value = cell.front() == '-' ? kMinusInfinity : kInfinity;
      return true;
    }
    return family_ == Family::kDate ? ParseDate(cell, value)
                                    : ParseTimestamp(cell, family_ == Family::kTimestamptz, value);
  }

  void Write(int64_t value, std::string* out) const {
    if (binary_) {
      AppendBigEndian(static_cast<T>(value), out);
    } else if (value == kInfinity || value == kMinusInfinity) {
      out->append(value == kInfinity ? "infinity" : "-infinity");
    } else if (family_ == Family::kDate) {
      AppendDate(value, out);
    } else {
      AppendTimestamp(value, family_ == Family::kTimestamptz, out);
    }
  }

  int64_t Apply(int64_t value) const {
    switch (method_) {
      case MaskMethod::kDateTruncate: {
        if (value == kInfinity || value == kMinusInfinity) {
          return value;
        }
        const int64_t days = value / kUnit - (value % kUnit < 0 ? 1 : 0);
        return TruncateDays(days, truncate_to_) * kUnit;
      }
      case MaskMethod::kHash:
      case MaskMethod::kFake: {
        // A fake timestamp is in whole seconds.
        const bool fake = method_ == MaskMethod::kFake;
        const int64_t step = kUnit == 1 ? 1 : fake ? kMicrosPerSecond : grain_;
        const int64_t first = kFirstDay * kUnit;
        // A value outside of what is drawn from cannot be drawn.
        const bool in_span = value >= first && value < first + kSpanDays * kUnit;
        const int64_t was = in_span ? (value - first) / step : -1;
        return first + step * Draw(*hash_, Bytes(value), kSpanDays * (kUnit / step), fake, was);
      }
      default:
        return kUnixEpochDays * kUnit;
    }
  }

  const MaskMethod method_;
  const int64_t truncate_to_;
  const Family family_;
  const bool binary_;
  const int64_t grain_;
  const std::optional<KeyedHash> hash_;
};

// Only hash and fake have a meaning; the offset of a timetz goes.
class TimeMasker : public CellMasker {
 public:
  TimeMasker(const MaskSpec& spec, const DeploymentKey& key)
      : fake_(spec.method == MaskMethod::kFake),
        zoned_(spec.family == Family::kTimetz),
        binary_(spec.format == Format::kBinary),
        step_(fake_ ? kMicrosPerSecond : GrainOf(spec.typmod)),
        hash_(HashFor(spec, key, "time")) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    int64_t micros = 0;
    int32_t west = 0;
    if (!Read(cell, &micros, &west)) {
      return Outcome::kNull;
    }
    micros = hash_ ? step_ * Draw(*hash_, Bytes(micros, west), kMicrosPerDay / step_, fake_, micros / step_) : 0;
    if (binary_) {
      AppendBigEndian(micros, out);
      out->append(zoned_ ? sizeof(west) : 0, '\0');
    } else {
      AppendTime(micros, out);
      out->append(zoned_ ? "+00" : "");
    }
    return Outcome::kValue;
  }

 private:
  bool Read(std::string_view cell, int64_t* micros, int32_t* west) const {
    if (!binary_) {
      return zoned_ ? ParseTimetz(cell, micros, west) : ParseTime(cell, micros);
    }
    if (cell.size() != sizeof(*micros) + (zoned_ ? sizeof(*west) : 0)) {
      return false;
    }
    *micros = LoadBigEndian<int64_t>(cell.data());
    *west = zoned_ ? LoadBigEndian<int32_t>(cell.data() + sizeof(*micros)) : 0;
    return *micros >= 0 && *micros <= kMicrosPerDay;
  }

  const bool fake_;
  const bool zoned_;
  const bool binary_;
  const int64_t step_;
  const std::optional<KeyedHash> hash_;
};

constexpr size_t kIntervalBytes = 16;

// 1970-01-01; in text, a form that stands in every DateStyle.
std::string RedactedDate(const MaskSpec& spec) {
  std::string out;
  if (spec.format == Format::kText) {
    spec.family == Family::kDate
        ? AppendDate(kUnixEpochDays, &out)
        : AppendTimestamp(kUnixEpochDays * kMicrosPerDay, spec.family == Family::kTimestamptz, &out);
  } else if (spec.family == Family::kDate) {
    AppendBigEndian(static_cast<int32_t>(kUnixEpochDays), &out);
  } else {
    AppendBigEndian(kUnixEpochDays * kMicrosPerDay, &out);
  }
  return out;
}

}  // namespace

MaskerPtr MakeDateMasker(const MaskSpec& spec, const DeploymentKey& key) {
  const bool reads =
      spec.method == MaskMethod::kDateTruncate || spec.method == MaskMethod::kHash || spec.method == MaskMethod::kFake;
  if (!reads) {
    return MakeConstantMasker(RedactedDate(spec));
  }
  if (spec.family == Family::kDate) {
    return std::make_unique<InstantMasker<int32_t>>(spec, key);
  }
  return std::make_unique<InstantMasker<int64_t>>(spec, key);
}

MaskerPtr MakeTimeMasker(const MaskSpec& spec, const DeploymentKey& key) {
  return std::make_unique<TimeMasker>(spec, key);
}

// The text stands in every IntervalStyle.
MaskerPtr MakeIntervalMasker(const MaskSpec& spec) {
  return MakeConstantMasker(spec.format == Format::kBinary ? std::string(kIntervalBytes, '\0')
                                                           : std::string("00:00:00"));
}

}  // namespace chaperone::masking
