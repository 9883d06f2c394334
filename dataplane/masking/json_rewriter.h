// Rewrites one JSON value: scalars at or below given paths are masked, everything else is copied byte for byte. One
// pass with an explicit stack; what is not understood fails the whole value.
#ifndef CHAPERONE_DATAPLANE_MASKING_JSON_REWRITER_H_
#define CHAPERONE_DATAPLANE_MASKING_JSON_REWRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/policy/policy.h"
#include "dataplane/masking/decimal_method.h"
#include "dataplane/masking/text_method.h"

namespace chaperone::masking {

// Objects and arrays within each other; deeper values fail.
inline constexpr size_t kJsonDepthMax = 256;
inline constexpr size_t kJsonPathsMax = 64;
// Positions in a path are kept as bits of one word.
inline constexpr size_t kJsonStepsMax = 63;

class JsonRewriter {
 public:
  // A mask at or below a path; the empty path is the whole value. Where several cover a scalar, the strictest does.
  // REQUIRES: no more than kJsonPathsMax masks of kJsonStepsMax steps, rules that are not null.
  // `fake_keys`: the keys below a path are faked too.
  JsonRewriter(const std::vector<policy::JsonPathMask>& masks, const DeploymentKey& key, bool fake_keys);

  // Appends the rewritten value. False, with part of it appended, for what is no JSON value or too deep.
  bool Rewrite(std::string_view json, std::string* out);

 private:
  // A rule on scalars of each kind.
  struct ScalarMask {
    bool is_null = false;
    TextMethod text;
    DecimalMethod number;
  };
  // An index into masks_, which are sorted by strictness; kNone: not masked.
  using MaskIndex = size_t;
  static constexpr MaskIndex kNone = kJsonPathsMax;

  struct Frame {
    bool is_object = false;
    MaskIndex mask = kNone;
  };

  bool TakeValue();
  bool TakeMember();
  bool TakeScalar();
  bool TakeString();
  bool TakeBare();
  bool Open(bool is_object);
  // After a value: a comma, or the ends of containers. False when neither is there.
  bool CloseOrContinue();
  void SkipSpaces();
  // Sets the state for the member under `key`.
  void Enter(std::string_view key);
  // The same for the elements of the array that was just opened.
  void EnterArray();
  void Match(std::string_view key, bool is_array);
  bool MaskKey(std::string_view literal);
  // Copies what was read since the last copy; `skip` bytes that follow are left out.
  void FlushAndSkip(size_t skip);
  // The positions of all paths at a depth.
  uint64_t* PositionsAt(size_t depth) { return positions_.data() + depth * paths_.size(); }

  std::vector<std::vector<policy::JsonStep>> paths_;
  std::vector<ScalarMask> masks_;
  // Holds at the root.
  MaskIndex root_mask_ = kNone;
  bool fake_keys_;
  TextMethod key_fake_;

  // The state of one Rewrite.
  std::string_view json_;
  size_t at_ = 0;
  size_t copied_ = 0;
  std::string* out_ = nullptr;
  // What holds for the value that comes next.
  MaskIndex mask_ = kNone;
  std::vector<Frame> frames_;
  // For each depth and path, bit i: the first i steps are taken. The values within frame d have row d + 1.
  std::vector<uint64_t> positions_;
  std::string value_;
  std::string masked_;
  Decimal number_;
};

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_JSON_REWRITER_H_
