#include "dataplane/masking/copy.h"

#include <utility>

#include "dataplane/masking/copy_codec.h"

namespace chaperone::masking {

namespace {

using Layout = sql::CopyOptions::Format;

std::unique_ptr<CopyCodec> MakeCodec(const sql::Statement& statement, std::shared_ptr<ResultPlan> plan) {
  switch (statement.copy_options.format) {
    case Layout::kText:
      return MakeTextCopyCodec(statement, std::move(plan));
    case Layout::kCsv:
      return MakeCsvCopyCodec(statement, std::move(plan));
    case Layout::kBinary:
      break;
  }
  return MakeBinaryCopyCodec(std::move(plan));
}

}  // namespace

absl::Status MalformedCopy() {
  return base::DataLoss("the database sent COPY data that is not in the statement's format");
}

CopyMasker::CopyMasker(const sql::Statement& statement, std::shared_ptr<ResultPlan> plan, size_t row_bytes_max)
    : codec_(MakeCodec(statement, std::move(plan))), row_bytes_max_(row_bytes_max) {}

CopyMasker::~CopyMasker() = default;

absl::Status CopyMasker::Write(std::string_view chunk, std::string* out, uint64_t* masked_cells) {
  std::string_view data = chunk;
  if (!pending_.empty()) {
    pending_.append(chunk);
    data = pending_;
  }
  size_t used = 0;
  RowState state = RowState::kRow;
  while (used < data.size() && state == RowState::kRow) {
    size_t row_bytes = 0;
    state = codec_->FindEnd(data.substr(used), &row_bytes);
    if (state == RowState::kMalformed) {
      return MalformedCopy();
    }
    if (state == RowState::kRow) {
      CHAPERONE_RETURN_IF_ERROR(codec_->MaskRow(data.substr(used, row_bytes), out, masked_cells));
      used += row_bytes;
    }
  }
  if (data.size() - used > row_bytes_max_) {
    return base::ResourceExhausted("a row of more than {} bytes has to be masked; read it in parts", row_bytes_max_);
  }
  if (pending_.empty()) {
    pending_.assign(data.substr(used));
  } else {
    pending_.erase(0, used);
  }
  return absl::OkStatus();
}

absl::Status CopyMasker::Finish() const {
  return pending_.empty() && codec_->IsComplete() ? absl::OkStatus() : MalformedCopy();
}

}  // namespace chaperone::masking
