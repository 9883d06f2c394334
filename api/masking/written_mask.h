// Masks on their way back: an agent that has read "****" and writes the row would put the mask over the real value. A
// guard against that mistake, not against malice: whoever may write the column may write what it likes.
#ifndef CHAPERONE_API_MASKING_WRITTEN_MASK_H_
#define CHAPERONE_API_MASKING_WRITTEN_MASK_H_

#include <cstddef>
#include <string_view>

namespace chaperone::masking {

// The value could be what redact, keep_first, keep_last or email make of one: four asterisks in a row, or nothing else.
bool LooksMasked(std::string_view value);

// A string constant of the text looks masked. Comments and names do not count.
bool HoldsMaskedConstant(std::string_view sql);

// The same for data that comes in chunks.
class MaskedDataSearch {
 public:
  // True once four asterisks in a row have come.
  bool Add(std::string_view chunk);

 private:
  size_t run_ = 0;
  bool found_ = false;
};

}  // namespace chaperone::masking

#endif  // CHAPERONE_API_MASKING_WRITTEN_MASK_H_
