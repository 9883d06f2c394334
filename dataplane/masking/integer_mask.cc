// bool, int2, int4, int8.
#include <limits>
#include <string>

#include "dataplane/masking/family.h"
#include "dataplane/masking/integer_method.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

template <typename T>
class IntegerMasker : public CellMasker {
 public:
  IntegerMasker(const MaskSpec& spec, const DeploymentKey& key)
      : method_(spec.method, spec.argument, key, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()),
        binary_(spec.format == Format::kBinary) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    if (binary_) {
      if (cell.size() != sizeof(T)) {
        return Outcome::kNull;
      }
      AppendBigEndian(static_cast<T>(method_.Apply(LoadBigEndian<T>(cell.data()))), out);
      return Outcome::kValue;
    }
    T value = 0;
    if (!ParseNumber(cell, &value)) {
      return Outcome::kNull;
    }
    AppendNumber(static_cast<T>(method_.Apply(value)), out);
    return Outcome::kValue;
  }

 private:
  const IntegerMethod method_;
  const bool binary_;
};

template <typename T>
MaskerPtr Make(const MaskSpec& spec, const DeploymentKey& key) {
  return std::make_unique<IntegerMasker<T>>(spec, key);
}

}  // namespace

// Two values leave nothing to keep: every method redacts.
MaskerPtr MakeBoolMasker(const MaskSpec& spec) {
  return MakeConstantMasker(spec.format == Format::kBinary ? std::string_view("\0", 1) : "f");
}

MaskerPtr MakeIntegerMasker(const MaskSpec& spec, const DeploymentKey& key) {
  const size_t bytes = spec.family == Family::kInt2   ? sizeof(int16_t)
                       : spec.family == Family::kInt4 ? sizeof(int32_t)
                                                      : sizeof(int64_t);
  const bool redacts = spec.method == MaskMethod::kRedact || spec.method == MaskMethod::kEmail ||
                       spec.method == MaskMethod::kDateTruncate;
  if (redacts) {
    return MakeConstantMasker(spec.format == Format::kBinary ? std::string(bytes, '\0') : std::string("0"));
  }
  switch (spec.family) {
    case Family::kInt2:
      return Make<int16_t>(spec, key);
    case Family::kInt4:
      return Make<int32_t>(spec, key);
    default:
      return Make<int64_t>(spec, key);
  }
}

}  // namespace chaperone::masking
