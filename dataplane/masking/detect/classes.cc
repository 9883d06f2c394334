#include "dataplane/masking/detect/classes.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace chaperone::masking::detect {

namespace {

// A byte's classes as bits. Each bit is a rectangle of high and low nibbles, so that two 16-entry tables tell them all:
// letters and signs take several.
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

#if defined(__x86_64__)

// The classes of 32 bytes, a byte for each.
__attribute__((target("avx2"))) inline __m256i ClassesOf(const char* data) {
  const __m256i high_table =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kHighTable.data())));
  const __m256i low_table =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kLowTable.data())));
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data));
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
  // A set high bit makes the shuffle give 0, which is no class: right for bytes that are not ASCII.
  const __m256i low = _mm256_and_si256(bytes, _mm256_set1_epi8('\x8f'));
  return _mm256_and_si256(_mm256_shuffle_epi8(high_table, high), _mm256_shuffle_epi8(low_table, low));
}

// Bit `Shift` of each byte, counted from the top.
template <int Shift>
__attribute__((target("avx2"))) inline uint64_t Bits(__m256i classes) {
  return static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_slli_epi16(classes, Shift)));
}

__attribute__((target("avx2"))) inline ByteClasses ClassifyHalf(const char* data) {
  const __m256i classes = ClassesOf(data);
  return {.digits = Bits<7>(classes),
          .letters = Bits<6>(classes) | Bits<5>(classes),
          .separators = Bits<4>(classes),
          .signs = Bits<3>(classes) | Bits<2>(classes) | Bits<1>(classes)};
}

__attribute__((target("avx2"))) ByteClasses ClassifyAvx2(const char* data, size_t size) {
  constexpr size_t kHalf = kBlockBytes / 2;
  char rest[kBlockBytes];
  if (size != kHalf && size != kBlockBytes) {
    // A copy, since nothing may be read past the text.
    std::memset(rest, 0, sizeof(rest));
    std::memcpy(rest, data, size);
    data = rest;
  }
  const ByteClasses low = ClassifyHalf(data);
  if (size <= kHalf) {
    return low;
  }
  const ByteClasses high = ClassifyHalf(data + kHalf);
  return {.digits = low.digits | high.digits << kHalf,
          .letters = low.letters | high.letters << kHalf,
          .separators = low.separators | high.separators << kHalf,
          .signs = low.signs | high.signs << kHalf};
}

#endif

}  // namespace

ByteClasses ClassifyPortable(const char* data, size_t size) {
  ByteClasses all;
  for (size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<uint8_t>(data[i]);
    const uint8_t classes = byte < 0x80 ? kHighTable[byte >> 4] & kLowTable[byte & 0xf] : 0;
    all.digits |= static_cast<uint64_t>((classes & kDigit) != 0) << i;
    all.letters |= static_cast<uint64_t>((classes & (kLetterLow | kLetterHigh)) != 0) << i;
    all.separators |= static_cast<uint64_t>((classes & kSeparator) != 0) << i;
    all.signs |= static_cast<uint64_t>((classes & (kColon | kAtSign | kDash)) != 0) << i;
  }
  return all;
}

ByteClasses Classify(const char* data, size_t size) {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) {
    return ClassifyAvx2(data, size);
  }
#endif
  return ClassifyPortable(data, size);
}

}  // namespace chaperone::masking::detect
