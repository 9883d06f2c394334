#include "tools/chaperone/commands/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace chaperone::cli {

namespace {

constexpr size_t kContext = 3;
// The greedy search keeps one row of positions for each step.
constexpr int kStepsMax = 1000;

using Lines = std::vector<std::string_view>;

Lines Split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// One line of the result: in both (' '), only before ('-'), only after ('+').
struct Edit {
  char kind;
  std::string_view line;
};

// E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986): furthest reaching paths, then the way back.
class Myers {
 public:
  Myers(const Lines& before, const Lines& after) : a_(before), b_(after) {}

  std::vector<Edit> Run() {
    const int n = static_cast<int>(a_.size());
    const int m = static_cast<int>(b_.size());
    const int steps_max = std::min(n + m, kStepsMax);
    std::vector<int> reach(2 * static_cast<size_t>(steps_max) + 3, 0);
    const auto at = [&](int k) -> int& { return reach[static_cast<size_t>(k + steps_max + 1)]; };
    std::vector<std::vector<int>> history;
    for (int d = 0; d <= steps_max; ++d) {
      history.push_back(reach);
      for (int k = -d; k <= d; k += 2) {
        int x = k == -d || (k != d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
        while (x < n && x - k < m && a_[static_cast<size_t>(x)] == b_[static_cast<size_t>(x - k)]) {
          ++x;
        }
        at(k) = x;
        if (x >= n && x - k >= m) {
          return WayBack(history, d, steps_max);
        }
      }
    }
    return Whole();
  }

 private:
  std::vector<Edit> WayBack(const std::vector<std::vector<int>>& history, int d, int steps_max) const {
    std::vector<Edit> edits;
    int x = static_cast<int>(a_.size());
    int y = static_cast<int>(b_.size());
    for (; d > 0; --d) {
      const auto at = [&](int k) { return history[static_cast<size_t>(d)][static_cast<size_t>(k + steps_max + 1)]; };
      const int k = x - y;
      const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
      const int before_k = down ? k + 1 : k - 1;
      const int before_x = at(before_k);
      const int before_y = before_x - before_k;
      while (x > before_x && y > before_y) {
        edits.push_back({' ', a_[static_cast<size_t>(--x)]});
        --y;
      }
      if (down) {
        edits.push_back({'+', b_[static_cast<size_t>(--y)]});
      } else {
        edits.push_back({'-', a_[static_cast<size_t>(--x)]});
      }
    }
    while (x > 0) {
      edits.push_back({' ', a_[static_cast<size_t>(--x)]});
    }
    std::ranges::reverse(edits);
    return edits;
  }

  std::vector<Edit> Whole() const {
    std::vector<Edit> edits;
    for (const std::string_view line : a_) {
      edits.push_back({'-', line});
    }
    for (const std::string_view line : b_) {
      edits.push_back({'+', line});
    }
    return edits;
  }

  const Lines& a_;
  const Lines& b_;
};

// The hunk from edit `begin` to `end`, which start at these lines.
std::string Hunk(const std::vector<Edit>& edits, size_t begin, size_t end, size_t before_line, size_t after_line) {
  size_t before_count = 0;
  size_t after_count = 0;
  std::string body;
  for (size_t i = begin; i < end; ++i) {
    before_count += edits[i].kind != '+' ? 1 : 0;
    after_count += edits[i].kind != '-' ? 1 : 0;
    body += fmt::format("{}{}\n", edits[i].kind, edits[i].line);
  }
  const auto start = [](size_t line, size_t count) { return count == 0 ? line - 1 : line; };
  return fmt::format("@@ -{},{} +{},{} @@\n{}", start(before_line, before_count), before_count,
                     start(after_line, after_count), after_count, body);
}

}  // namespace

std::string UnifiedDiff(std::string_view before_name, std::string_view before, std::string_view after_name,
                        std::string_view after) {
  if (before == after) {
    return "";
  }
  const Lines before_lines = Split(before);
  const Lines after_lines = Split(after);
  const std::vector<Edit> edits = Myers(before_lines, after_lines).Run();
  std::string out = fmt::format("--- {}\n+++ {}\n", before_name, after_name);
  size_t before_line = 1;
  size_t after_line = 1;
  const auto pass = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      before_line += edits[i].kind != '+' ? 1 : 0;
      after_line += edits[i].kind != '-' ? 1 : 0;
    }
  };
  const auto next_change = [&](size_t from) {
    while (from < edits.size() && edits[from].kind == ' ') {
      ++from;
    }
    return from;
  };
  size_t position = 0;
  size_t change = next_change(0);
  while (change < edits.size()) {
    const size_t begin = std::max(position, change - std::min(change, kContext));
    size_t end = change + 1;
    // Changes whose context would touch share a hunk.
    for (change = next_change(end); change < edits.size() && change - end <= 2 * kContext; change = next_change(end)) {
      end = change + 1;
    }
    end = std::min(edits.size(), end + kContext);
    pass(position, begin);
    out += Hunk(edits, begin, end, before_line, after_line);
    pass(begin, end);
    position = end;
  }
  return out;
}

}  // namespace chaperone::cli
