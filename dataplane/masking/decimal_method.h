// The methods as they work on decimal numbers: numeric, and numbers within JSON.
#ifndef CHAPERONE_DATAPLANE_MASKING_DECIMAL_METHOD_H_
#define CHAPERONE_DATAPLANE_MASKING_DECIMAL_METHOD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "api/policy/policy.h"
#include "dataplane/masking/decimal.h"
#include "dataplane/masking/keyed_hash.h"

namespace chaperone::masking {

// numeric(precision, scale). Without a modifier: no bound.
struct DecimalShape {
  bool bounded = false;
  int precision = 0;
  // Negative: as many digits before the point are always 0.
  int scale = 0;

  // Of a numeric's type modifier.
  static DecimalShape Of(int32_t typmod);
};

// Keeps scratch memory: one for each masker.
class DecimalMethod {
 public:
  DecimalMethod(policy::MaskMethod method, int64_t argument, const DeploymentKey& key, DecimalShape shape);

  // Masks the number in place; the result fits the shape if the number did.
  void Apply(Decimal* value);

 private:
  void Redact(Decimal* value) const;
  void Hash(Decimal* value);
  void Keep(Decimal* value) const;
  void Round(Decimal* value) const;
  void Fake(Decimal* value);
  // Digits that a negative scale leaves 0 become 0.
  void ClearBelowScale(Decimal* value) const;

  policy::MaskMethod method_;
  uint64_t argument_;
  DecimalShape shape_;
  // Digits after the point of results that have no digits of their own.
  size_t result_scale_;
  // Only for the methods that need it.
  std::optional<KeyedHash> hash_;
  std::string scratch_;
};

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_DECIMAL_METHOD_H_
