// Identifiers that mix letters and digits: IBAN, codes of national offices, keys that have no prefix long enough to
// search for. The search hands in words that hold both.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_TOKEN_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_TOKEN_H_

#include <bitset>
#include <cstddef>
#include <vector>

#include "dataplane/masking/detect/cell_scan.h"
#include "dataplane/masking/detect/number.h"

namespace chaperone::masking::detect {

// Longer words hold nothing that is looked for.
inline constexpr size_t kTokenBytesMax = 128;

// `begin` and `end` are those of the longest run of ASCII letters and digits. Reports what the word is, or starts.
void RecognizeToken(const CellScan& scan, size_t begin, size_t end);

using TokenSizes = std::bitset<kTokenBytesMax + 1>;
// How many bytes the words have that may be, or start, one of `kinds`.
TokenSizes TokenSizesOf(const KindSet& kinds);

// Numbers with letters apart from the digits: "AB 12 34 56 C", "12345678-Z", "12.345.678-K".
void RecognizeLettersAround(const CellScan& scan, const std::vector<DigitGroup>& groups);
bool WantsLettersAround(const KindSet& kinds);

// `word` has the shape of `pattern`: A stands for an upper-case letter, 9 for a digit, X for either.
bool HasShape(std::string_view word, std::string_view pattern);

// The words of wallets; token.cc hands them on. `word` is text[begin, end).
void RecognizeWalletWord(const CellScan& scan, std::string_view word, size_t begin, size_t end);

// A word of 8 or 11 bytes that may be a bank code (ISO 9362).
void RecognizeBic(const CellScan& scan, size_t begin, size_t end);

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_TOKEN_H_
