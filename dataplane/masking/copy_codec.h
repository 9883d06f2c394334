// Within masking: one format of COPY's data. Finds where rows end and rewrites one row at a time.
#ifndef CHAPERONE_DATAPLANE_MASKING_COPY_CODEC_H_
#define CHAPERONE_DATAPLANE_MASKING_COPY_CODEC_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/base/status.h"
#include "api/sql/facts.h"
#include "dataplane/masking/result.h"

namespace chaperone::masking {

enum class RowState : uint8_t { kNeedMore, kRow, kMalformed };

class CopyCodec {
 public:
  virtual ~CopyCodec() = default;

  // Where the row that `data` begins with ends. After kNeedMore the next call is given the same bytes with more behind
  // them, and goes on where this one stopped.
  virtual RowState FindEnd(std::string_view data, size_t* row_bytes) = 0;
  // Appends the row, masked. REQUIRES: `row` is what FindEnd found. Errors: DataLoss.
  virtual absl::Status MaskRow(std::string_view row, std::string* out, uint64_t* masked_cells) = 0;
  // Nothing is missing at the end of the data.
  virtual bool IsComplete() const { return true; }
};

std::unique_ptr<CopyCodec> MakeTextCopyCodec(const sql::Statement& statement, std::shared_ptr<ResultPlan> plan);
std::unique_ptr<CopyCodec> MakeCsvCopyCodec(const sql::Statement& statement, std::shared_ptr<ResultPlan> plan);
std::unique_ptr<CopyCodec> MakeBinaryCopyCodec(std::shared_ptr<ResultPlan> plan);

absl::Status MalformedCopy();

// One cell under the plan, for the formats in which a value has a written form other than its own bytes.
class CopyCell {
 public:
  explicit CopyCell(ResultPlan& plan) : plan_(plan) {}

  // What becomes of it: kUnchanged, its written form may be sent as it is; else `value()`. `cell` is absent for NULL.
  ResultPlan::CellChange Mask(size_t column, std::optional<std::string_view> cell, uint64_t* masked_cells) {
    value_.clear();
    const ResultPlan::CellChange change = plan_.MaskCell(column, cell, &value_);
    *masked_cells += change == ResultPlan::CellChange::kUnchanged ? 0 : 1;
    return change;
  }
  std::string_view value() const { return value_; }

 private:
  ResultPlan& plan_;
  std::string value_;
};

// The line of column names that HEADER asks for, which is sent as it is when it names what was worked out; anything
// else in its place is masked as a row.
class CopyHeader {
 public:
  // `append`(name, out) writes a name as the format writes values.
  template <typename Append>
  CopyHeader(const sql::Statement& statement, const Append& append) : is_expected_(statement.copy_options.header) {
    for (const sql::OutputColumn& output : statement.outputs) {
      if (&output != statement.outputs.data()) {
        names_.push_back(statement.copy_options.delimiter);
      }
      append(output.name, &names_);
    }
  }

  // True for the first row only, when it is the names. `row`: without its line's end.
  bool Matches(std::string_view row) { return std::exchange(is_expected_, false) && row == names_; }

 private:
  bool is_expected_;
  std::string names_;
};

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_COPY_CODEC_H_
