// Text with look-alikes of ASCII made ASCII, and invisible characters taken out; see detector.h.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_FOLD_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_FOLD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chaperone::masking::detect {

struct Folded {
  std::string text;
  // Where each byte of `text` comes from, and the size of the original at the end.
  std::vector<uint32_t> places;
};

// True when `text` has something to fold; then `out` is filled. Bytes that are not UTF-8 stay as they are.
bool Fold(std::string_view text, Folded* out);

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_FOLD_H_
