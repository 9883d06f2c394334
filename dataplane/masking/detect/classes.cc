#include "dataplane/masking/detect/classes.h"

#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace chaperone::masking::detect {

namespace {

// A byte's classes as bits. Each bit is a rectangle of high and low nibbles, so that two 16-entry tables tell them all:
// the letters take two.
constexpr uint8_t kDigit = 0x01;
constexpr uint8_t kLetterLow = 0x02;   // A-O, a-o: high nibble 4 or 6, low nibble not 0
constexpr uint8_t kLetterHigh = 0x04;  // P-Z, p-z: high nibble 5 or 7, low nibble up to a
constexpr uint8_t kSeparator = 0x08;
constexpr uint8_t kColon = 0x10;
constexpr uint8_t kAtSign = 0x20;
constexpr uint8_t kDash = 0x40;

constexpr std::array<uint8_t, 16> MakeHighTable() {
  std::array<uint8_t, 16> table{};
  table[2] = kSeparator | kDash;
  table[3] = kDigit | kColon;
  table[4] = kLetterLow | kAtSign;
  table[5] = kLetterHigh;
  table[6] = kLetterLow;
  table[7] = kLetterHigh;
  return table;
}

constexpr std::array<uint8_t, 16> MakeLowTable() {
  std::array<uint8_t, 16> table{};
  for (size_t low = 0; low < 16; ++low) {
    table[low] = static_cast<uint8_t>((low <= 9 ? kDigit : 0) | (low != 0 ? kLetterLow : kAtSign) |
                                      (low <= 10 ? kLetterHigh : 0));
  }
  for (const size_t low : {0x0, 0x8, 0x9, 0xd, 0xe, 0xf}) {
    table[low] |= kSeparator;
  }
  table[0xa] |= kColon;
  table[0xd] |= kDash;
  return table;
}

constexpr std::array<uint8_t, 16> kHighTable = MakeHighTable();
constexpr std::array<uint8_t, 16> kLowTable = MakeLowTable();

void Seal(size_t words, Classes* out) {
  for (Bitmap* bitmap :
       {&out->digit, &out->letter, &out->separator, &out->colon, &out->at_sign, &out->dash, &out->high}) {
    bitmap->Seal(words);
  }
}

void ClassifyBlockPortable(const char* data, size_t size, size_t word, Classes* out) {
  uint64_t digit = 0;
  uint64_t letter = 0;
  uint64_t separator = 0;
  uint64_t colon = 0;
  uint64_t at_sign = 0;
  uint64_t dash = 0;
  uint64_t high = 0;
  for (size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<uint8_t>(data[i]);
    const uint8_t classes = byte < 0x80 ? kHighTable[byte >> 4] & kLowTable[byte & 0xf] : 0;
    digit |= static_cast<uint64_t>((classes & kDigit) != 0) << i;
    letter |= static_cast<uint64_t>((classes & (kLetterLow | kLetterHigh)) != 0) << i;
    separator |= static_cast<uint64_t>((classes & kSeparator) != 0) << i;
    colon |= static_cast<uint64_t>((classes & kColon) != 0) << i;
    at_sign |= static_cast<uint64_t>((classes & kAtSign) != 0) << i;
    dash |= static_cast<uint64_t>((classes & kDash) != 0) << i;
    high |= static_cast<uint64_t>(byte >= 0x80) << i;
  }
  out->digit.word(word) = digit;
  out->letter.word(word) = letter;
  out->separator.word(word) = separator;
  out->colon.word(word) = colon;
  out->at_sign.word(word) = at_sign;
  out->dash.word(word) = dash;
  out->high.word(word) = high;
}

#if defined(__x86_64__)

struct Half {
  __m256i classes;
  __m256i bytes;
};

__attribute__((target("avx2"))) inline Half LoadHalf(const char* data) {
  const __m256i high_table =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kHighTable.data())));
  const __m256i low_table =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kLowTable.data())));
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data));
  const __m256i nibble = _mm256_set1_epi8(0x0f);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
  // A set high bit makes the shuffle give 0, which is no class: right for bytes that are not ASCII.
  return {_mm256_and_si256(_mm256_shuffle_epi8(high_table, high),
                           _mm256_shuffle_epi8(low_table, _mm256_and_si256(bytes, _mm256_set1_epi8('\x8f')))),
          bytes};
}

