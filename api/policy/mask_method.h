// Names and order of mask methods.
#ifndef CHAPERONE_API_POLICY_MASK_METHOD_H_
#define CHAPERONE_API_POLICY_MASK_METHOD_H_

#include <cstdint>
#include <string_view>

#include "api/base/status.h"
#include "api/policy/policy.h"

namespace chaperone::policy {

struct MaskMethodSpec {
  MaskMethod method = MaskMethod::kRedact;
  int64_t argument = 0;
};

// "keep_last_4" -> {kKeepLast, 4}. Errors: InvalidArgument with what is known.
absl::StatusOr<MaskMethodSpec> ParseMaskMethod(std::string_view text);

// How little a method tells of the value: the lower, the stricter. null 0, redact, hash, fake, date_truncate (year,
// month, day), round (the larger the step, the stricter), keep_first and keep_last (the fewer, the stricter; first
// before last), email. Equal methods with equal arguments compare equal.
struct Strictness {
  int rank = 0;
  int64_t fine = 0;
  auto operator<=>(const Strictness&) const = default;
};
Strictness StrictnessOf(MaskMethod method, int64_t argument);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_MASK_METHOD_H_
