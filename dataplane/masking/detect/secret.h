// Secrets that a piece of text gives away: prefixes of vendors' keys, words like "password=", marks of PEM files and
// tokens. The search finds these texts (literals), the recognizers look at what stands around them.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_SECRET_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_SECRET_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/masking/detect/cell_scan.h"

namespace chaperone::masking::detect {

// A text to search for, and what to do where it is.
struct Literal {
  std::string text;
  // The letters of `text` stand for both cases.
  bool any_case = false;
  // [begin, end) is where it stands; `index` is `argument` below.
  void (*recognize)(const CellScan& scan, size_t begin, size_t end, uint32_t argument) = nullptr;
  uint32_t argument = 0;
};

// The literals of each group of kinds, those that are looked for.
void AddVendorLiterals(const KindSet& kinds, std::vector<Literal>* literals);
void AddCredentialLiterals(const KindSet& kinds, std::vector<Literal>* literals);
void AddTokenLiterals(const KindSet& kinds, std::vector<Literal>* literals);
void AddDocumentLiterals(const KindSet& kinds, std::vector<Literal>* literals);

// What a column's name gives away: keys that have no mark of their own in the cell.
void RecognizeByColumn(const CellScan& scan);

// Different bytes in `text`: words and placeholders have few, keys many.
size_t DistinctBytes(std::string_view text);

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_SECRET_H_
