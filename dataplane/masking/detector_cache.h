// Detectors, so that rules that look for the same share one. Making one takes tens of milliseconds; those that were
// used last are kept for the sessions to come.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECTOR_CACHE_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECTOR_CACHE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "api/base/status.h"
#include "api/policy/policy.h"
#include "dataplane/masking/detect/detector.h"

namespace chaperone::masking {

// Threading: one at a time.
class DetectorCache {
 public:
  // Beyond these, detectors go that nobody else holds, the longest unused first.
  static constexpr size_t kKeptMax = 16;

  // Errors: as Detector::Make.
  absl::StatusOr<std::shared_ptr<const detect::Detector>> For(const policy::MaskingRule& rule);
  size_t size() const { return known_.size(); }

 private:
  struct Entry {
    std::shared_ptr<const detect::Detector> detector;
    uint64_t used_at = 0;
  };
  void MakeRoom();

  std::map<std::string, Entry, std::less<>> known_;
  uint64_t uses_ = 0;
};

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECTOR_CACHE_H_
