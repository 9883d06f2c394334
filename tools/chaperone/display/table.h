// A table for people: columns as wide as their widest cell, every cell made printable here, so that no caller forgets.
#ifndef CHAPERONE_TOOLS_CHAPERONE_DISPLAY_TABLE_H_
#define CHAPERONE_TOOLS_CHAPERONE_DISPLAY_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

namespace chaperone::display {

struct TableColumn {
  std::string title;
  // Numbers stand on the right.
  bool right = false;
  // Longer cells are cut.
  size_t width_max = 60;
};

class Table {
 public:
  // Titles are words of ours, in upper case.
  explicit Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

  // REQUIRES: as many cells as columns.
  void Add(const std::vector<std::string>& cells);
  bool empty() const { return rows_.empty(); }
  size_t size() const { return rows_.size(); }

  // Titles, then rows; two spaces between columns, none at the end of a line.
  std::string Text() const;
  // As psql draws it: a rule under the titles, bars between columns, `indent` before each line.
  std::string Boxed(std::string_view indent) const;

 private:
  std::vector<size_t> Widths() const;

  std::vector<TableColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "name: value" lines with aligned values, for one object. Values are made printable.
class Fields {
 public:
  // An empty value is left out.
  void Add(std::string name, std::string_view value);
  std::string Text() const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace chaperone::display

#endif  // CHAPERONE_TOOLS_CHAPERONE_DISPLAY_TABLE_H_
