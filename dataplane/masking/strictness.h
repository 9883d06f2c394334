// Which of two masks hides more, where both cover one value.
#ifndef CHAPERONE_DATAPLANE_MASKING_STRICTNESS_H_
#define CHAPERONE_DATAPLANE_MASKING_STRICTNESS_H_

#include <cstdint>

#include "api/policy/policy.h"

namespace chaperone::masking {

// The order is that of policies, in which overlapping rules for a whole column are resolved as well: null, redact,
// hash, fake, date_truncate (year first), round (large steps first), keep_first and keep_last (few first), email.
inline bool IsStricter(const policy::MaskingRule& a, const policy::MaskingRule& b) {
  using policy::MaskMethod;
  const auto rank = [](MaskMethod method) {
    switch (method) {
      case MaskMethod::kNull:
        return 0;
      case MaskMethod::kRedact:
        return 1;
      case MaskMethod::kHash:
        return 2;
      case MaskMethod::kFake:
        return 3;
      case MaskMethod::kDateTruncate:
        return 4;
      case MaskMethod::kRound:
        return 5;
      case MaskMethod::kKeepFirst:
      case MaskMethod::kKeepLast:
        return 6;
      case MaskMethod::kEmail:
        return 7;
    }
    return 0;
  };
  if (rank(a.method) != rank(b.method)) {
    return rank(a.method) < rank(b.method);
  }
  return a.method == MaskMethod::kRound ? a.argument > b.argument : a.argument < b.argument;
}

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_STRICTNESS_H_
