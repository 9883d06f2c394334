#include "api/masking/written_mask.h"

#include <algorithm>

namespace chaperone::masking {

namespace {

constexpr std::string_view kMask = "****";

// Up to behind the end of the comment that begins at `at`; nested, as PostgreSQL reads them.
size_t SkipBlockComment(std::string_view sql, size_t at) {
  size_t depth = 0;
  while (at < sql.size()) {
    const std::string_view two = sql.substr(at, 2);
    if (two == "/*") {
      ++depth;
      at += 2;
    } else if (two == "*/") {
      at += 2;
      if (--depth == 0) {
        return at;
      }
    } else {
      ++at;
    }
  }
  return at;
}

}  // namespace

bool LooksMasked(std::string_view value) {
  return value.find(kMask) != std::string_view::npos ||
         (!value.empty() && value.find_first_not_of('*') == std::string_view::npos);
}

bool HoldsMaskedConstant(std::string_view sql) {
  size_t at = 0;
  while (at < sql.size()) {
    const std::string_view rest = sql.substr(at);
    if (rest.starts_with("--")) {
      at += std::min(rest.find('\n'), rest.size());
    } else if (rest.starts_with("/*")) {
      at = SkipBlockComment(sql, at);
    } else if (rest[0] == '\'' || rest[0] == '"') {
      // A doubled quote ends one part and begins the next.
      const size_t end = std::min(rest.find(rest[0], 1), rest.size());
      if (rest[0] == '\'' && LooksMasked(rest.substr(1, end - 1))) {
        return true;
      }
      at += end + 1;
    } else {
      ++at;
    }
  }
  return false;
}

bool MaskedDataSearch::Add(std::string_view chunk) {
  for (size_t i = 0; i < chunk.size() && !found_; ++i) {
    run_ = chunk[i] == '*' ? run_ + 1 : 0;
    found_ = run_ == kMask.size();
  }
  return found_;
}

}  // namespace chaperone::masking
