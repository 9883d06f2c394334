// Within masking: the maskers of each group of types, and what they are made from. method.h is the way in from outside.
#ifndef CHAPERONE_DATAPLANE_MASKING_FAMILY_H_
#define CHAPERONE_DATAPLANE_MASKING_FAMILY_H_

#include <memory>
#include <string_view>

#include "dataplane/masking/method.h"

namespace chaperone::masking {

// Types nest (arrays of composites of domains …) no deeper than this; deeper ones become NULL.
inline constexpr int kTypeDepthMax = 8;

// One mask on one type.
struct MaskSpec {
  policy::MaskMethod method = policy::MaskMethod::kRedact;
  int64_t argument = 0;
  // Of the type that is masked, domains resolved.
  Family family = Family::kOpaque;
  int32_t typmod = -1;
  Format format = Format::kText;
};

// VARHDRSZ: the modifier of varchar(n), char(n) and numeric(p,s) counts it in.
inline constexpr int32_t kTypmodHeader = 4;

using MaskerPtr = std::unique_ptr<CellMasker>;

// Every cell becomes NULL.
MaskerPtr MakeNullMasker();
// Every cell becomes `value`.
MaskerPtr MakeConstantMasker(std::string_view value);

// Each makes the masker for its families in both formats. REQUIRES: spec.method is not kNull.
MaskerPtr MakeTextMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeCharMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeBoolMasker(const MaskSpec& spec);
MaskerPtr MakeIntegerMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeNumericMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeFloatMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeMoneyMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeDateMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeTimeMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeIntervalMasker(const MaskSpec& spec);
MaskerPtr MakeUuidMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeNetworkMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeMacMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeByteaMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeBitMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeXmlMasker(const MaskSpec& spec, const DeploymentKey& key);
MaskerPtr MakeJsonMasker(const MaskSpec& spec, const DeploymentKey& key);

// The masker of a base type: one of the above.
MaskerPtr MakeBaseMasker(const MaskSpec& spec, const DeploymentKey& key);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_FAMILY_H_
