#include "dataplane/recorder/crc32c.h"

#include <array>
#include <cstring>

namespace chaperone::recorder {

namespace {

// The polynomial, bit-reversed.
constexpr uint32_t kPolynomial = 0x82f63b78;

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1) != 0 ? value >> 1 ^ kPolynomial : value >> 1;
    }
    table[i] = value;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = MakeTable();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t Crc32cSse42(const uint8_t* data, size_t size) {
  uint64_t crc = 0xffffffff;
  for (; size >= 8; data += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, data, sizeof(word));
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto low = static_cast<uint32_t>(crc);
  for (; size > 0; ++data, --size) {
    low = __builtin_ia32_crc32qi(low, *data);
  }
  return ~low;
}
#endif

}  // namespace

uint32_t Crc32cPortable(const uint8_t* data, size_t size) {
  uint32_t crc = 0xffffffff;
  for (; size > 0; ++data, --size) {
    crc = crc >> 8 ^ kTable[(crc ^ *data) & 0xff];
  }
  return ~crc;
}

uint32_t Crc32c(const uint8_t* data, size_t size) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) {
    return Crc32cSse42(data, size);
  }
#endif
  return Crc32cPortable(data, size);
}

}  // namespace chaperone::recorder
