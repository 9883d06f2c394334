// Words that say what a number is: many identity numbers are plain digits of which one in ten passes the check, so they
// count only near such a word, or in a column named by one.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_CONTEXT_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_CONTEXT_H_

#include <string_view>

#include "dataplane/masking/detect/kinds.h"

namespace chaperone::masking::detect {

// Bytes before and behind a value in which a word counts.
inline constexpr size_t kContextBefore = 64;
inline constexpr size_t kContextBehind = 64;

// A word of `kind` stands in `text`, whole: "bsn", "BSN:", "customer_bsn" and "customerBsn", not "absnt".
bool SpeaksOf(Kind kind, std::string_view text);

// The kinds that a column's name speaks of.
KindSet KindsOfColumn(std::string_view column_name);

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_CONTEXT_H_
