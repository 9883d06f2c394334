// Phone numbers: E.164, and the national forms whose punctuation shows what they are.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_PHONE_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_PHONE_H_

#include <vector>

#include "dataplane/masking/detect/number.h"

namespace chaperone::masking::detect {

// Reports a phone number that starts with groups[index] of the chain, if there is one. The groups that it takes, or 0.
size_t RecognizePhone(const CellScan& scan, const std::vector<DigitGroup>& groups, size_t index);

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_PHONE_H_
