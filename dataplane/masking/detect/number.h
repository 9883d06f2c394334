// Numbers that are made of digit groups: cards, phone numbers, national identity numbers. The search hands in chains:
// digits with no more than three separators between them ("4111 1111 1111 1111", "123-45-6789").
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_NUMBER_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_NUMBER_H_

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/masking/detect/cell_scan.h"

namespace chaperone::masking::detect {

// No number that is looked for has more digits, or fewer.
inline constexpr size_t kNumberDigitsMax = 19;
inline constexpr size_t kNumberDigitsMin = 6;

struct DigitGroup {
  uint32_t begin = 0;
  uint32_t size = 0;
  uint32_t end() const { return begin + size; }
};

// Some groups of a chain, in a row, read as one number.
struct NumberCandidate {
  enum class Form : uint8_t {
    kCompact,  // one group
    kShaped,   // groups of the sizes in `shape`
    kSpaced,   // every digit on its own ("1 2 3 4 5"): a number that somebody spread out
    kWhole,    // groups of any sizes, from the first of the chain on
  };
  Form form = Form::kCompact;
  // Group sizes as hexadecimal digits, the first one in front: 0x324.
  uint32_t shape = 0;
  // Between the first two groups; 0 for kCompact.
  char separator = '\0';
  // All separators are single and the same.
  bool uniform = true;
  // The cell holds nothing else.
  bool fills_cell = false;
  std::array<uint8_t, kNumberDigitsMax> digits{};
  size_t count = 0;
  size_t begin = 0;
  size_t end = 0;
};

// One kind of number of a fixed count of digits.
struct NumberRule {
  Kind kind;
  uint8_t count;
  // Structure and check digits.
  bool (*valid)(const uint8_t* digits);
  // Random digits pass so rarely that the digits alone will do; otherwise a word of context must be near.
  bool compact_alone;
  // Group sizes in which it is written, which alone will do.
  std::vector<uint32_t> shapes;
  // The separators that count for `shapes`; empty: any single one, the same throughout.
  std::string_view separators = {};
};

// The rules of each part of the world.
const std::vector<NumberRule>& AmericanNumbers();
const std::vector<NumberRule>& EuropeanNumbers();
const std::vector<NumberRule>& AsiaPacificNumbers();

// Recognizes the numbers of one chain. Immutable; share it freely.
class NumberRecognizer {
 public:
  // Looks for those of `kinds` only.
  explicit NumberRecognizer(const KindSet& kinds);

  // `begin` and `end` are the chain's in the cell. Only numbers that start in [first, last) are reported: the others
  // belong to another window of the same cell.
  void OnChain(const CellScan& scan, size_t begin, size_t end, size_t first, size_t last) const;

  // Digits below which a chain holds nothing that is looked for.
  size_t digits_min() const { return digits_min_; }

 private:
  static void Split(const CellScan& scan, size_t begin, size_t end);
  void OnFront(const CellScan& scan) const;
  void OnGroup(const CellScan& scan, size_t index) const;
  void OnSpaced(const CellScan& scan, size_t index) const;
  bool Fill(const CellScan& scan, size_t first, size_t last, NumberCandidate* out) const;
  void Judge(const CellScan& scan, const NumberCandidate& candidate) const;

  // Rules that are looked for, by their count of digits.
  std::array<std::vector<const NumberRule*>, kNumberDigitsMax + 1> rules_;
  // A bit for each shape that some rule knows, by a hash of it.
  std::array<uint64_t, 16> shape_filter_{};
  bool wants_cards_;
  bool wants_phones_;
  bool wants_lettered_;
  size_t digits_min_ = kNumberDigitsMax + 1;
  // Of the chain at hand; scratch memory.
  static thread_local std::vector<DigitGroup> groups_;
};

// Payment cards (ISO/IEC 7812): issuer range and length, then Luhn. `likely`: digits that are grouped as on a card or
// stand near a word for one; then issuers and lengths count that are too rare to be believed on sight.
bool IsCardNumber(const uint8_t* digits, size_t count, bool likely);

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_NUMBER_H_
