// Which layouts of COPY can be masked row by row. Pure.
#ifndef CHAPERONE_API_MASKING_COPY_OPTIONS_H_
#define CHAPERONE_API_MASKING_COPY_OPTIONS_H_

#include "api/base/status.h"
#include "api/sql/facts.h"

namespace chaperone::masking {

// Whether rows that are laid out so can be masked. Errors: FailedPrecondition that names the option and says what to
// write instead. `masks_values`: values of a masked column are among them, so that NULL must be told from any value.
absl::Status CheckCopyOptions(const sql::CopyOptions& options, bool masks_values);

}  // namespace chaperone::masking

#endif  // CHAPERONE_API_MASKING_COPY_OPTIONS_H_
