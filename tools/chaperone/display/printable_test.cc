#include "tools/chaperone/display/printable.h"

#include <catch2/catch.hpp>

#include "tools/chaperone/display/json.h"
#include "tools/chaperone/display/table.h"
#include "tools/chaperone/display/unicode.h"

namespace chaperone::display {
namespace {

// What must never reach a terminal raw: every byte that a terminal acts on.
bool IsSafe(std::string_view text) {
  while (!text.empty()) {
    const CodePoint point = Decode(text);
    if (!point.valid || (IsHazard(point.value) && point.value != '\n')) {
      return false;
    }
    text.remove_prefix(point.bytes);
  }
  return true;
}

// Attacks on people who read SQL in a terminal.
const std::string_view kAttacks[] = {
    "\x1b[2J\x1b[HSELECT 1",                                  // Clears the screen and starts over.
    "DROP TABLE t\x1b[1A\x1b[2KSELECT 1",                     // Goes one line up and overwrites it.
    "\x1b]0;root@prod\x07",                                   // Sets the window's title.
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",  // A link.
    "\x1b]52;c;cm0gLXJmIC8=\x07",                             // Writes the clipboard.
    "\x1b[8mhidden\x1b[0m",                                   // Invisible text.
    "\x9b"
    "31mred",  // CSI as a raw 8-bit byte.
    "\xc2\x9b"
    "31mred",                            // CSI as U+009B.
    "DELETE FROM t\rSELECT 1 FROM t",    // Overwrites the line.
    "DELETE\b\b\b\b\b\bSELECT",          // Backspaces over it.
    "SELECT 1\x0b\x0c\x0e\x0f\x05\x1a",  // Tabs, pages, character sets, answerback.
    "\xe2\x80\xae"
    "TCELES",  // Right-to-left override.
    "\xe2\x81\xa6"
    "a\xe2\x81\xa9",  // Isolates.
    "DE\xe2\x80\x8b"
    "LETE",              // Zero-width space.
    "\xf3\xa0\x80\xa0",  // Tag characters.
    "a\xe2\x80\xa8"
    "b",                             // Line separator.
    "\xff\xfe\xc0\x80\xed\xa0\x80",  // Not UTF-8.
};

TEST_CASE("no attack on the terminal survives in a line, a block, a table, a field or JSON") {
  for (const std::string_view attack : kAttacks) {
    CAPTURE(JsonString(attack));
    CHECK_FALSE(IsSafe(attack));
    CHECK(IsSafe(Line(attack)));
    CHECK(Line(attack).find('\n') == std::string::npos);
    CHECK(IsSafe(CutLine(attack, 10)));
    CHECK(IsSafe(Block(attack)));
    CHECK(IsSafe(JsonString(attack)));
    Table table({{"A"}});
    table.Add({std::string(attack)});
    CHECK(IsSafe(table.Text()));
    CHECK(IsSafe(table.Boxed("  ")));
    Fields fields;
    fields.Add("statement", attack);
    CHECK(IsSafe(fields.Text()));
  }
}

TEST_CASE("what is neutralised stays visible as an escape") {
  CHECK(Line("a\x1b[31m") == "a\\x1b[31m");
  CHECK(Line("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(Line("\xe2\x80\xae"
             "x") == "\\u{202e}x");
  CHECK(Line("\x9b"
             "m") == "\\x9bm");
  CHECK(Line("Grüße, 東京 – ok") == "Grüße, 東京 – ok");
}

TEST_CASE("a stranger's newline cannot make a line that passes for ours") {
  const std::string block = Block("SELECT 1\nDecision:  allow\n\nApproved by: alice");
  CHECK(block == "  | SELECT 1\n  | Decision:  allow\n  | \n  | Approved by: alice\n");
  Fields fields;
  fields.Add("reason", "x\nState: approved");
  CHECK(fields.Text() == "reason:  x\\nState: approved\n");
}

TEST_CASE("empty lines and spaces cannot push a statement's end out of sight") {
  const std::string lines = Block("SELECT 1;" + std::string(500, '\n') + "DROP TABLE t");
  CHECK(lines == "  | SELECT 1;\n  | ⟨499 empty lines⟩\n  | DROP TABLE t\n");
  const std::string spaces = Block("SELECT 1;" + std::string(9000, ' ') + "DROP TABLE t");
  CHECK(spaces == "  | SELECT 1;⟨9,000 spaces⟩DROP TABLE t\n");
  CHECK(Block("a" + std::string(40, ' ') + "b") == "  | a" + std::string(40, ' ') + "b\n");
}

TEST_CASE("a block that is cut says how much is missing and does not cut a character") {
  const BlockOptions options{.gutter = "> ", .bytes_max = 5};
  CHECK(Block("abcd東京", options) == "> abcd\n> ⟨6 bytes more⟩\n");
  CHECK(Block("abcde", options) == "> abcde\n");
  CHECK(Block("", options) == "> \n");
}

TEST_CASE("a line is cut by columns, not by bytes") {
  CHECK(CutLine("abcdef", 6) == "abcdef");
  CHECK(CutLine("abcdefg", 6) == "abcde…");
  CHECK(CutLine("東京都庁", 5) == "東京…");
  CHECK(CutLine(std::string(1 << 20, 'x'), 4) == "xxx…");
  CHECK(DisplayWidth("e\xcc\x81 東") == 4);
}

TEST_CASE("numbers read well") {
  CHECK(Grouped(0) == "0");
  CHECK(Grouped(999) == "999");
  CHECK(Grouped(1000) == "1,000");
  CHECK(Grouped(1234567) == "1,234,567");
  CHECK(ByteCount(1) == "1 byte");
  CHECK(ByteCount(1536) == "1.5 KiB");
  CHECK(ByteCount(3ull << 30) == "3.0 GiB");
  CHECK(Counted(1, "row") == "1 row");
  CHECK(Counted(2000, "row") == "2,000 rows");
}

}  // namespace
}  // namespace chaperone::display
