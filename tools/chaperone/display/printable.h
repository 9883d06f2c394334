// Text from strangers, made safe to print on a terminal. SQL, cells, names and messages come from agents and databases;
// a byte of theirs must not move the cursor, change colours or titles, reorder what is read, hide, or pass for a line
// of ours.
//
// Shown as escapes: control characters (C0, DEL, C1), bytes that are not UTF-8, and code points that are invisible or
// reorder text (Unicode Cf, Zl, Zp, fillers, variation selectors). Pure; thread-safe.
#ifndef CHAPERONE_TOOLS_CHAPERONE_DISPLAY_PRINTABLE_H_
#define CHAPERONE_TOOLS_CHAPERONE_DISPLAY_PRINTABLE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace chaperone::display {

// One line: a newline becomes "\n", a tab "\t", the rest as above ("\x1b", "\u{202e}").
std::string Line(std::string_view text);

// Line(), cut to `columns_max` columns with "…" as the last one. REQUIRES: columns_max > 0.
std::string CutLine(std::string_view text, size_t columns_max);

struct BlockOptions {
  // Stands before each line, so that no line of a stranger's text passes for one of ours.
  std::string_view gutter = "  | ";
  // Longer texts are cut at a character, and a last line says how much is missing.
  size_t bytes_max = 64 << 10;
};

// Several lines, each with the gutter and a newline at its end. More than two empty lines in a row, and more than 40
// spaces, which push what follows out of sight, are shown as a count.
std::string Block(std::string_view text, const BlockOptions& options);
std::string Block(std::string_view text);

// Columns that printable text takes: wide East Asian characters count 2, combining marks 0.
size_t DisplayWidth(std::string_view printable);

// "1,234,567".
std::string Grouped(unsigned long long number);
// "512 bytes", "1.5 KiB", "3.0 GiB".
std::string ByteCount(unsigned long long bytes);
// "1 row", "2 rows".
std::string Counted(unsigned long long number, std::string_view singular);

}  // namespace chaperone::display

#endif  // CHAPERONE_TOOLS_CHAPERONE_DISPLAY_PRINTABLE_H_
