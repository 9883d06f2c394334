#include "controlplane/model/page.h"

#include <utility>

namespace chaperone::model {

namespace {
constexpr int kLimitDefault = 100;
constexpr int kLimitMax = 1000;
constexpr size_t kScanEntries = 256;
}  // namespace

absl::StatusOr<int> PageLimit(int32_t limit) {
  if (limit < 0 || limit > kLimitMax) {
    return base::InvalidArgument("limit is {}; it must be from 0 (meaning {}) to {}", limit, kLimitDefault, kLimitMax);
  }
  return limit == 0 ? kLimitDefault : limit;
}

absl::Status ScanNewestFirst(const store::Store& store, store::Family family, std::string before,
                             const std::function<absl::StatusOr<bool>(const store::Entry&)>& take) {
  store::ScanRange range;
  range.family = family;
  range.end = std::move(before);
  range.reverse = true;
  range.limit = kScanEntries;
  for (;;) {
    CHAPERONE_ASSIGN_OR_RETURN(const auto entries, store.Scan(range));
    for (const store::Entry& entry : entries) {
      CHAPERONE_ASSIGN_OR_RETURN(const bool more, take(entry));
      if (!more) {
        return absl::OkStatus();
      }
    }
    if (entries.empty()) {
      return absl::OkStatus();
    }
    range.end = entries.back().key;
  }
}

std::string CutText(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return std::string(text);
  }
  size_t end = bytes_max;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) {
    --end;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace chaperone::model
