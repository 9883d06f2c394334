// The spool: records on their way to the control plane, in mapped files. Writing one costs a memcpy and no system call,
// and it is safe from then on: the kernel keeps the pages when the process dies. Nothing is deleted before it is
// acknowledged.
//
// A spool belongs to one event loop in one run of the sidecar. It is a row of segment files of fixed size, reserved on
// disk when they are made, so that a full disk is an error there and never a SIGBUS later. A frame in a segment is
//
//   4 bytes length (of the frame), 4 bytes CRC-32C (of what follows), 16 bytes session id, one or more records
//
// and counts once the segment's header says so. Records of one session that are written one after the other share a
// frame until it is committed, which has to happen before anybody outside sees what they tell of. A position is the
// number of data bytes before it, over all segments.
//
// Threading: one writer (the loop), one reader (the uploader), at the same time. They share a lock only when a segment
// is opened or dropped.
#ifndef CHAPERONE_DATAPLANE_RECORDER_SPOOL_H_
#define CHAPERONE_DATAPLANE_RECORDER_SPOOL_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/id.h"
#include "api/base/prefetch.h"
#include "api/base/status.h"

namespace chaperone::recorder {

struct SpoolOptions {
  // The folder that holds every spool of this sidecar.
  std::string folder;
  uint64_t segment_bytes = 8 << 20;
  // On disk, for this spool.
  uint64_t bytes_max = 256 << 20;
  // Kept free for the outcomes of statements that already run: new ones are refused before this is touched.
  uint64_t reserve_bytes = 16 << 20;
};

inline constexpr size_t kFrameHeaderBytes = 24;

class Segment;

class Spool {
 public:
  // A new spool with one segment. Errors: Internal or ResourceExhausted with the path.
  static absl::StatusOr<std::shared_ptr<Spool>> Create(const SpoolOptions& options, const base::SpoolId& id);
  // What earlier runs left in the folder, oldest first; they are only read. A segment that cannot be read is renamed to
  // *.damaged and named in `damaged`.
  static absl::StatusOr<std::vector<std::shared_ptr<Spool>>> LoadOld(const SpoolOptions& options,
                                                                     std::vector<std::string>* damaged);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  const base::SpoolId& id() const { return id_; }

  // --- Writer ---

  // True while a new statement may be recorded (its attempt now, its outcome later).
  bool HasRoom() const;
  // Memory for up to `record_bytes` more of the session's records: in the open frame if that is the session's, else in
  // a new one. Null when the spool is full or the disk is. Replaces an earlier reservation that was not used.
  uint8_t* Reserve(const base::SessionId& session, size_t record_bytes);
  // What was reserved stands behind records of the same frame.
  bool continues() const { return open_bytes_ > 0; }
  // Asks for the memory that Reserve is about to return.
  void Prefetch() const { base::Prefetch<true>(data_ + committed_, data_ + committed_ + kPrefetchBytes); }
  // `record_bytes` of records were written there.
  void Add(size_t record_bytes) { open_bytes_ += record_bytes; }
  // Makes the open frame count: its records are safe from here on, and not before.
  void Commit();
  // Nothing will be written any more.
  void Seal();

  // --- Reader ---

  struct Frame {
    base::SessionId session;
    std::string_view records;
  };
  // Frames from `position` on, at most about `bytes_max` of them and none across segments; `next` is the position
  // behind them. Views stay valid until Acknowledge passes them. REQUIRES: `position` is 0, acknowledged(), or an
  // earlier `next`.
  void Read(uint64_t position, size_t bytes_max, std::vector<Frame>* frames, uint64_t* next);
  // Up to here the control plane has it for good. Drops the segments before it.
  void Acknowledge(uint64_t position);
  uint64_t acknowledged() const;
  // Everything that is committed.
  uint64_t end() const { return end_.load(std::memory_order_acquire); }
  uint64_t UnacknowledgedBytes() const { return end() - acknowledged(); }
  // Sealed and acknowledged to the end: its files may go.
  bool Finished() const;
  // Removes the spool's files. REQUIRES: Finished().
  void Remove();
  // Writes what is committed to the disk (fdatasync), for protection against a machine crash.
  void Sync();

 private:
  Spool(SpoolOptions options, const base::SpoolId& id);
  // What a short statement writes before a commit, mostly.
  static constexpr size_t kPrefetchBytes = 160;
  // The current segment's pages are made ready this many bytes at a time: by themselves they come one by one, and the
  // file system takes 20 us for each.
  static constexpr uint64_t kReadyStep = 256 << 10;

  absl::Status OpenSegment();
  // Makes pages ready for the open frame and `record_bytes` more, or commits it and goes on in a new segment. False
  // when there is no room.
  bool MakeRoom(size_t record_bytes);
  std::string Folder() const;
  std::shared_ptr<Segment> Find(uint64_t position);

  const SpoolOptions options_;
  const base::SpoolId id_;
  std::atomic<uint64_t> end_{0};
  std::atomic<uint64_t> acknowledged_{0};
  std::atomic<bool> sealed_{false};
  std::atomic<uint64_t> segment_count_{0};

  // The writer's own. Of the current segment: where its data begins, how much there is room for, and how much counts.
  std::shared_ptr<Segment> current_;
  uint8_t* data_ = nullptr;
  uint64_t capacity_ = 0;
  // Of that, as far as pages are ready.
  uint64_t ready_ = 0;
  uint64_t committed_ = 0;
  uint64_t next_index_ = 0;
  // The frame that is being written, behind everything that is committed, and the bytes of records in it; 0: there is
  // none.
  uint8_t* open_ = nullptr;
  size_t open_bytes_ = 0;

  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<Segment>> segments_;  // guarded by mutex_
};

}  // namespace chaperone::recorder

#endif  // CHAPERONE_DATAPLANE_RECORDER_SPOOL_H_
