#include "dataplane/recorder/segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dataplane/recorder/crc32c.h"
#include "dataplane/recorder/spool.h"

namespace chaperone::recorder {

namespace {

constexpr char kMagic[8] = {'C', 'H', 'S', 'P', 'O', 'O', 'L', '3'};

absl::Status FileError(int error_number, std::string_view what, const std::string& path) {
  if (error_number == ENOSPC || error_number == EDQUOT) {
    return base::ResourceExhausted("{} {}: the disk is full", what, path);
  }
  return base::ErrnoStatus(error_number, fmt::format("{} {}", what, path));
}

}  // namespace

struct Segment::Header {
  char magic[8];
  uint8_t spool[base::kIdBytes];
  uint64_t index;
  uint64_t base;
  std::atomic<uint64_t> committed;
  std::atomic<uint64_t> acknowledged;
};

size_t CheckedFrameBytes(const uint8_t* data, uint64_t available) {
  if (available < kFrameHeaderBytes) {
    return 0;
  }
  uint32_t length;
  uint32_t crc;
  std::memcpy(&length, data, sizeof(length));
  std::memcpy(&crc, data + 4, sizeof(crc));
  if (length < kFrameHeaderBytes || length > available || Crc32c(data + 8, length - 8) != crc) {
    return 0;
  }
  return length;
}

Segment::Segment(std::string path, int fd, uint8_t* map, uint64_t file_bytes)
    : path_(std::move(path)), fd_(fd), map_(map), file_bytes_(file_bytes) {}

Segment::~Segment() {
  munmap(map_, file_bytes_);
  close(fd_);
}

Segment::Header* Segment::header() const { return reinterpret_cast<Header*>(map_); }
uint64_t Segment::index() const { return header()->index; }
uint64_t Segment::base() const { return header()->base; }
uint64_t Segment::committed() const { return header()->committed.load(std::memory_order_acquire); }
void Segment::set_committed(uint64_t bytes) { header()->committed.store(bytes, std::memory_order_release); }
uint64_t Segment::acknowledged() const { return header()->acknowledged.load(std::memory_order_acquire); }
void Segment::set_acknowledged(uint64_t position) { header()->acknowledged.store(position, std::memory_order_release); }

absl::StatusOr<std::shared_ptr<Segment>> Segment::Create(const std::string& path, const base::SpoolId& spool,
                                                         uint64_t index, uint64_t base, uint64_t file_bytes) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return FileError(errno, "cannot make the spool file", path);
  }
  const int reserved = posix_fallocate(fd, 0, static_cast<off_t>(file_bytes));
  void* map = reserved == 0 ? mmap(nullptr, file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
  if (map == MAP_FAILED) {
    const int error_number = reserved != 0 ? reserved : errno;
    close(fd);
    unlink(path.c_str());
    return FileError(error_number, "cannot reserve space for the spool file", path);
  }
  std::shared_ptr<Segment> segment(new Segment(path, fd, static_cast<uint8_t*>(map), file_bytes));
  Header* const header = new (map) Header{};
  std::memcpy(header->spool, spool.bytes().data(), base::kIdBytes);
  header->index = index;
  header->base = base;
  header->acknowledged.store(base, std::memory_order_relaxed);
  std::memcpy(header->magic, kMagic, sizeof(kMagic));
  return segment;
}

absl::StatusOr<std::shared_ptr<Segment>> Segment::Open(const std::string& path, const base::SpoolId& spool) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    return FileError(errno, "cannot open the spool file", path);
  }
  struct stat file {};
  const bool usable = fstat(fd, &file) == 0 && file.st_size > static_cast<off_t>(kHeaderBytes);
  void* const map =
      usable ? mmap(nullptr, static_cast<size_t>(file.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
  if (map == MAP_FAILED) {
    close(fd);
    return base::DataLoss("the spool file {} is empty or cannot be mapped", path);
  }
  std::shared_ptr<Segment> segment(
      new Segment(path, fd, static_cast<uint8_t*>(map), static_cast<uint64_t>(file.st_size)));
  CHAPERONE_RETURN_IF_ERROR(segment->Recover(spool));
  return segment;
}

absl::Status Segment::Recover(const base::SpoolId& spool) {
  Header* const head = header();
  if (std::memcmp(head->magic, kMagic, sizeof(kMagic)) != 0 ||
      std::memcmp(head->spool, spool.bytes().data(), base::kIdBytes) != 0 || head->committed.load() > capacity()) {
    return base::DataLoss("the spool file {} has a header that does not hold", path_);
  }
  // After a crash of the machine the header may be newer than the data, or older: frames count as far as they hold.
  uint64_t holds = 0;
  while (const size_t bytes = CheckedFrameBytes(data() + holds, capacity() - holds)) {
    holds += bytes;
  }
  const bool lost = holds < head->committed.load();
  set_committed(holds);
  if (head->acknowledged.load() < head->base || head->acknowledged.load() > head->base + holds) {
    head->acknowledged.store(lost ? head->base + holds : head->base);
  }
  return absl::OkStatus();
}

void Segment::MakeReady(uint64_t begin, uint64_t end) {
  constexpr uint64_t kPageMask = ~uint64_t{4095};
  uint8_t* const first = map_ + ((kHeaderBytes + begin) & kPageMask);
  madvise(first, static_cast<size_t>(data() + end - first), MADV_POPULATE_WRITE);
}

void Segment::Sync() {
  const uint64_t committed_bytes = committed();
  if (committed_bytes != synced_) {
    fdatasync(fd_);
    synced_ = committed_bytes;
  }
}

}  // namespace chaperone::recorder
