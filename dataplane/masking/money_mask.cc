// money. In binary it is a whole number of the currency's smallest unit; in text it is written as lc_monetary says, so
// only amounts with no or two digits after their point are understood there ("$1,234.56", "1.234,56 €", "¥1,234"), and
// what comes out is plain: "1200" or "1200.00".
#include <algorithm>
#include <limits>
#include <string>

#include "dataplane/masking/family.h"
#include "dataplane/masking/integer_method.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

constexpr int64_t kCentsPerUnit = 100;
constexpr int64_t kMoneyMax = std::numeric_limits<int64_t>::max();
// Hashes stay below 2^40 cents, so that they fit in text as well, and read as amounts.
constexpr int64_t kHashMax = (int64_t{1} << 40) - 1;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Hundredths. False where the text does not say what its separators mean.
bool ParseMoney(std::string_view text, int64_t* cents) {
  const auto* const first = std::find_if(text.begin(), text.end(), IsDigit);
  if (first == text.end()) {
    return false;
  }
  const auto start = static_cast<size_t>(first - text.begin());
  const size_t last = text.find_last_of("0123456789");
  const std::string_view head = text.substr(0, start);
  const std::string_view tail = text.substr(last + 1);
  const std::string_view number = text.substr(start, last + 1 - start);
  const size_t point = number.find_last_not_of("0123456789");
  const size_t after = point == std::string_view::npos ? 0 : number.size() - point - 1;
  if (point != std::string_view::npos && after != 2 && after != 3) {
    return false;
  }
  // Three digits are a thousands group only if no other separator than this one is there.
  if (after == 3 && number.find_first_not_of(std::string("0123456789") + number[point]) != std::string_view::npos) {
    return false;
  }
  uint64_t value = 0;
  for (const char c : number) {
    if (IsDigit(c) && (__builtin_mul_overflow(value, uint64_t{10}, &value) ||
                       __builtin_add_overflow(value, static_cast<uint64_t>(c - '0'), &value))) {
      return false;
    }
  }
  if (after != 2 && __builtin_mul_overflow(value, uint64_t{kCentsPerUnit}, &value)) {
    return false;
  }
  const bool negative = head.find_first_of("-(") != std::string_view::npos || tail.find('-') != std::string_view::npos;
  *cents = static_cast<int64_t>(negative ? ~value + 1 : value);
  return value <= static_cast<uint64_t>(kMoneyMax) + (negative ? 1 : 0);
}

void AppendMoney(int64_t cents, std::string* out) {
  if (cents < 0) {
    out->push_back('-');
  }
  const uint64_t magnitude = cents < 0 ? ~static_cast<uint64_t>(cents) + 1 : static_cast<uint64_t>(cents);
  AppendNumber(magnitude / kCentsPerUnit, out);
  if (const uint64_t rest = magnitude % kCentsPerUnit; rest > 0) {
    out->push_back('.');
    out->push_back(static_cast<char>('0' + rest / 10));
    out->push_back(static_cast<char>('0' + rest % 10));
  }
}

// round_n: n is in whole units of the currency.
int64_t ArgumentOf(const MaskSpec& spec) {
  int64_t argument = 0;
  const bool in_range = !__builtin_mul_overflow(spec.argument, kCentsPerUnit, &argument);
  return spec.method != MaskMethod::kRound ? spec.argument : in_range ? argument : kMoneyMax;
}

class MoneyMasker : public CellMasker {
 public:
  MoneyMasker(const MaskSpec& spec, const DeploymentKey& key)
      : method_(spec.method, ArgumentOf(spec), key, -kMoneyMax - 1,
                spec.method == MaskMethod::kHash ? kHashMax : kMoneyMax),
        binary_(spec.format == Format::kBinary) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    int64_t cents = 0;
    if (binary_ ? cell.size() != sizeof(cents) : !ParseMoney(cell, &cents)) {
      return Outcome::kNull;
    }
    if (binary_) {
      AppendBigEndian(method_.Apply(LoadBigEndian<int64_t>(cell.data())), out);
    } else {
      AppendMoney(method_.Apply(cents), out);
    }
    return Outcome::kValue;
  }

 private:
  const IntegerMethod method_;
  const bool binary_;
};

}  // namespace

MaskerPtr MakeMoneyMasker(const MaskSpec& spec, const DeploymentKey& key) {
  switch (spec.method) {
    case MaskMethod::kHash:
    case MaskMethod::kFake:
    case MaskMethod::kRound:
      return std::make_unique<MoneyMasker>(spec, key);
    default:
      return MakeConstantMasker(spec.format == Format::kBinary ? std::string(sizeof(int64_t), '\0') : std::string("0"));
  }
}

}  // namespace chaperone::masking
