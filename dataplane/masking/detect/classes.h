// Which bytes of a text are digits, letters, separators …: one bitmap for each class, a bit for each byte. This is what
// lets kinds that are made of classes (numbers, tokens, addresses) be found without looking at every byte: most text
// has no digit in sight.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_CLASSES_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_CLASSES_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace chaperone::masking::detect {

// Bytes that are classified at once, with what stands before and behind the part that is searched.
inline constexpr size_t kClassifiedBytesMax = 18 * 1024;
inline constexpr size_t kClassWords = kClassifiedBytesMax / 64;

// One bit for each byte; a word of zeros before the first and behind the last, so that neighbours can be looked at.
class Bitmap {
 public:
  uint64_t& word(size_t i) { return words_[i + 1]; }
  uint64_t word(size_t i) const { return words_[i + 1]; }
  // The 64 bits around word i as 128: three bits of the word before, the word, 61 bits of the next.
  unsigned __int128 Around(size_t i) const {
    const auto low = static_cast<unsigned __int128>(words_[i + 1]) << 3 | words_[i] >> 61;
    return low | static_cast<unsigned __int128>(words_[i + 2]) << 67;
  }
  bool bit(size_t at) const { return (word(at / 64) >> at % 64 & 1) != 0; }
  void Clear(size_t word_count) {
    for (size_t i = 0; i < word_count + 2; ++i) {
      words_[i] = 0;
    }
  }
  // Ends the bitmap behind `word_count` words.
  void Seal(size_t word_count) {
    words_[0] = 0;
    words_[word_count + 1] = 0;
  }
  void SetRange(size_t begin, size_t end);
  // The first bit at or after `at` that is 0; `limit` if there is none before.
  size_t RunEnd(size_t at, size_t limit) const;
  // The first bit of the run of ones that holds `at`. REQUIRES: bit(at).
  size_t RunBegin(size_t at) const;

 private:
  std::array<uint64_t, kClassWords + 2> words_;
};

struct Classes {
  Bitmap digit;
  // A-Z, a-z.
  Bitmap letter;
  // Space ( ) - . /
  Bitmap separator;
  Bitmap colon;
  Bitmap at_sign;
  Bitmap dash;
  // Not ASCII.
  Bitmap high;
};

// REQUIRES: size <= kClassifiedBytesMax. Uses the processor's wide registers where it has them.
void Classify(const char* data, size_t size, Classes* out);
// The table-driven form; the same result.
void ClassifyPortable(const char* data, size_t size, Classes* out);

inline size_t WordsOf(size_t bytes) { return (bytes + 63) / 64; }

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_CLASSES_H_
