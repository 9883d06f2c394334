// Any bytes as what a database sends: the body of a DataRow, or the data of a COPY in each format. Nothing crashes;
// what is accepted has as many columns as the plan; the hidden column shows nothing but its mask, and the others stay;
// how the data is cut into chunks makes no difference. A second kind of input is cells that are written as the server
// writes them: those must be accepted.
//
// The first byte picks what the rest is, the second the options, the third the size of chunks.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/masking/copy.h"
#include "dataplane/masking/masking_testing.h"
#include "dataplane/masking/result.h"
#include "dataplane/masking/wire_number.h"

namespace {

using namespace chaperone;           // NOLINT(google-build-using-namespace): one small program
using namespace chaperone::masking;  // NOLINT(google-build-using-namespace)
using CopyFormat = sql::CopyOptions::Format;
using Cells = std::vector<std::optional<std::string>>;

constexpr size_t kColumns = 3;
// The middle column is masked with keep_last_2, the last one shows nothing at all.
constexpr size_t kMasked = 1, kOpaque = 2;

void Require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

std::shared_ptr<ResultPlan> Plan(bool binary) {
  std::vector<ResultPlan::Column> columns(kColumns);
  const ColumnType type{oid::kText, -1, binary ? Format::kBinary : Format::kText};
  columns[kMasked].masker = MakeCellMasker(Rule(policy::MaskMethod::kKeepLast, 2), type, {TestKey(), nullptr});
  columns[kOpaque].is_opaque = true;
  columns[kOpaque].constant = "****";
  return std::make_shared<ResultPlan>(std::move(columns), nullptr);
}

sql::Statement Statement(uint8_t options) {
  constexpr std::string_view kDelimiters = "\t,|*;x1\x01";
  constexpr std::string_view kQuotes = "\"'$*\"\"\"\"";
  sql::Statement statement;
  sql::CopyOptions& copy = statement.copy_options;
  copy.format = static_cast<CopyFormat>(options % 3);
  copy.delimiter = kDelimiters[options / 3 % 8];
  copy.quote = kQuotes[options / 24 % 8];
  copy.escape = options & 0x40 ? '!' : copy.quote;
  copy.null = copy.format == CopyFormat::kCsv ? (options & 0x20 ? "NULL" : "") : "\\N";
  copy.header = (options & 0x80) != 0;
  copy.force_quote_all = (options & 0x10) != 0;
  // As the server demands.
  const bool clashes =
      copy.format == CopyFormat::kCsv ? copy.delimiter == copy.quote : copy.delimiter == 'x' || copy.delimiter == '1';
  copy.delimiter = clashes ? ';' : copy.delimiter;
  for (const std::string name : {"id", "a,b", "c"}) {
    statement.outputs.emplace_back().name = name;
  }
  return statement;
}

std::optional<std::string> Expected(size_t column, const std::optional<std::string>& cell) {
  if (column == kOpaque) {
    return "****";
  }
  return column == kMasked && cell ? MaskText(policy::MaskMethod::kKeepLast, 2, oid::kText, *cell) : cell;
}

// The cells of DataRow bodies and of binary COPY.
bool ReadCells(std::string_view body, Cells* cells) {
  const auto count = LoadBigEndian<int16_t>(body.data());
  size_t at = sizeof(count);
  for (int16_t i = 0; i < count; ++i) {
    const auto size = LoadBigEndian<int32_t>(body.data() + at);
    at += sizeof(size);
    cells->push_back(size < 0 ? std::nullopt : std::optional(std::string(body.substr(at, static_cast<size_t>(size)))));
    at += size < 0 ? 0 : static_cast<size_t>(size);
  }
  return at == body.size();
}

void TryRow(std::string_view body) {
  std::string out;
  uint64_t masked_cells = 0;
  if (!Plan(true)->MaskRow(body, &out, &masked_cells).ok()) {
    return;
  }
  Cells before, after;
  Require(ReadCells(body, &before) && ReadCells(out, &after) && before.size() == kColumns && after.size() == kColumns);
  for (size_t i = 0; i < kColumns; ++i) {
    Require(after[i] == Expected(i, before[i]));
  }
}

struct Copied {
  bool ok = false;
  std::string data;
  uint64_t masked_cells = 0;
};

Copied Copy(const sql::Statement& statement, std::string_view data, size_t chunk_bytes) {
  Copied copied;
  CopyMasker masker(statement, Plan(statement.copy_options.format == CopyFormat::kBinary), 1 << 20);
  for (size_t at = 0; at < data.size(); at += chunk_bytes) {
    if (!masker.Write(data.substr(at, chunk_bytes), &copied.data, &copied.masked_cells).ok()) {
      return copied;
    }
  }
  copied.ok = masker.Finish().ok();
  return copied;
}

void TryCopy(uint8_t options, std::string_view data, size_t chunk_bytes) {
  const sql::Statement statement = Statement(options);
  const Copied whole = Copy(statement, data, data.size() + 1);
  const Copied parts = Copy(statement, data, chunk_bytes);
  Require(whole.ok == parts.ok);
  Require(!whole.ok || (whole.data == parts.data && whole.masked_cells == parts.masked_cells));
}

// As the server writes them (CopyOneRowTo, CopyAttributeOutText, CopyAttributeOutCSV).
void WriteCell(const sql::CopyOptions& options, const std::optional<std::string>& cell, std::string* out) {
  if (options.format == CopyFormat::kBinary) {
    AppendBigEndian(cell ? static_cast<int32_t>(cell->size()) : -1, out);
    out->append(cell.value_or(""));
    return;
  }
  if (!cell) {
    out->append(options.null);
    return;
  }
  if (options.format == CopyFormat::kText) {
    constexpr std::string_view kControls = "\b\f\n\r\t\v";
    for (const char c : *cell) {
      const size_t control = kControls.find(c);
      if (control != std::string_view::npos || c == '\\' || c == options.delimiter) {
        out->push_back('\\');
      }
      out->push_back(control != std::string_view::npos ? std::string_view("bfnrtv")[control] : c);
    }
    return;
  }
  const std::string special{options.delimiter, options.quote, '\n', '\r'};
  const bool quotes =
      options.force_quote_all || *cell == options.null || cell->find_first_of(special) != std::string::npos;
  out->append(quotes ? 1 : 0, options.quote);
  for (const char c : *cell) {
    out->append(quotes && (c == options.quote || c == options.escape) ? 1 : 0, options.escape);
    out->push_back(c);
  }
  out->append(quotes ? 1 : 0, options.quote);
}

std::string WriteRows(const sql::CopyOptions& options, const std::vector<Cells>& rows) {
  const bool binary = options.format == CopyFormat::kBinary;
  std::string out = binary ? std::string("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19) : "";
  for (const Cells& row : rows) {
    if (binary) {
      AppendBigEndian(static_cast<int16_t>(kColumns), &out);
    }
    for (size_t i = 0; i < kColumns; ++i) {
      WriteCell(options, row[i], &out);
      if (!binary) {
        out.push_back(i + 1 < kColumns ? options.delimiter : '\n');
      }
    }
  }
  if (binary) {
    AppendBigEndian(int16_t{-1}, &out);
  }
  return out;
}

// Cells apart by 0xff; one that is "\x00" is NULL.
void TryCells(uint8_t options, std::string_view data, size_t chunk_bytes) {
  sql::Statement statement = Statement(options);
  statement.copy_options.header = false;
  std::vector<Cells> rows(1), masked(1);
  while (!data.empty()) {
    const size_t end = std::min(data.find('\xff'), data.size());
    const std::string cell(data.substr(0, end));
    data.remove_prefix(std::min(end + 1, data.size()));
    const bool is_null = cell.find('\0') != std::string::npos;
    rows.back().push_back(is_null ? std::nullopt : std::optional(cell));
    masked.back().push_back(Expected(rows.back().size() - 1, rows.back().back()));
    if (rows.back().size() == kColumns) {
      rows.emplace_back();
      masked.emplace_back();
    }
  }
  rows.pop_back();
  masked.pop_back();
  const Copied copied = Copy(statement, WriteRows(statement.copy_options, rows), chunk_bytes);
  Require(copied.ok && copied.data == WriteRows(statement.copy_options, masked));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) {
    return 0;
  }
  const std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  const size_t chunk_bytes = 1 + data[2];
  switch (data[0] % 3) {
    case 0:
      TryRow(rest);
      break;
    case 1:
      TryCopy(data[1], rest, chunk_bytes);
      break;
    default:
      TryCells(data[1], rest, chunk_bytes);
      break;
  }
  return 0;
}
