// Lists for operators: newest first, in pages that continue after an id.
#ifndef CHAPERONE_CONTROLPLANE_MODEL_PAGE_H_
#define CHAPERONE_CONTROLPLANE_MODEL_PAGE_H_

#include <functional>
#include <string>
#include <string_view>

#include "api/base/id.h"
#include "api/base/status.h"
#include "controlplane/model/keys.h"
#include "controlplane/store/store.h"

namespace chaperone::model {

// `limit` of a request: 100 when 0. Errors: InvalidArgument when negative or over 1,000.
absl::StatusOr<int> PageLimit(int32_t limit);

// `after` of a request as the key that the page ends before; empty for the first page. Errors: InvalidArgument.
template <typename Kind>
absl::StatusOr<std::string> PageEnd(std::string_view after) {
  if (after.empty()) {
    return std::string();
  }
  CHAPERONE_ASSIGN_OR_RETURN(const auto id, base::Id<Kind>::Parse(after));
  return IdKey(id);
}

// Hands over entries with keys below `before` (empty: all), from the last one down, until `take` returns false. Errors:
// what the store or `take` returns.
absl::Status ScanNewestFirst(const store::Store& store, store::Family family, std::string before,
                             const std::function<absl::StatusOr<bool>(const store::Entry&)>& take);

// `text`, or its first bytes up to a whole UTF-8 character and "…".
std::string CutText(std::string_view text, size_t bytes_max);

}  // namespace chaperone::model

#endif  // CHAPERONE_CONTROLPLANE_MODEL_PAGE_H_
