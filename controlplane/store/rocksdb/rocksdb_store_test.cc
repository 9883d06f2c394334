#include "controlplane/store/rocksdb/rocksdb_store.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "controlplane/store/conformance/conformance.h"

namespace chaperone::store {
namespace {

namespace fs = std::filesystem;

// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "chaperone-store-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { fs::remove_all(path_); }
  std::string Sub(std::string_view name) const { return (fs::path(path_) / name).string(); }

 private:
  std::string path_;
};

std::unique_ptr<Store> Open(const std::string& path, ::rocksdb::Env* env = nullptr) {
  RocksDbOptions options;
  options.path = path;
  options.env = env;
  auto store = OpenRocksDbStore(options);
  INFO(store.status().ToString());
  REQUIRE(store.ok());
  return *std::move(store);
}

WriteBatch Put(Family family, std::string key, std::string value) {
  WriteBatch batch;
  batch.Put(family, std::move(key), std::move(value));
  return batch;
}

StoreMaker In(const TemporaryFolder& folder) {
  return [&folder, n = std::make_shared<int>(0)] { return Open(folder.Sub(std::to_string(++*n))); };
}

TEST_CASE("RocksDB reads and scans") {
  TemporaryFolder folder;
  CheckReadsAndScans(In(folder));
}
TEST_CASE("RocksDB keeps preconditions") {
  TemporaryFolder folder;
  CheckPreconditions(In(folder));
}
TEST_CASE("RocksDB serves many threads") {
  TemporaryFolder folder;
  CheckConcurrency(In(folder));
}
TEST_CASE("RocksDB closes in order") {
  TemporaryFolder folder;
  CheckLifecycle(In(folder));
}

TEST_CASE("what was committed is there after a reopen, in the family it was put in") {
  TemporaryFolder folder;
  const std::string large(3 << 20, 'x');
  {
    const auto store = Open(folder.Sub("db"));
    REQUIRE(store->Commit(Put(Family::kMeta, "a", "1")).ok());
    REQUIRE(store->Commit(Put(Family::kChunks, "a", large)).ok());
  }
  const auto store = Open(folder.Sub("db"));
  CHECK(**store->Get(Family::kMeta, "a") == "1");
  CHECK(**store->Get(Family::kChunks, "a") == large);
  CHECK_FALSE(store->Get(Family::kAudit, "a")->has_value());
  struct stat status {};
  REQUIRE(stat(folder.Sub("db").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("a killed writer leaves every acknowledged commit, whole") {
  TemporaryFolder folder;
  const std::string path = folder.Sub("db");
  int pipe_fds[2];
  REQUIRE(pipe(pipe_fds) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    RocksDbOptions options;
    options.path = path;
    auto store = OpenRocksDbStore(options);
    for (uint32_t i = 0; store.ok(); ++i) {
      WriteBatch batch = Put(Family::kSessions, std::to_string(i), "s");
      batch.Put(Family::kChunks, std::to_string(i), std::string(5000, 'c'));
      if (!(*store)->Commit(std::move(batch)).ok() || write(pipe_fds[1], &i, sizeof(i)) != sizeof(i)) {
        break;
      }
    }
    _exit(1);
  }
  close(pipe_fds[1]);
  uint32_t acknowledged = 0;
  for (int i = 0; i < 200; ++i) {
    REQUIRE(read(pipe_fds[0], &acknowledged, sizeof(acknowledged)) == sizeof(acknowledged));
  }
  REQUIRE(kill(child, SIGKILL) == 0);
  while (read(pipe_fds[0], &acknowledged, sizeof(acknowledged)) == sizeof(acknowledged)) {
  }
  close(pipe_fds[0]);
  waitpid(child, nullptr, 0);

  const auto store = Open(path);
  for (uint32_t i = 0; i <= acknowledged; ++i) {
    CHECK(store->Get(Family::kSessions, std::to_string(i))->has_value());
  }
  // One more may be there, committed and not yet acknowledged, but never half of it.
  for (uint32_t i = acknowledged + 1; i < acknowledged + 3; ++i) {
    CHECK(store->Get(Family::kSessions, std::to_string(i))->has_value() ==
          store->Get(Family::kChunks, std::to_string(i))->has_value());
  }
}

TEST_CASE("a folder in use, of a newer version, or that cannot be made is refused") {
  TemporaryFolder folder;
  {
    const auto store = Open(folder.Sub("db"));
    const auto second = OpenRocksDbStore({.path = folder.Sub("db")});
    CHECK(second.status().code() == absl::StatusCode::kFailedPrecondition);
    CHECK(base::Message(second.status()).find("in use by another process") != std::string_view::npos);
    REQUIRE(store->Commit(Put(Family::kMeta, "format", "2")).ok());
  }
  const auto newer = OpenRocksDbStore({.path = folder.Sub("db")});
  CHECK(base::Message(newer.status()).find("has format \"2\"") != std::string_view::npos);

  {
    ::rocksdb::DB* db = nullptr;
    ::rocksdb::Options options;
    options.create_if_missing = true;
    REQUIRE(::rocksdb::DB::Open(options, folder.Sub("other"), &db).ok());
    ::rocksdb::ColumnFamilyHandle* handle = nullptr;
    REQUIRE(db->CreateColumnFamily({}, "from_the_future", &handle).ok());
    db->DestroyColumnFamilyHandle(handle);
    delete db;
  }
  const auto unknown = OpenRocksDbStore({.path = folder.Sub("other")});
  CHECK(base::Message(unknown.status()).find("from_the_future") != std::string_view::npos);

  std::ofstream(folder.Sub("file")) << "x";
  CHECK_FALSE(OpenRocksDbStore({.path = folder.Sub("file/db")}).ok());
}

// The machine's file system, whose syncs of the log can be made to fail.
class FailingEnv final : public ::rocksdb::EnvWrapper {
 public:
  FailingEnv() : EnvWrapper(::rocksdb::Env::Default()) {}
  const char* Name() const override { return "FailingEnv"; }

  std::atomic<bool> fail = false;

  ::rocksdb::Status NewWritableFile(const std::string& name, std::unique_ptr<::rocksdb::WritableFile>* file,
                                    const ::rocksdb::EnvOptions& options) override {
    const ::rocksdb::Status status = EnvWrapper::NewWritableFile(name, file, options);
    if (status.ok() && name.ends_with(".log")) {
      file->reset(new FailingFile(std::move(*file), &fail));
    }
    return status;
  }

 private:
  class FailingFile final : public ::rocksdb::WritableFileWrapper {
   public:
    FailingFile(std::unique_ptr<::rocksdb::WritableFile> inner, const std::atomic<bool>* fail)
        : WritableFileWrapper(inner.get()), inner_(std::move(inner)), fail_(fail) {}
    ::rocksdb::Status Sync() override { return *fail_ ? ::rocksdb::Status::NoSpace("test") : inner_->Sync(); }
    ::rocksdb::Status Fsync() override { return Sync(); }

   private:
    const std::unique_ptr<::rocksdb::WritableFile> inner_;
    const std::atomic<bool>* fail_;
  };
};

TEST_CASE("a failing disk refuses commits, and serves again when it has recovered") {
  TemporaryFolder folder;
  FailingEnv env;
  const auto store = Open(folder.Sub("db"), &env);
  REQUIRE(store->Commit(Put(Family::kMeta, "before", "1")).ok());
  env.fail = true;
  const absl::Status failed = store->Commit(Put(Family::kMeta, "during", "1"));
  CHECK(failed.code() == absl::StatusCode::kUnavailable);
  CHECK_FALSE(store->Get(Family::kMeta, "during")->has_value());
  CHECK(**store->Get(Family::kMeta, "before") == "1");
  env.fail = false;
  absl::Status recovered = base::Unavailable("not tried");
  // RocksDB looks every five seconds whether there is room again.
  for (int i = 0; i < 300 && !recovered.ok(); ++i) {
    recovered = store->Commit(Put(Family::kMeta, "after", "1"));
    usleep(100000);
  }
  CHECK(recovered.ok());
}

}  // namespace
}  // namespace chaperone::store