// Bit `Shift` counted from the top of each byte's classes, as 64 bits.
template <int Shift>
__attribute__((target("avx2"))) inline uint64_t Mask(const Half& first, const Half& second) {
  const auto low = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_slli_epi16(first.classes, Shift)));
  const auto high = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_slli_epi16(second.classes, Shift)));
  return static_cast<uint64_t>(high) << 32 | low;
}

__attribute__((target("avx2"))) void ClassifyBlocksAvx2(const char* data, size_t first_word, size_t words,
                                                        Classes* out) {
  for (size_t i = first_word; i < first_word + words; ++i, data += 64) {
    const Half first = LoadHalf(data);
    const Half second = LoadHalf(data + 32);
    out->digit.word(i) = Mask<7>(first, second);
    out->letter.word(i) = Mask<6>(first, second) | Mask<5>(first, second);
    out->separator.word(i) = Mask<4>(first, second);
    out->colon.word(i) = Mask<3>(first, second);
    out->at_sign.word(i) = Mask<2>(first, second);
    out->dash.word(i) = Mask<1>(first, second);
    out->high.word(i) = static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(second.bytes))) << 32 |
                        static_cast<uint32_t>(_mm256_movemask_epi8(first.bytes));
  }
}

#endif

}  // namespace

void Bitmap::SetRange(size_t begin, size_t end) {
  if (begin >= end) {
    return;
  }
  const size_t first = begin / 64;
  const size_t last = (end - 1) / 64;
  const uint64_t head = ~uint64_t{0} << begin % 64;
  const uint64_t tail = ~uint64_t{0} >> (63 - (end - 1) % 64);
  if (first == last) {
    word(first) |= head & tail;
    return;
  }
  word(first) |= head;
  for (size_t i = first + 1; i < last; ++i) {
    word(i) = ~uint64_t{0};
  }
  word(last) |= tail;
}

size_t Bitmap::RunEnd(size_t at, size_t limit) const {
  size_t i = at / 64;
  uint64_t zeros = ~word(i) >> at % 64 << at % 64;
  while (zeros == 0) {
    ++i;
    if (i * 64 >= limit) {
      return limit;
    }
    zeros = ~word(i);
  }
  const size_t end = i * 64 + static_cast<size_t>(std::countr_zero(zeros));
  return end < limit ? end : limit;
}

size_t Bitmap::RunBegin(size_t at) const {
  size_t i = at / 64;
  const size_t above = 63 - at % 64;
  uint64_t zeros = ~word(i) << above >> above;
  while (zeros == 0) {
    if (i == 0) {
      return 0;
    }
    --i;
    zeros = ~word(i);
  }
  return i * 64 + 64 - static_cast<size_t>(std::countl_zero(zeros));
}

void ClassifyPortable(const char* data, size_t size, Classes* out) {
  for (size_t at = 0; at < size; at += 64) {
    ClassifyBlockPortable(data + at, size - at < 64 ? size - at : 64, at / 64, out);
  }
  Seal(WordsOf(size), out);
}

void Classify(const char* data, size_t size, Classes* out) {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) {
    const size_t whole = size / 64;
    ClassifyBlocksAvx2(data, 0, whole, out);
    if (size % 64 != 0) {
      // A copy, since nothing may be read past the text.
      char rest[64] = {};
      std::memcpy(rest, data + 64 * whole, size % 64);
      ClassifyBlocksAvx2(rest, whole, 1, out);
    }
    Seal(WordsOf(size), out);
    return;
  }
#endif
  ClassifyPortable(data, size, out);
}

}  // namespace chaperone::masking::detect
