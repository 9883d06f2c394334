// The hash chain over a session's chunks: whoever has the last chain value can tell whether any earlier byte was
// changed, dropped or moved. FORMAT.md, "Chain".
#ifndef CHAPERONE_API_RECORDING_CHAIN_H_
#define CHAPERONE_API_RECORDING_CHAIN_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "api/base/id.h"

namespace chaperone::recording {

inline constexpr size_t kChainBytes = 32;
using ChainValue = std::array<uint8_t, kChainBytes>;

struct ChunkHeader {
  base::SessionId session;
  uint64_t first_record = 0;
  uint32_t records = 0;
};

// The chain value before a session's first chunk: zeros.
inline constexpr ChainValue kChainStart{};

// The chain value after a chunk. Pure; thread-safe.
ChainValue ChainAfter(const ChainValue& before, const ChunkHeader& header, std::string_view payload);

}  // namespace chaperone::recording

#endif  // CHAPERONE_API_RECORDING_CHAIN_H_
