// Which bytes of a text are digits, letters, separators …, as bits: this is what lets a search pass over text that
// holds nothing of interest without looking at every byte.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_CLASSES_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_CLASSES_H_

#include <cstddef>
#include <cstdint>

namespace chaperone::masking::detect {

// Bytes that are classified at once.
inline constexpr size_t kBlockBytes = 64;

// Of a block: the lowest bit is for its first byte. Bits behind the end of the text are 0.
struct ByteClasses {
  uint64_t digits = 0;
  // A-Z, a-z.
  uint64_t letters = 0;
  // What may stand between the digits of one number: space ( ) - . /
  uint64_t separators = 0;
  // @ : -
  uint64_t signs = 0;

  bool operator==(const ByteClasses&) const = default;
};

// REQUIRES: size <= kBlockBytes. Uses the processor's wide registers where it has them.
ByteClasses Classify(const char* data, size_t size);
// The table-driven form; the same result.
ByteClasses ClassifyPortable(const char* data, size_t size);

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_CLASSES_H_
