// Format-preserving fakes: digits become digits, letters letters of the same case and script, all else stays.
#ifndef CHAPERONE_DATAPLANE_MASKING_SURROGATE_H_
#define CHAPERONE_DATAPLANE_MASKING_SURROGATE_H_

#include <string>
#include <string_view>

#include "dataplane/masking/keyed_hash.h"

namespace chaperone::masking {

// Appends a fake of `text` with as many characters and at most as many bytes. The same text and key give the same fake;
// it differs from `text` whenever that holds a letter or digit. False, with `out` unchanged, when `text` is not valid
// UTF-8.
bool AppendFakeText(std::string_view text, const KeyedHash& hash, std::string* out);

// Writes a fake of `number` to `out`, which has as many bytes: each decimal digit is replaced, a leading one other than
// 0 not by 0, and what is no digit stays. Differs from `number` when that holds a digit.
void FakeDigits(std::string_view number, const KeyedHash& hash, char* out);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_SURROGATE_H_
