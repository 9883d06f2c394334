#include "tools/chaperone/display/printable.h"

#include <fmt/format.h>

#include "tools/chaperone/display/unicode.h"

namespace chaperone::display {

namespace {

constexpr size_t kEmptyLinesMax = 2;
constexpr size_t kSpacesMax = 40;

// Appends what stands for the code point.
void Append(const CodePoint& point, std::string_view bytes, std::string* out) {
  if (!point.valid) {
    *out += fmt::format("\\x{:02x}", static_cast<uint8_t>(bytes[0]));
  } else if (!IsHazard(point.value)) {
    out->append(bytes.substr(0, point.bytes));
  } else if (point.value == '\n') {
    *out += "\\n";
  } else if (point.value == '\r') {
    *out += "\\r";
  } else if (point.value == '\t') {
    *out += "\\t";
  } else if (point.value < 0x80) {
    *out += fmt::format("\\x{:02x}", point.value);
  } else {
    *out += fmt::format("\\u{{{:x}}}", point.value);
  }
}

// At most `bytes` bytes of the text, not cutting a character.
std::string_view Prefix(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) {
    return text;
  }
  while (bytes > 0 && (static_cast<uint8_t>(text[bytes]) & 0xc0) == 0x80) {
    --bytes;
  }
  return text.substr(0, bytes);
}

// One line of a block: tabs become spaces, long runs of spaces a count.
std::string BlockLine(std::string_view line) {
  std::string out;
  size_t position = 0;
  while (position < line.size()) {
    if (line[position] == '\t') {
      out += "    ";
      ++position;
      continue;
    }
    const size_t run = std::min(line.find_first_not_of(' ', position), line.size()) - position;
    if (run > kSpacesMax) {
      out += fmt::format("⟨{} spaces⟩", Grouped(run));
      position += run;
      continue;
    }
    const std::string_view rest = line.substr(position);
    const CodePoint point = Decode(rest);
    Append(point, rest, &out);
    position += point.bytes;
  }
  return out;
}

}  // namespace

std::string Line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = Decode(text);
    Append(point, text, &out);
    text.remove_prefix(point.bytes);
  }
  return out;
}

std::string CutLine(std::string_view text, size_t columns_max) {
  // What is cut off anyway need not be looked at; no character takes more than four bytes, and combining marks are few.
  const std::string_view head = Prefix(text, columns_max * 16);
  const std::string line = Line(head);
  if (head.size() == text.size() && DisplayWidth(line) <= columns_max) {
    return line;
  }
  std::string out;
  size_t width = 0;
  std::string_view rest = line;
  while (!rest.empty()) {
    const CodePoint point = Decode(rest);
    const size_t columns = IsWide(point.value) ? 2 : IsCombining(point.value) ? 0 : 1;
    if (width + columns + 1 > columns_max) {
      break;
    }
    width += columns;
    out.append(rest.substr(0, point.bytes));
    rest.remove_prefix(point.bytes);
  }
  return out + "…";
}

std::string Block(std::string_view text, const BlockOptions& options) {
  const std::string_view shown = Prefix(text, options.bytes_max);
  std::string out;
  size_t empty_lines = 0;
  const auto flush_empty = [&] {
    if (empty_lines > kEmptyLinesMax) {
      out += fmt::format("{}⟨{} empty lines⟩\n", options.gutter, Grouped(empty_lines));
    } else {
      for (size_t i = 0; i < empty_lines; ++i) {
        out += fmt::format("{}\n", options.gutter);
      }
    }
    empty_lines = 0;
  };
  size_t start = 0;
  while (start <= shown.size()) {
    const size_t end = std::min(shown.find('\n', start), shown.size());
    std::string_view line = shown.substr(start, end - start);
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
    }
    start = end + 1;
    if (line.find_first_not_of(" \t") == std::string_view::npos) {
      empty_lines += end < shown.size() || out.empty() ? 1 : 0;
      continue;
    }
    flush_empty();
    out += fmt::format("{}{}\n", options.gutter, BlockLine(line));
  }
  flush_empty();
  if (shown.size() < text.size()) {
    out += fmt::format("{}⟨{} more⟩\n", options.gutter, ByteCount(text.size() - shown.size()));
  }
  return out;
}

std::string Block(std::string_view text) {
  const BlockOptions options;
  return Block(text, options);
}

size_t DisplayWidth(std::string_view printable) {
  size_t width = 0;
  while (!printable.empty()) {
    const CodePoint point = Decode(printable);
    width += IsWide(point.value) ? 2 : IsCombining(point.value) ? 0 : 1;
    printable.remove_prefix(point.bytes);
  }
  return width;
}

std::string Grouped(unsigned long long number) {
  std::string digits = std::to_string(number);
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<size_t>(i), 1, ',');
  }
  return digits;
}

std::string ByteCount(unsigned long long bytes) {
  if (bytes < 1024) {
    return Counted(bytes, "byte");
  }
  constexpr std::string_view kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string Counted(unsigned long long number, std::string_view singular) {
  return fmt::format("{} {}{}", Grouped(number), singular, number == 1 ? "" : "s");
}

}  // namespace chaperone::display
