// The methods as they work on whole numbers: int2, int4, int8, and money in its smallest unit.
#ifndef CHAPERONE_DATAPLANE_MASKING_INTEGER_METHOD_H_
#define CHAPERONE_DATAPLANE_MASKING_INTEGER_METHOD_H_

#include <cstdint>
#include <optional>

#include "api/policy/policy.h"
#include "dataplane/masking/keyed_hash.h"

namespace chaperone::masking {

// Immutable; share it freely.
class IntegerMethod {
 public:
  // Results are in [min, max]; hashes in [0, max]. REQUIRES: min < 0, max a power of two less one.
  IntegerMethod(policy::MaskMethod method, int64_t argument, const DeploymentKey& key, int64_t min, int64_t max);

  int64_t Apply(int64_t value) const;

 private:
  int64_t Hash(int64_t value) const;
  int64_t Keep(int64_t value) const;
  int64_t Round(int64_t value) const;
  int64_t Fake(int64_t value) const;

  policy::MaskMethod method_;
  int64_t argument_;
  int64_t min_;
  int64_t max_;
  // Only for the methods that need it.
  std::optional<KeyedHash> hash_;
};

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_INTEGER_METHOD_H_
