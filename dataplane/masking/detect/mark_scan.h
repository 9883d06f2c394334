// One pass over a text for what has no literal to search for: numbers, mixed words, addresses.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_MARK_SCAN_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_MARK_SCAN_H_

#include "dataplane/masking/detect/cell_scan.h"
#include "dataplane/masking/detect/classes.h"
#include "dataplane/masking/detect/number.h"
#include "dataplane/masking/detect/token.h"

namespace chaperone::masking::detect {

// Immutable; share it freely.
class MarkScan {
 public:
  explicit MarkScan(const KindSet& kinds);
  void Run(const CellScan& scan) const;

 private:
  // The run of letters and digits that the scan is within.
  struct Word {
    size_t begin = 0;
    bool is_open = false;
    bool has_digit = false;
    bool has_letter = false;
  };

  void OnDigits(const CellScan& scan, size_t base, const ByteClasses& block, const ByteClasses& next,
                size_t* chain_end) const;
  void OnWords(const CellScan& scan, size_t base, const ByteClasses& block, Word* word) const;
  size_t OnChain(const CellScan& scan, size_t begin) const;
  void OnWord(const CellScan& scan, size_t begin, size_t end, bool is_mixed) const;
  void OnSign(const CellScan& scan, size_t at) const;

  NumberRecognizer numbers_;
  TokenSizes token_sizes_;
  bool wants_emails_;
  bool wants_ips_;
  bool wants_macs_;
  bool wants_bics_;
  // Those without a digit, or without a letter.
  bool wants_plain_words_;
  bool wants_words_;
  bool wants_signs_;
  // Shorter runs of digits and separators are of no interest.
  size_t chain_bytes_min_;
};

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_MARK_SCAN_H_
