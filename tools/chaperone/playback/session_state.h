// What later records of a session refer to by number: statement texts, verdicts and result shapes. Owns its copies, so
// that chunks may be dropped once read. Not thread-safe.
#ifndef CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_SESSION_STATE_H_
#define CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_SESSION_STATE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "api/recording/record.h"

namespace chaperone::playback {

// Texts, verdicts and column names of one session together.
inline constexpr size_t kStateBytesMax = 256 << 20;

struct ShapeColumn {
  std::string name;
  uint32_t type_oid = 0;
  bool binary = false;
  std::string mask_rule;
  std::string mask_method;
};
using Shape = std::vector<ShapeColumn>;

// As recording::Verdict.
struct Reasons {
  bool observed = false;
  recording::RecordedDecision observed_decision = recording::RecordedDecision::kAllow;
  uint64_t policy_revision = 0;
  std::string policy, rule, reason, action, resource;
};

class SessionState {
 public:
  // Remembers what `record` defines; other records do nothing. Errors: ResourceExhausted past kStateBytesMax.
  absl::Status Add(const recording::Record& record);

  // A placeholder for a text that was not recorded. Valid until the next Add.
  std::string_view Text(uint32_t text_id) const;
  // Empty for a verdict that was not recorded. Valid until the next Add.
  const Reasons& ReasonsOf(const recording::Attempt& attempt) const;
  // Null for a shape that was not recorded.
  const Shape* FindShape(uint32_t shape_id) const;

 private:
  std::map<uint32_t, std::string> texts_;
  std::map<uint32_t, Reasons> reasons_;
  std::map<uint32_t, Shape> shapes_;
  size_t bytes_ = 0;
};

}  // namespace chaperone::playback

#endif  // CHAPERONE_TOOLS_CHAPERONE_PLAYBACK_SESSION_STATE_H_
