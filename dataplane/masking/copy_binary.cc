// COPY's binary format: a header, then rows laid out like the body of a DataRow, then a count of -1.
#include <utility>

#include "dataplane/masking/copy_codec.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
// The signature, flags, the length of an extension: no server so far sets either.
constexpr size_t kHeaderBytes = 11 + 4 + 4;
constexpr int16_t kEndOfRows = -1;

class BinaryCopyCodec final : public CopyCodec {
 public:
  explicit BinaryCopyCodec(std::shared_ptr<ResultPlan> plan) : plan_(std::move(plan)) {}

  RowState FindEnd(std::string_view data, size_t* row_bytes) override {
    if (part_ == Part::kHeader) {
      return FindHeader(data, row_bytes);
    }
    if (part_ == Part::kEnd) {
      return RowState::kMalformed;  // something behind the last row
    }
    if (scanned_ == 0) {
      if (data.size() < sizeof(int16_t)) {
        return RowState::kNeedMore;
      }
      const auto count = LoadBigEndian<int16_t>(data.data());
      scanned_ = sizeof(count);
      if (count == kEndOfRows) {
        part_ = Part::kTrailer;
        return EndRow(row_bytes);
      }
      if (count < 0 || static_cast<size_t>(count) != plan_->size()) {
        return RowState::kMalformed;
      }
      fields_left_ = static_cast<size_t>(count);
    }
    while (fields_left_ > 0) {
      if (data.size() < scanned_ + sizeof(int32_t)) {
        return RowState::kNeedMore;
      }
      const auto size = LoadBigEndian<int32_t>(data.data() + scanned_);
      if (size < -1) {
        return RowState::kMalformed;
      }
      const size_t field_bytes = sizeof(size) + (size < 0 ? 0 : static_cast<size_t>(size));
      if (data.size() - scanned_ < field_bytes) {
        return RowState::kNeedMore;
      }
      scanned_ += field_bytes;
      --fields_left_;
    }
    return EndRow(row_bytes);
  }

  absl::Status MaskRow(std::string_view row, std::string* out, uint64_t* masked_cells) override {
    switch (part_) {
      case Part::kHeader:
        part_ = Part::kRows;
        out->append(row);
        return absl::OkStatus();
      case Part::kRows:
        return plan_->MaskRow(row, out, masked_cells);
      case Part::kTrailer:
        part_ = Part::kEnd;
        out->append(row);
        return absl::OkStatus();
      case Part::kEnd:
        break;
    }
    return MalformedCopy();
  }

  bool IsComplete() const override { return part_ == Part::kEnd; }

 private:
  enum class Part : uint8_t { kHeader, kRows, kTrailer, kEnd };

  static RowState FindHeader(std::string_view data, size_t* row_bytes) {
    const std::string_view known = data.substr(0, kSignature.size());
    if (known != kSignature.substr(0, known.size())) {
      return RowState::kMalformed;
    }
    if (data.size() < kHeaderBytes) {
      return RowState::kNeedMore;
    }
    const bool is_plain = LoadBigEndian<uint32_t>(data.data() + kSignature.size()) == 0 &&
                          LoadBigEndian<uint32_t>(data.data() + kSignature.size() + sizeof(uint32_t)) == 0;
    *row_bytes = kHeaderBytes;
    return is_plain ? RowState::kRow : RowState::kMalformed;
  }

  RowState EndRow(size_t* row_bytes) {
    *row_bytes = std::exchange(scanned_, 0);
    return RowState::kRow;
  }

  const std::shared_ptr<ResultPlan> plan_;
  Part part_ = Part::kHeader;
  // Of the row at hand: how far it was looked at, and how many fields are behind that.
  size_t scanned_ = 0;
  size_t fields_left_ = 0;
};

}  // namespace

std::unique_ptr<CopyCodec> MakeBinaryCopyCodec(std::shared_ptr<ResultPlan> plan) {
  return std::make_unique<BinaryCopyCodec>(std::move(plan));
}

}  // namespace chaperone::masking
