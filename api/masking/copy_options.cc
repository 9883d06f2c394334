#include "api/masking/copy_options.h"

#include <string>
#include <string_view>

namespace chaperone::masking {

namespace {

using Layout = sql::CopyOptions::Format;

// A byte that ends lines, or none at all.
bool BreaksLines(char c) { return c == '\n' || c == '\r' || c == '\0'; }

// A letter behind a backslash that no value is written with, as in \N (CopyAttributeOutText).
bool IsOwnMark(std::string_view null) {
  constexpr std::string_view kEscapes = "bfnrtv";
  return null.size() == 2 && null[0] == '\\' &&
         ((null[1] >= 'A' && null[1] <= 'Z') || (null[1] >= 'a' && null[1] <= 'z')) &&
         kEscapes.find(null[1]) == std::string_view::npos;
}

absl::Status CheckText(const sql::CopyOptions& options, bool masks_values) {
  if (BreaksLines(options.delimiter) || options.delimiter == '\\') {
    return base::FailedPrecondition("this DELIMITER is not supported where masked columns are copied; use another one");
  }
  if (IsOwnMark(options.null)) {
    return absl::OkStatus();
  }
  if (masks_values || options.null.find('\\') != std::string::npos) {
    return base::FailedPrecondition(
        "this NULL string could also be a value, which is not supported where masked columns are copied as text; leave "
        "NULL out, or use FORMAT csv");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckCopyOptions(const sql::CopyOptions& options, bool masks_values) {
  if (!options.encoding.empty()) {
    return base::FailedPrecondition(
        "ENCODING is not supported where masked columns are copied; leave it out, the data is UTF-8");
  }
  switch (options.format) {
    case Layout::kText:
      return CheckText(options, masks_values);
    case Layout::kCsv:
      if (BreaksLines(options.delimiter) || BreaksLines(options.quote) || BreaksLines(options.escape)) {
        return base::FailedPrecondition(
            "a DELIMITER, QUOTE or ESCAPE that ends lines is not supported where masked columns are copied");
      }
      break;
    case Layout::kBinary:
      break;
  }
  return absl::OkStatus();
}

}  // namespace chaperone::masking
