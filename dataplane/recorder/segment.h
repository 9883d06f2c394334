// One file of a spool, mapped into memory. Used by spool.cc alone.
#ifndef CHAPERONE_DATAPLANE_RECORDER_SEGMENT_H_
#define CHAPERONE_DATAPLANE_RECORDER_SEGMENT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "api/base/id.h"
#include "api/base/status.h"

namespace chaperone::recorder {

class Segment {
 public:
  // The header has a page of its own, behind which the data starts.
  static constexpr size_t kHeaderBytes = 4096;

  // Makes the file and reserves its space on disk. Errors: ResourceExhausted (disk full), Internal.
  static absl::StatusOr<std::shared_ptr<Segment>> Create(const std::string& path, const base::SpoolId& spool,
                                                         uint64_t index, uint64_t base, uint64_t file_bytes);
  // Maps an existing file and believes its header only as far as the frames behind it hold. Errors: DataLoss, Internal.
  static absl::StatusOr<std::shared_ptr<Segment>> Open(const std::string& path, const base::SpoolId& spool);
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  const std::string& path() const { return path_; }
  uint64_t index() const;
  // Position of the first data byte.
  uint64_t base() const;
  uint64_t capacity() const { return file_bytes_ - kHeaderBytes; }
  uint8_t* data() const { return map_ + kHeaderBytes; }
  // Data bytes that count; release on store, acquire on load.
  uint64_t committed() const;
  void set_committed(uint64_t bytes);
  // Position up to which the control plane has the data; survives the process.
  uint64_t acknowledged() const;
  void set_acknowledged(uint64_t position);
  void Sync();
  // Makes the pages of the data from `begin` to `end` ready to be written, where the kernel can (Linux 5.14); elsewhere
  // that happens when they are.
  void MakeReady(uint64_t begin, uint64_t end);

 private:
  struct Header;
  Segment(std::string path, int fd, uint8_t* map, uint64_t file_bytes);
  Header* header() const;
  absl::Status Recover(const base::SpoolId& spool);

  const std::string path_;
  const int fd_;
  uint8_t* const map_;
  const uint64_t file_bytes_;
  uint64_t synced_ = 0;
};

// The bytes of the whole frame at `data`, or 0 when none holds within `available` bytes.
size_t CheckedFrameBytes(const uint8_t* data, uint64_t available);

}  // namespace chaperone::recorder

#endif  // CHAPERONE_DATAPLANE_RECORDER_SEGMENT_H_
