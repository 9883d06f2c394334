// COPY … TO STDOUT on its way to the client: the rows are taken apart in the statement's format, masked cell by cell
// under the plan of their columns, and written as the server writes them. In the flow: result.h makes the plan, the
// session feeds what CopyData carries. The formats: PostgreSQL 15 manual, COPY, "File Formats"; how the server writes
// them: src/backend/commands/copyto.c.
//
// Sans I/O. Rows may be split over chunks anywhere. What is not as the server writes it is an error, after which the
// session has to end: nobody knows any more where a cell begins.
#ifndef CHAPERONE_DATAPLANE_MASKING_COPY_H_
#define CHAPERONE_DATAPLANE_MASKING_COPY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/base/status.h"
#include "api/masking/copy_options.h"
#include "api/sql/facts.h"
#include "dataplane/masking/result.h"

namespace chaperone::masking {

class CopyCodec;

// One statement's.
class CopyMasker {
 public:
  // REQUIRES: CheckCopyOptions; `plan` is that of the statement's outputs. Row: at most `row_bytes_max` of one are
  // kept.
  CopyMasker(const sql::Statement& statement, std::shared_ptr<ResultPlan> plan, size_t row_bytes_max);
  ~CopyMasker();
  CopyMasker(const CopyMasker&) = delete;
  CopyMasker& operator=(const CopyMasker&) = delete;

  // Appends those rows, masked, that `chunk` completes, and counts the cells that were changed. Errors: DataLoss, the
  // data is not in the format; ResourceExhausted, a row is too long. Then something may have been appended that must
  // not be sent.
  absl::Status Write(std::string_view chunk, std::string* out, uint64_t* masked_cells);
  // The data has ended. Errors: DataLoss when it ended within a row.
  absl::Status Finish() const;

 private:
  const std::unique_ptr<CopyCodec> codec_;
  const size_t row_bytes_max_;
  // The beginning of a row.
  std::string pending_;
};

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_COPY_H_
