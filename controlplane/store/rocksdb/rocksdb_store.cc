#include "controlplane/store/rocksdb/rocksdb_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "controlplane/store/commit_queue.h"

namespace chaperone::store {

namespace {

namespace rdb = ::rocksdb;

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormatVersion = "1";

rdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }

absl::Status ToStatus(const rdb::Status& status, std::string_view what) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  if (status.IsCorruption()) {
    return base::DataLoss("{}: {}", what, status.ToString());
  }
  return base::Unavailable("{}: {}", what, status.ToString());
}

rdb::ColumnFamilyOptions FamilyOptions(Family family, const rdb::BlockBasedTableOptions& table) {
  rdb::ColumnFamilyOptions options;
  options.table_factory.reset(rdb::NewBlockBasedTableFactory(table));
  options.compression = rdb::kZSTD;
  options.write_buffer_size = 4 << 20;
  if (family == Family::kChunks) {
    // Recordings are written once and read seldom: values go to blob files, which no compaction copies again.
    options.write_buffer_size = 32 << 20;
    options.enable_blob_files = true;
    options.min_blob_size = 1024;
    options.blob_file_size = 128 << 20;
    options.blob_compression_type = rdb::kZSTD;
    options.enable_blob_garbage_collection = true;
  }
  return options;
}

rdb::DBOptions DatabaseOptions(const RocksDbOptions& options, std::shared_ptr<rdb::Cache> cache) {
  rdb::DBOptions db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.env = options.env != nullptr ? options.env : rdb::Env::Default();
  db.max_open_files = 512;
  db.max_background_jobs = 2;
  db.max_total_wal_size = 256 << 20;
  db.write_buffer_manager = std::make_shared<rdb::WriteBufferManager>(options.write_buffer_bytes, std::move(cache));
  // An unfinished last write is what a crash leaves; damage anywhere else is refused loudly.
  db.wal_recovery_mode = rdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.keep_log_file_num = 4;
  db.max_log_file_size = 4 << 20;
  db.bytes_per_sync = 1 << 20;
  return db;
}

class RocksDbStore final : public Store, private CommitMedium {
 public:
  RocksDbStore() = default;
  RocksDbStore(const RocksDbStore&) = delete;
  RocksDbStore& operator=(const RocksDbStore&) = delete;

  ~RocksDbStore() override {
    queue_.reset();
    if (db_ != nullptr) {
      for (rdb::ColumnFamilyHandle* handle : opened_) {
        db_->DestroyColumnFamilyHandle(handle);
      }
      db_->Close();
    }
  }

