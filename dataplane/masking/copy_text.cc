// COPY's text format: a line for each row, fields apart by a delimiter, what has a meaning behind a backslash
// (CopyAttributeOutText, src/backend/commands/copyto.c).
#include <algorithm>
#include <utility>

#include "dataplane/masking/copy_codec.h"

namespace chaperone::masking {

namespace {

constexpr std::string_view kControls = "\b\f\n\r\t\v";
constexpr std::string_view kLetters = "bfnrtv";

class TextCopyCodec final : public CopyCodec {
 public:
  TextCopyCodec(const sql::Statement& statement, std::shared_ptr<ResultPlan> plan)
      : plan_(std::move(plan)),
        cell_(*plan_),
        delimiter_(statement.copy_options.delimiter),
        null_(statement.copy_options.null),
        header_(statement, [this](std::string_view name, std::string* out) { AppendEscaped(name, out); }) {}

  RowState FindEnd(std::string_view data, size_t* row_bytes) override {
    const size_t end = data.find('\n', scanned_);
    if (end == std::string_view::npos) {
      scanned_ = data.size();
      return RowState::kNeedMore;
    }
    scanned_ = 0;
    *row_bytes = end + 1;
    return RowState::kRow;
  }

  absl::Status MaskRow(std::string_view row, std::string* out, uint64_t* masked_cells) override {
    row.remove_suffix(1);
    if (header_.Matches(row)) {
      out->append(row);
      out->push_back('\n');
      return absl::OkStatus();
    }
    size_t begin = 0;
    for (size_t column = 0; column < plan_->size(); ++column) {
      if (begin > row.size()) {
        return MalformedCopy();  // fewer fields
      }
      size_t end = begin;
      while (end < row.size() && row[end] != delimiter_) {
        end += row[end] == '\\' ? 2 : 1;
      }
      if (end > row.size() || !MaskField(row.substr(begin, end - begin), column, out, masked_cells)) {
        return MalformedCopy();
      }
      out->push_back(column + 1 < plan_->size() ? delimiter_ : '\n');
      begin = end + 1;
    }
    return begin == row.size() + 1 ? absl::OkStatus() : MalformedCopy();
  }

 private:
  bool MaskField(std::string_view raw, size_t column, std::string* out, uint64_t* masked_cells) {
    std::optional<std::string_view> value;
    if (!plan_->Passes(column) && raw != null_) {
      value_.clear();
      if (!Unescape(raw)) {
        return false;
      }
      value = value_;
    }
    switch (cell_.Mask(column, value, masked_cells)) {
      case ResultPlan::CellChange::kUnchanged:
        out->append(raw);
        break;
      case ResultPlan::CellChange::kValue:
        AppendEscaped(cell_.value(), out);
        break;
      case ResultPlan::CellChange::kNull:
        out->append(null_);
        break;
    }
    return true;
  }

  // Into value_. False for what the server does not write.
  bool Unescape(std::string_view raw) {
    for (size_t i = 0; i < raw.size(); ++i) {
      char c = raw[i];
      if (c == '\\') {
        if (++i == raw.size()) {
          return false;
        }
        c = raw[i];
        if (const size_t letter = kLetters.find(c); letter != std::string_view::npos) {
          c = kControls[letter];
        } else if (c != '\\' && c != delimiter_) {
          return false;
        }
      }
      value_.push_back(c);
    }
    return true;
  }

  void AppendEscaped(std::string_view value, std::string* out) const {
    for (const char c : value) {
      const size_t control = kControls.find(c);
      if (control != std::string_view::npos) {
        out->push_back('\\');
        out->push_back(kLetters[control]);
        continue;
      }
      if (c == '\\' || c == delimiter_) {
        out->push_back('\\');
      }
      out->push_back(c);
    }
  }

  const std::shared_ptr<ResultPlan> plan_;
  CopyCell cell_;
  const char delimiter_;
  const std::string null_;
  CopyHeader header_;
  // How much of the row at hand is known to hold no line's end.
  size_t scanned_ = 0;
  std::string value_;
};

}  // namespace

std::unique_ptr<CopyCodec> MakeTextCopyCodec(const sql::Statement& statement, std::shared_ptr<ResultPlan> plan) {
  return std::make_unique<TextCopyCodec>(statement, std::move(plan));
}

}  // namespace chaperone::masking
