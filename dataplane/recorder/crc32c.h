// CRC-32C (Castagnoli), as iSCSI and RocksDB use it (RFC 3720 section 12.1). Finds torn pages after a machine crash; it
// is no protection against anybody.
#ifndef CHAPERONE_DATAPLANE_RECORDER_CRC32C_H_
#define CHAPERONE_DATAPLANE_RECORDER_CRC32C_H_

#include <cstddef>
#include <cstdint>

namespace chaperone::recorder {

// Uses the processor's instruction where it has one.
uint32_t Crc32c(const uint8_t* data, size_t size);

// The table-driven form; the same result.
uint32_t Crc32cPortable(const uint8_t* data, size_t size);

}  // namespace chaperone::recorder

#endif  // CHAPERONE_DATAPLANE_RECORDER_CRC32C_H_
