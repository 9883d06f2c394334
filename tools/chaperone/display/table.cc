#include "tools/chaperone/display/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/chaperone/display/printable.h"

namespace chaperone::display {

namespace {

std::string Padded(std::string_view text, size_t width, bool right) {
  const size_t columns = DisplayWidth(text);
  const std::string padding(columns < width ? width - columns : 0, ' ');
  return right ? padding + std::string(text) : std::string(text) + padding;
}

void TrimRight(std::string* line) { line->erase(line->find_last_not_of(' ') + 1); }

}  // namespace

void Table::Add(const std::vector<std::string>& cells) {
  std::vector<std::string> row;
  row.reserve(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    row.push_back(i < cells.size() ? CutLine(cells[i], columns_[i].width_max) : "");
  }
  rows_.push_back(std::move(row));
}

std::vector<size_t> Table::Widths() const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) {
      width = std::max(width, DisplayWidth(row[i]));
    }
    widths.push_back(width);
  }
  return widths;
}

std::string Table::Text() const {
  const std::vector<size_t> widths = Widths();
  std::string out;
  const auto append = [&](auto&& cell) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      line += (i == 0 ? "" : "  ") + Padded(cell(i), widths[i], columns_[i].right);
    }
    TrimRight(&line);
    out += line + "\n";
  };
  append([&](size_t i) -> const std::string& { return columns_[i].title; });
  for (const auto& row : rows_) {
    append([&](size_t i) -> const std::string& { return row[i]; });
  }
  return out;
}

std::string Table::Boxed(std::string_view indent) const {
  const std::vector<size_t> widths = Widths();
  std::string out;
  const auto append = [&](auto&& cell) {
    std::string line(indent);
    for (size_t i = 0; i < columns_.size(); ++i) {
      line += (i == 0 ? " " : " | ") + Padded(cell(i), widths[i], columns_[i].right);
    }
    TrimRight(&line);
    out += line + "\n";
  };
  append([&](size_t i) -> const std::string& { return columns_[i].title; });
  out += indent;
  for (size_t i = 0; i < columns_.size(); ++i) {
    out += (i == 0 ? "" : "+") + std::string(widths[i] + 2, '-');
  }
  out += "\n";
  for (const auto& row : rows_) {
    append([&](size_t i) -> const std::string& { return row[i]; });
  }
  return out;
}

void Fields::Add(std::string name, std::string_view value) {
  if (!value.empty()) {
    fields_.emplace_back(std::move(name), Line(value));
  }
}

std::string Fields::Text() const {
  size_t width = 0;
  for (const auto& [name, value] : fields_) {
    width = std::max(width, name.size());
  }
  std::string out;
  for (const auto& [name, value] : fields_) {
    out += fmt::format("{:<{}}  {}\n", name + ":", width + 1, value);
  }
  return out;
}

}  // namespace chaperone::display
