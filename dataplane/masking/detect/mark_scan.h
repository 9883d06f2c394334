// One pass over a text for what has no literal to search for: numbers, mixed words, addresses.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_MARK_SCAN_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_MARK_SCAN_H_

#include "dataplane/masking/detect/cell_scan.h"
#include "dataplane/masking/detect/number.h"

namespace chaperone::masking::detect {

// Immutable; share it freely.
class MarkScan {
 public:
  explicit MarkScan(const KindSet& kinds);
  void Run(const CellScan& scan) const;

 private:
  size_t OnDigit(const CellScan& scan, size_t begin) const;
  void OnWord(const CellScan& scan, size_t begin, size_t end, bool is_mixed) const;
  void OnSign(const CellScan& scan, size_t at) const;

  NumberRecognizer numbers_;
  bool wants_tokens_;
  bool wants_emails_;
  bool wants_ips_;
  bool wants_macs_;
  bool wants_bics_;
};

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_MARK_SCAN_H_
