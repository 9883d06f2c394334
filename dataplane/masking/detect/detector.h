// Finds sensitive values in text: the search itself. It looks for marks of each group of kinds in one pass (runs of
// digits, words, @, colons) and for literals through Vectorscan; the recognizers decide what stands there. The
// operator's own patterns are RE2's. Pure; immutable once made.
//
// Text that is not ASCII is folded first: full-width forms and digits of other scripts to ASCII, wide spaces and dashes
// to plain ones, invisible characters away (compare Unicode TR 15, NFKC), so that none of these hides a value.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_DETECTOR_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_DETECTOR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "dataplane/masking/detect/cell_scan.h"
#include "dataplane/masking/detect/kinds.h"

namespace chaperone::masking::detect {

struct OperatorPattern {
  std::string name;
  // RE2 syntax.
  std::string regex;
};

// Literals that FindLiterals tells of; text that has more of them gains nothing by it.
inline constexpr size_t kLiteralsMax = 64;

class Detector {
 public:
  // `kinds`: names of kinds or groups. Errors: InvalidArgument for a name that is neither, for a pattern that RE2
  // refuses or that needs too much memory; Internal when the processor lacks what Vectorscan needs (SSSE3, NEON).
  static absl::StatusOr<std::shared_ptr<const Detector>> Make(const std::vector<std::string>& kinds,
                                                              const std::vector<OperatorPattern>& patterns);
  virtual ~Detector() = default;

  // Appends what is found in `cell`, in no order; findings may overlap. `column`: the kinds that the column's name
  // speaks of (context.h). Any bytes, any size up to 2 GiB; time is linear in the size. Thread-safe.
  virtual void Find(std::string_view cell, const KindSet& column, std::vector<Finding>* findings) const = 0;

  // The same for many cells that lie in one stretch of bytes, at a fraction of the cost: FindLiterals looks over the
  // stretch and appends where literals end in it, in order; FindBetweenLiterals finds what Find does in a cell in which
  // none of them ends. False when that cannot be told (no memory, or more than kLiteralsMax): use Find.
  virtual bool FindLiterals(std::string_view stretch, std::vector<uint32_t>* ends) const = 0;
  virtual void FindBetweenLiterals(std::string_view cell, const KindSet& column,
                                   std::vector<Finding>* findings) const = 0;
};

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_DETECTOR_H_