  absl::Status Open(const RocksDbOptions& options) {
    CHAPERONE_RETURN_IF_ERROR(CheckKnownFamilies(options));
    rdb::BlockBasedTableOptions table;
    table.block_cache = rdb::NewLRUCache(options.cache_bytes);
    table.filter_policy.reset(rdb::NewBloomFilterPolicy(10));
    table.cache_index_and_filter_blocks = true;
    const rdb::DBOptions db_options = DatabaseOptions(options, table.block_cache);
    std::vector<rdb::ColumnFamilyDescriptor> descriptors = {{rdb::kDefaultColumnFamilyName, {}}};
    for (size_t i = 0; i < kFamilies; ++i) {
      const Family family = static_cast<Family>(i);
      descriptors.emplace_back(std::string(FamilyName(family)), FamilyOptions(family, table));
    }
    rdb::DB* db = nullptr;
    if (const rdb::Status status = rdb::DB::Open(db_options, options.path, descriptors, &opened_, &db); !status.ok()) {
      if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
        return base::FailedPrecondition(
            "the store {} is in use by another process; stop it or choose another store.path", options.path);
      }
      return ToStatus(status, fmt::format("cannot open the store {}", options.path));
    }
    db_.reset(db);
    std::copy(opened_.begin() + 1, opened_.end(), families_.begin());
    CommitMedium* medium = this;
    queue_ = std::make_unique<CommitQueue>(medium);
    return CheckFormat(options.path);
  }

  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const override {
    std::string value;
    const rdb::Status status = db_->Get(rdb::ReadOptions(), Handle(family), ToSlice(key), &value);
    if (status.IsNotFound()) {
      return std::optional<std::string>();
    }
    CHAPERONE_RETURN_IF_ERROR(ToStatus(status, fmt::format("reading {} from the store", FamilyName(family))));
    return std::optional<std::string>(std::move(value));
  }

  absl::StatusOr<std::vector<Entry>> Scan(const ScanRange& range) const override {
    std::vector<Entry> entries;
    if (!range.end.empty() && range.end <= range.begin) {
      return entries;
    }
    rdb::ReadOptions options;
    const rdb::Slice lower = range.begin;
    const rdb::Slice upper = range.end;
    options.iterate_lower_bound = &lower;
    if (!range.end.empty()) {
      options.iterate_upper_bound = &upper;
    }
    const std::unique_ptr<rdb::Iterator> at(db_->NewIterator(options, Handle(range.family)));
    size_t bytes = 0;
    range.reverse ? at->SeekToLast() : at->SeekToFirst();
    while (at->Valid() && entries.size() < range.limit && bytes < range.value_bytes_max) {
      entries.push_back({at->key().ToString(), at->value().ToString()});
      bytes += at->value().size();
      range.reverse ? at->Prev() : at->Next();
    }
    CHAPERONE_RETURN_IF_ERROR(
        ToStatus(at->status(), fmt::format("reading {} from the store", FamilyName(range.family))));
    return entries;
  }

  void CommitAsync(WriteBatch batch, CommitCallback done) override {
    queue_->Submit(std::move(batch), std::move(done));
  }

 private:
  rdb::ColumnFamilyHandle* Handle(Family family) const { return families_[static_cast<size_t>(family)]; }

  static absl::Status CheckKnownFamilies(const RocksDbOptions& options) {
    std::error_code error;
    const bool existed = std::filesystem::exists(options.path, error);
    if (!existed && !std::filesystem::create_directories(options.path, error)) {
      return base::FailedPrecondition("cannot make the store's folder {}: {}", options.path, error.message());
    }
    if (!existed) {
      chmod(options.path.c_str(), 0700);
    }
    std::vector<std::string> names;
    if (!rdb::DB::ListColumnFamilies(rdb::DBOptions(), options.path, &names).ok()) {
      return absl::OkStatus();  // a new one; Open reports everything else
    }
    for (const std::string& name : names) {
      bool known = name == rdb::kDefaultColumnFamilyName;
      for (size_t i = 0; i < kFamilies; ++i) {
        known = known || name == FamilyName(static_cast<Family>(i));
      }
      if (!known) {
        return base::FailedPrecondition(
            "the store {} has a family \"{}\" that this version does not know: it was written by a newer one; upgrade",
            options.path, name);
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckFormat(const std::string& path) {
    CHAPERONE_ASSIGN_OR_RETURN(const auto format, Get(Family::kMeta, kFormatKey));
    if (!format) {
      WriteBatch batch;
      batch.Put(Family::kMeta, std::string(kFormatKey), std::string(kFormatVersion));
      return Commit(std::move(batch));
    }
    if (*format != kFormatVersion) {
      return base::FailedPrecondition("the store {} has format \"{}\"; this version reads format \"{}\"", path, *format,
                                      kFormatVersion);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<std::string>> Read(Family family, std::string_view key) override {
    return Get(family, key);
  }

  absl::Status Write(const std::vector<const WriteBatch*>& batches) override {
    size_t bytes = 0;
    for (const WriteBatch* batch : batches) {
      bytes += batch->bytes();
    }
    rdb::WriteBatch all(bytes + bytes / 16);
    for (const WriteBatch* batch : batches) {
      for (const WriteBatch::Change& change : batch->changes()) {
        const rdb::Status status = change.value ? all.Put(Handle(change.family), change.key, *change.value)
                                                : all.Delete(Handle(change.family), change.key);
        CHAPERONE_RETURN_IF_ERROR(ToStatus(status, "writing to the store"));
      }
    }
    rdb::WriteOptions options;
    options.sync = true;
    const rdb::Status status = db_->Write(options, &all);
    if (!status.ok()) {
      TryToRecover();
    }
    return ToStatus(status, "writing to the store");
  }

  // RocksDB refuses all writes after one has failed, until told that the cause may be gone.
  void TryToRecover() {
    const auto now = std::chrono::steady_clock::now();
    if (now >= next_recovery_) {
      next_recovery_ = now + std::chrono::seconds(1);
      db_->Resume().PermitUncheckedError();
    }
  }

  std::vector<rdb::ColumnFamilyHandle*> opened_;
  std::array<rdb::ColumnFamilyHandle*, kFamilies> families_{};
  std::unique_ptr<rdb::DB> db_;
  std::chrono::steady_clock::time_point next_recovery_;
  // Last: its thread uses the database.
  std::unique_ptr<CommitQueue> queue_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenRocksDbStore(const RocksDbOptions& options) {
  auto store = std::make_unique<RocksDbStore>();
  CHAPERONE_RETURN_IF_ERROR(store->Open(options));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace chaperone::store
