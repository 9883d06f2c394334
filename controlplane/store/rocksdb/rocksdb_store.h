// The store on disk: RocksDB, one column family for each Family, every commit synced to the write-ahead log.
#ifndef CHAPERONE_CONTROLPLANE_STORE_ROCKSDB_ROCKSDB_STORE_H_
#define CHAPERONE_CONTROLPLANE_STORE_ROCKSDB_ROCKSDB_STORE_H_

#include <memory>
#include <string>

#include "controlplane/store/store.h"

namespace rocksdb {
class Env;
}

namespace chaperone::store {

struct RocksDbOptions {
  // The folder; made (mode 0700) when missing. One process at a time.
  std::string path;
  // For blocks read back.
  size_t cache_bytes = 64 << 20;
  // For writes not yet in sorted files, over all families.
  size_t write_buffer_bytes = 128 << 20;
  // For tests that make the disk fail; null: the machine's.
  rocksdb::Env* env = nullptr;
};

// Opens or creates. Errors: FailedPrecondition when another process has it, when it was written by a newer format, or
// when the folder cannot be made; DataLoss when it is damaged (restore a backup: the store is not mended silently).
absl::StatusOr<std::unique_ptr<Store>> OpenRocksDbStore(const RocksDbOptions& options);

}  // namespace chaperone::store

#endif  // CHAPERONE_CONTROLPLANE_STORE_ROCKSDB_ROCKSDB_STORE_H_
