// The names that `detect` of a masking rule may hold. Both planes must refuse the same documents, so the names are
// fixed here; what each kind looks like is the masking stage's business.
#ifndef CHAPERONE_API_POLICY_DETECTOR_KINDS_H_
#define CHAPERONE_API_POLICY_DETECTOR_KINDS_H_

#include <string>
#include <string_view>
#include <vector>

namespace chaperone::policy {

// Every kind, sorted by name. Groups are not among them.
const std::vector<std::string_view>& DetectorKinds();
// Names that stand for several kinds: "secret_key", "national_id", "contact", "network", "payment".
const std::vector<std::string_view>& DetectorGroups();
// The kinds behind a kind or group; empty for a name that is neither.
std::vector<std::string_view> ExpandDetector(std::string_view name);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_DETECTOR_KINDS_H_
