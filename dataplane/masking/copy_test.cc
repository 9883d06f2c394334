#include "dataplane/masking/copy.h"

#include <catch2/catch.hpp>
#include <vector>

#include "dataplane/masking/masking_testing.h"

namespace chaperone::masking {
namespace {

using policy::MaskMethod;
using Layout = sql::CopyOptions::Format;

// The columns id, ssn and note; ssn is masked.
sql::Statement Copy(const sql::CopyOptions& options) {
  sql::Statement statement;
  statement.copy = sql::CopyDirection::kToStdout;
  statement.copy_options = options;
  statement.outputs_known = true;
  for (const std::string name : {"id", "ssn", "note"}) {
    statement.outputs.emplace_back().name = name;
  }
  return statement;
}

std::shared_ptr<ResultPlan> Plan(MaskMethod method, int64_t argument, masking::Format format) {
  std::vector<ResultPlan::Column> columns(3);
  columns[1].masker = MakeCellMasker(Rule(method, argument), {oid::kText, -1, format}, {TestKey(), nullptr});
  return std::make_shared<ResultPlan>(std::move(columns), nullptr);
}

struct Copied {
  std::string data;
  uint64_t masked_cells = 0;
  absl::Status status;
};

Copied Run(const sql::CopyOptions& options, std::string_view data, MaskMethod method = MaskMethod::kRedact,
           size_t chunk_bytes = 1 << 20, size_t row_bytes_max = 1 << 20) {
  const bool binary = options.format == Layout::kBinary;
  CopyMasker masker(Copy(options), Plan(method, 4, binary ? masking::Format::kBinary : masking::Format::kText),
                    row_bytes_max);
  Copied copied;
  for (size_t at = 0; at < data.size() && copied.status.ok(); at += chunk_bytes) {
    copied.status = masker.Write(data.substr(at, chunk_bytes), &copied.data, &copied.masked_cells);
  }
  if (copied.status.ok()) {
    copied.status = masker.Finish();
  }
  return copied;
}

sql::CopyOptions Csv() {
  sql::CopyOptions options;
  options.format = Layout::kCsv;
  options.delimiter = ',';
  options.null.clear();
  return options;
}

sql::CopyOptions Binary() {
  sql::CopyOptions options;
  options.format = Layout::kBinary;
  return options;
}

std::string BinaryCell(std::string_view cell) {
  std::string out = FromHex("000000");
  out.push_back(static_cast<char>(cell.size()));
  return out.append(cell);
}

std::string BinaryData(const std::string& rows) {
  return std::string("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19) + rows + FromHex("ffff");
}

TEST_CASE("Text rows are masked cell by cell and the rest stays byte for byte", "[masking]") {
  const Copied copied = Run({}, "1\t123-45-6789\ta\\tb\\\\c\n2\t\\N\t\\N\n3\t\t\n");
  REQUIRE(copied.status.ok());
  CHECK(copied.data == "1\t****\ta\\tb\\\\c\n2\t\\N\t\\N\n3\t****\t\n");
  CHECK(copied.masked_cells == 2);
}

TEST_CASE("A text value is unescaped before it is masked and escaped after", "[masking]") {
  sql::CopyOptions options;
  options.delimiter = '*';
  CHECK(Run(options, "1*a\\tb*x\n").data == "1*\\*\\*\\*\\**x\n");
  CHECK(Run({}, "1\tab\\tcd\\\\e\\nf\tx\n", MaskMethod::kKeepLast).data == "1\t*****\\\\e\\nf\tx\n");
}

TEST_CASE("Rows may be split over chunks anywhere", "[masking]") {
  const size_t chunk = GENERATE(1, 2, 3, 7);
  CHECK(Run({}, "1\ta\\\\b\\tcdef\tx\n2\t\\N\ty\n", MaskMethod::kKeepLast, chunk).data ==
        "1\t****cdef\tx\n2\t\\N\ty\n");
  CHECK(Run(Csv(), "1,\"a\"\"b,\nc\",\"x\ny\"\n2,,z\n", MaskMethod::kRedact, chunk).data == "1,****,\"x\ny\"\n2,,z\n");
  const std::string row = FromHex("0003") + BinaryCell("1") + BinaryCell("123-45-6789") + FromHex("ffffffff");
  const std::string masked = FromHex("0003") + BinaryCell("1") + BinaryCell("****") + FromHex("ffffffff");
  const Copied copied = Run(Binary(), BinaryData(row + row), MaskMethod::kRedact, chunk);
  REQUIRE(copied.status.ok());
  CHECK(copied.data == BinaryData(masked + masked));
  CHECK(copied.masked_cells == 2);
}

TEST_CASE("CSV values are quoted for what they are masked as, not for what they were", "[masking]") {
  CHECK(Run(Csv(), "1,\"1,2\",x\n1,12,x\n").data == "1,****,x\n1,****,x\n");
  sql::CopyOptions options = Csv();
  options.force_quote = {"ssn"};
  CHECK(Run(options, "1,\"12\",x\n").data == "1,\"****\",x\n");
  options = Csv();
  options.null = "****";
  CHECK(Run(options, "1,12,x\n2,****,x\n").data == "1,\"****\",x\n2,****,x\n");
  options = Csv();
  options.delimiter = '*';
  options.quote = '\'';
  options.escape = '!';
  CHECK(Run(options, "1*'a!'!!b*c'*x\n").data == "1*'****'*x\n");
}

TEST_CASE("NULL and an empty CSV value are told apart", "[masking]") {
  CHECK(Run(Csv(), "1,,x\n2,\"\",x\n").data == "1,,x\n2,****,x\n");
  CHECK(Run(Csv(), "1,12,x\n", MaskMethod::kNull).data == "1,,x\n");
}

TEST_CASE("A header passes, and only the one that the statement makes", "[masking]") {
  sql::CopyOptions options;
  options.header = true;
  CHECK(Run(options, "id\tssn\tnote\n1\t2\t3\n").data == "id\tssn\tnote\n1\t****\t3\n");
  CHECK(Run(options, "1\t2\t3\nid\tssn\tnote\n").data == "1\t****\t3\nid\t****\tnote\n");
  options = Csv();
  options.header = true;
  CHECK(Run(options, "id,ssn,note\n1,2,3\n").data == "id,ssn,note\n1,****,3\n");
}

TEST_CASE("A column of which nothing may show is the same in every row, NULL too", "[masking]") {
  std::vector<ResultPlan::Column> columns(3);
  columns[0].is_opaque = true;
  columns[1].is_opaque = true;
  columns[1].constant = "*\t*";
  CopyMasker masker(Copy({}), std::make_shared<ResultPlan>(std::move(columns), nullptr), 100);
  std::string out;
  uint64_t masked_cells = 0;
  REQUIRE(masker.Write("1\t2\t3\n\\N\t\\N\t\\N\n", &out, &masked_cells).ok());
  CHECK(out == "\\N\t*\\t*\t3\n\\N\t*\\t*\t\\N\n");
}

TEST_CASE("What is not in the format ends the copy", "[masking][fail-closed]") {
  for (const std::string_view data : {"1\t2\n", "1\t2\t3\t4\n", "1\t2\\\t3\n", "1\t\\x\t3\n", "1\t2\t3"}) {
    CAPTURE(data);
    CHECK(Run({}, data).status.code() == absl::StatusCode::kDataLoss);
  }
  for (const std::string_view data : {"1,2\n", "1,2,3,4\n", "1,\"2\"x,3\n", "1,2\"3,4\n", "1,\"2,3\n", "1,2,3"}) {
    CAPTURE(data);
    CHECK(Run(Csv(), data).status.code() == absl::StatusCode::kDataLoss);
  }
  const std::string row = FromHex("0003") + BinaryCell("1") + BinaryCell("2") + BinaryCell("3");
  const std::string good = BinaryData(row);
  CHECK(Run(Binary(), good).status.ok());
  const std::string wide = FromHex("0004") + BinaryCell("1") + BinaryCell("2") + BinaryCell("3") + BinaryCell("4");
  const std::string negative = FromHex("0003") + BinaryCell("1") + FromHex("fffffffe") + BinaryCell("3");
  for (const std::string& data : {BinaryData(wide), BinaryData(negative), good + "x", good + good,
                                  good.substr(0, good.size() - 2), good.substr(0, 19), std::string("PGCOPY\r\n")}) {
    CHECK(Run(Binary(), data).status.code() == absl::StatusCode::kDataLoss);
  }
  std::string flags = good;
  flags[12] = 1;
  CHECK(Run(Binary(), flags).status.code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("A row that is too long ends the copy before it is kept", "[masking][fail-closed]") {
  const std::string row = "1\t" + std::string(100, 'x') + "\t3\n";
  CHECK(Run({}, row, MaskMethod::kRedact, 10, 110).status.ok());
  CHECK(Run({}, row, MaskMethod::kRedact, 10, 50).status.code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("Options under which NULL could be a value, or bytes be read otherwise, are refused",
          "[masking][fail-closed]") {
  CHECK(CheckCopyOptions({}, true).ok());
  CHECK(CheckCopyOptions(Csv(), true).ok());
  CHECK(CheckCopyOptions(Binary(), true).ok());
  sql::CopyOptions options;
  for (const std::string_view null : {"", "x", "123-45-6789", "\\t", "\\\\", "\\", "\\Nx"}) {
    CAPTURE(null);
    options.null = null;
    CHECK_FALSE(CheckCopyOptions(options, true).ok());
  }
  options.null = "\\K";
  CHECK(CheckCopyOptions(options, true).ok());
  // Without masked values it does not matter which cells are NULL, only where they end.
  options.null = "x";
  CHECK(CheckCopyOptions(options, false).ok());
  options.null = "x\\";
  CHECK_FALSE(CheckCopyOptions(options, false).ok());
  options = Csv();
  options.null = "NULL";
  CHECK(CheckCopyOptions(options, true).ok());
  options.quote = '\n';
  CHECK_FALSE(CheckCopyOptions(options, true).ok());
  for (sql::CopyOptions encoded : {sql::CopyOptions(), Csv(), Binary()}) {
    encoded.encoding = "LATIN1";
    CHECK(std::string(base::Message(CheckCopyOptions(encoded, false))).starts_with("ENCODING is not supported"));
  }
}

}  // namespace
}  // namespace chaperone::masking
