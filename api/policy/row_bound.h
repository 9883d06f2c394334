// Whether a bound on changed rows can be kept for a message: the sidecar counts by the command tags of its statements
// and undoes what exceeds the bound, so every statement has to have a tag that counts all it changes, and the message
// has to be undone as a whole.
#ifndef CHAPERONE_API_POLICY_ROW_BOUND_H_
#define CHAPERONE_API_POLICY_ROW_BOUND_H_

#include <optional>
#include <string_view>

#include "api/sql/facts.h"

namespace chaperone::policy {

// Why no bound can be kept, and what to write instead.
struct Uncountable {
  std::string_view reason;
  std::string_view hint;
};

// None when a bound can be kept for the message.
std::optional<Uncountable> WhyUncountable(const sql::Facts& facts);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_ROW_BOUND_H_
