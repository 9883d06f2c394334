#include "dataplane/masking/detector_cache.h"

#include <utility>
#include <vector>

namespace chaperone::masking {

absl::StatusOr<std::shared_ptr<const detect::Detector>> DetectorCache::For(const policy::MaskingRule& rule) {
  std::string key;
  const auto add = [&key](std::string_view text) { key += fmt::format("{}:{}", text.size(), text); };
  for (const std::string& kind : rule.detect) {
    add(kind);
  }
  key += "|";
  std::vector<detect::OperatorPattern> patterns;
  for (const policy::DetectorPattern& pattern : rule.patterns) {
    add(pattern.name);
    add(pattern.regex);
    patterns.push_back({pattern.name, pattern.regex});
  }
  auto found = known_.find(key);
  if (found == known_.end()) {
    CHAPERONE_ASSIGN_OR_RETURN(std::shared_ptr<const detect::Detector> made,
                               detect::Detector::Make(rule.detect, patterns));
    MakeRoom();
    found = known_.emplace(std::move(key), Entry{std::move(made), 0}).first;
  }
  found->second.used_at = ++uses_;
  return found->second.detector;
}

void DetectorCache::MakeRoom() {
  while (known_.size() >= kKeptMax) {
    auto oldest = known_.end();
    for (auto entry = known_.begin(); entry != known_.end(); ++entry) {
      const bool is_held = entry->second.detector.use_count() > 1;
      if (!is_held && (oldest == known_.end() || entry->second.used_at < oldest->second.used_at)) {
        oldest = entry;
      }
    }
    if (oldest == known_.end()) {
      return;
    }
    known_.erase(oldest);
  }
}

}  // namespace chaperone::masking
