// COPY's csv format: as text, but values that could be misread stand in quotes (CopyAttributeOutCSV,
// src/backend/commands/copyto.c). NULL is its string without quotes; a value that is equal to it is quoted.
#include <algorithm>
#include <utility>

#include "dataplane/masking/copy_codec.h"

namespace chaperone::masking {

namespace {

class CsvCopyCodec final : public CopyCodec {
 public:
  CsvCopyCodec(const sql::Statement& statement, std::shared_ptr<ResultPlan> plan)
      : plan_(std::move(plan)),
        cell_(*plan_),
        delimiter_(statement.copy_options.delimiter),
        quote_(statement.copy_options.quote),
        escape_(statement.copy_options.escape),
        null_(statement.copy_options.null),
        force_quote_(statement.outputs.size(), statement.copy_options.force_quote_all),
        header_(statement, [this](std::string_view name, std::string* out) { AppendQuoted(name, false, out); }) {
    const std::vector<sql::OutputColumn>& outputs = statement.outputs;
    for (const std::string& name : statement.copy_options.force_quote) {
      const auto found = std::find_if(outputs.begin(), outputs.end(), [&](const auto& o) { return o.name == name; });
      if (found != outputs.end()) {
        force_quote_[static_cast<size_t>(found - outputs.begin())] = true;
      }
    }
  }

  RowState FindEnd(std::string_view data, size_t* row_bytes) override {
    for (; scanned_ < data.size(); ++scanned_) {
      const char c = data[scanned_];
      if (in_quotes_ && c == escape_ && escape_ != quote_) {
        if (scanned_ + 1 == data.size()) {
          return RowState::kNeedMore;
        }
        ++scanned_;
      } else if (c == quote_) {
        // Where quotes are doubled, the second one opens again.
        in_quotes_ = !in_quotes_;
      } else if (c == '\n' && !in_quotes_) {
        *row_bytes = scanned_ + 1;
        scanned_ = 0;
        return RowState::kRow;
      }
    }
    return RowState::kNeedMore;
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
      size_t end = begin;
      if (begin > row.size() || !MaskField(row, column, &end, out, masked_cells) ||
          (end < row.size() && row[end] != delimiter_)) {
        return MalformedCopy();
      }
      out->push_back(column + 1 < plan_->size() ? delimiter_ : '\n');
      begin = end + 1;
    }
    return begin == row.size() + 1 ? absl::OkStatus() : MalformedCopy();
  }

 private:
  // `end`: where the field begins, and after it where it ends.
  bool MaskField(std::string_view row, size_t column, size_t* end, std::string* out, uint64_t* masked_cells) {
    const size_t begin = *end;
    const bool is_quoted = begin < row.size() && row[begin] == quote_;
    if (!(is_quoted ? ReadQuoted(row, end) : ReadBare(row, end))) {
      return false;
    }
    const std::string_view raw = row.substr(begin, *end - begin);
    std::optional<std::string_view> value;
    if (is_quoted) {
      value = value_;
    } else if (raw != null_) {
      value = raw;
    }
    switch (cell_.Mask(column, value, masked_cells)) {
      case ResultPlan::CellChange::kUnchanged:
        out->append(raw);
        break;
      case ResultPlan::CellChange::kValue:
        AppendQuoted(cell_.value(), force_quote_[column], out);
        break;
      case ResultPlan::CellChange::kNull:
        out->append(null_);
        break;
    }
    return true;
  }

  // A field in quotes, into value_, up to behind its last quote.
  bool ReadQuoted(std::string_view row, size_t* end) {
    value_.clear();
    for (size_t i = *end + 1; i < row.size(); ++i) {
      const char c = row[i];
      const bool has_next = i + 1 < row.size();
      if (c == escape_ && has_next && (row[i + 1] == quote_ || row[i + 1] == escape_)) {
        value_.push_back(row[++i]);
      } else if (c == quote_) {
        *end = i + 1;
        return true;
      } else if (c == escape_) {
        return false;
      } else {
        value_.push_back(c);
      }
    }
    return false;
  }

  bool ReadBare(std::string_view row, size_t* end) const {
    while (*end < row.size() && row[*end] != delimiter_) {
      const char c = row[(*end)++];
      if (c == quote_ || c == '\r') {
        return false;
      }
    }
    return true;
  }

  void AppendQuoted(std::string_view value, bool force, std::string* out) const {
    const bool is_end_mark = plan_->size() == 1 && value == "\\.";
    const bool needs_quotes =
        force || is_end_mark || value == null_ || std::any_of(value.begin(), value.end(), [&](char c) {
          return c == delimiter_ || c == quote_ || c == '\n' || c == '\r';
        });
    if (!needs_quotes) {
      out->append(value);
      return;
    }
    out->push_back(quote_);
    for (const char c : value) {
      if (c == quote_ || c == escape_) {
        out->push_back(escape_);
      }
      out->push_back(c);
    }
    out->push_back(quote_);
  }

  const std::shared_ptr<ResultPlan> plan_;
  CopyCell cell_;
  const char delimiter_;
  const char quote_;
  const char escape_;
  const std::string null_;
  std::vector<bool> force_quote_;
  CopyHeader header_;
  // Of the row at hand: how far it was looked at, and whether that place is within quotes.
  size_t scanned_ = 0;
  bool in_quotes_ = false;
  std::string value_;
};

}  // namespace

std::unique_ptr<CopyCodec> MakeCsvCopyCodec(const sql::Statement& statement, std::shared_ptr<ResultPlan> plan) {
  return std::make_unique<CsvCopyCodec>(statement, std::move(plan));
}

}  // namespace chaperone::masking
