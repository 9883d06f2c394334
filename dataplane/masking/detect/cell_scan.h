// One cell under search, as the recognizers of each group of kinds see it: its text, which kinds are looked for, what
// is known of its column, and where findings go.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_CELL_SCAN_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_CELL_SCAN_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/masking/detect/kinds.h"

namespace chaperone::masking::detect {

// What was found: bytes of the cell's text.
struct Finding {
  uint32_t begin = 0;
  uint32_t end = 0;
  Kind kind = Kind::kEmail;
};

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
inline bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
inline bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool IsLetter(char c) { return IsLower(static_cast<char>(c | 0x20)); }
inline bool IsAlnum(char c) { return IsDigit(c) || IsLetter(c); }
inline bool IsHex(char c) {
  return IsDigit(c) || (static_cast<char>(c | 0x20) >= 'a' && static_cast<char>(c | 0x20) <= 'f');
}
// Base64 of either alphabet, without padding.
inline bool IsBase64(char c) { return IsAlnum(c) || c == '+' || c == '/' || c == '-' || c == '_'; }
inline bool IsBase64Url(char c) { return IsAlnum(c) || c == '-' || c == '_'; }

class CellScan {
 public:
  // All must outlive the scan.
  CellScan(std::string_view text, const KindSet& enabled, const KindSet& column, std::vector<Finding>* findings)
      : text_(text), enabled_(enabled), column_(column), findings_(findings) {}

  std::string_view text() const { return text_; }
  bool wants(Kind kind) const { return enabled_[static_cast<size_t>(kind)]; }
  // The byte at `at`, or 0 past either end.
  char at(size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  char before(size_t at) const { return at > 0 ? text_[at - 1] : '\0'; }

  // The column's name speaks of `kind`.
  bool ColumnSpeaksOf(Kind kind) const { return column_[static_cast<size_t>(kind)]; }

  // No letter, digit or underscore stands before `begin`. The letter of an escape ("\n4111…") is none.
  bool StartsWord(size_t begin) const;
  // The same behind `end`.
  bool EndsWord(size_t end) const {
    const char next = at(end);
    return !IsAlnum(next) && next != '_';
  }
  // A word that speaks of `kind` stands close before or behind [begin, end), or names the column.
  bool InContext(Kind kind, size_t begin, size_t end) const;

  void Report(Kind kind, size_t begin, size_t end) const {
    if (wants(kind) && begin < end) {
      findings_->push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end), kind});
    }
  }

 private:
  std::string_view text_;
  const KindSet& enabled_;
  const KindSet& column_;
  std::vector<Finding>* findings_;
};

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_CELL_SCAN_H_
