#include "dataplane/recorder/spool.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "dataplane/recorder/crc32c.h"
#include "dataplane/recorder/segment.h"

namespace chaperone::recorder {

namespace {

constexpr std::string_view kSegmentSuffix = ".segment";

absl::Status MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return base::ErrnoStatus(errno, fmt::format("cannot make the folder {}", path));
  }
  return absl::OkStatus();
}

// Names in a folder, sorted; "." and ".." left out.
std::vector<std::string> List(const std::string& path) {
  std::vector<std::string> names;
  DIR* const folder = opendir(path.c_str());
  if (folder == nullptr) {
    return names;
  }
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') {
      names.emplace_back(entry->d_name);
    }
  }
  closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

bool HasSuffix(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

}  // namespace

Spool::Spool(SpoolOptions options, const base::SpoolId& id) : options_(std::move(options)), id_(id) {}
Spool::~Spool() = default;

std::string Spool::Folder() const { return fmt::format("{}/{}", options_.folder, id_.ToString()); }

absl::StatusOr<std::shared_ptr<Spool>> Spool::Create(const SpoolOptions& options, const base::SpoolId& id) {
  CHAPERONE_RETURN_IF_ERROR(MakeFolder(options.folder));
  std::shared_ptr<Spool> spool(new Spool(options, id));
  CHAPERONE_RETURN_IF_ERROR(MakeFolder(spool->Folder()));
  CHAPERONE_RETURN_IF_ERROR(spool->OpenSegment());
  return spool;
}

absl::StatusOr<std::vector<std::shared_ptr<Spool>>> Spool::LoadOld(const SpoolOptions& options,
                                                                   std::vector<std::string>* damaged) {
  CHAPERONE_RETURN_IF_ERROR(MakeFolder(options.folder));
  std::vector<std::shared_ptr<Spool>> spools;
  for (const std::string& name : List(options.folder)) {
    const auto id = base::SpoolId::Parse(name);
    if (!id.ok()) {
      continue;
    }
    std::shared_ptr<Spool> spool(new Spool(options, *id));
    uint64_t position = 0;
    for (const std::string& file : List(spool->Folder())) {
      const std::string path = fmt::format("{}/{}", spool->Folder(), file);
      if (!HasSuffix(file, kSegmentSuffix)) {
        continue;
      }
      auto segment = Segment::Open(path, *id);
      if (!segment.ok() || (!spool->segments_.empty() && (*segment)->base() < position)) {
        damaged->push_back(path);
        std::rename(path.c_str(), (path + ".damaged").c_str());
        continue;
      }
      position = (*segment)->base() + (*segment)->committed();
      spool->acknowledged_ = std::max(spool->acknowledged_.load(), (*segment)->acknowledged());
      spool->segments_.push_back(*std::move(segment));
    }
    spool->end_ = position;
    spool->segment_count_ = spool->segments_.size();
    spool->sealed_ = true;
    spool->acknowledged_ = std::min(spool->acknowledged_.load(), position);
    spools.push_back(std::move(spool));
  }
  return spools;
}

absl::Status Spool::OpenSegment() {
  if ((segment_count_.load() + 1) * options_.segment_bytes > options_.bytes_max) {
    return base::ResourceExhausted("the spool holds its {} bytes already", options_.bytes_max);
  }
  const std::string path = fmt::format("{}/{:012}{}", Folder(), next_index_, kSegmentSuffix);
  CHAPERONE_ASSIGN_OR_RETURN(auto segment, Segment::Create(path, id_, next_index_, end(), options_.segment_bytes));
  ++next_index_;
  current_ = segment;
  data_ = segment->data();
  capacity_ = segment->capacity();
  ready_ = 0;
  committed_ = 0;
  const std::lock_guard lock(mutex_);
  segments_.push_back(std::move(segment));
  segment_count_.fetch_add(1);
  return absl::OkStatus();
}

bool Spool::HasRoom() const {
  const uint64_t rest_of_segment = capacity_ - committed_ - open_bytes_;
  const uint64_t used = segment_count_.load(std::memory_order_relaxed) * options_.segment_bytes;
  return options_.bytes_max - std::min(used, options_.bytes_max) + rest_of_segment > options_.reserve_bytes;
}

uint8_t* Spool::Reserve(const base::SessionId& session, size_t record_bytes) {
  if (open_bytes_ > 0 && std::memcmp(open_ + 8, session.bytes().data(), base::kIdBytes) != 0) {
    Commit();
  }
  if (committed_ + kFrameHeaderBytes + open_bytes_ + record_bytes > ready_ && !MakeRoom(record_bytes)) {
    return nullptr;
  }
  if (open_bytes_ == 0) {
    open_ = data_ + committed_;
    std::memcpy(open_ + 8, session.bytes().data(), base::kIdBytes);
  }
  return open_ + kFrameHeaderBytes + open_bytes_;
}

bool Spool::MakeRoom(size_t record_bytes) {
  uint64_t wanted = committed_ + kFrameHeaderBytes + open_bytes_ + record_bytes;
  if (wanted > capacity_) {
    Commit();
    wanted = kFrameHeaderBytes + record_bytes;
    if (wanted > capacity_ || !OpenSegment().ok()) {
      return false;
    }
  }
  const uint64_t ready = std::min(capacity_, std::max(wanted, ready_ + kReadyStep));
  current_->MakeReady(ready_, ready);
  ready_ = ready;
  return true;
}

void Spool::Commit() {
  if (open_bytes_ == 0) {
    return;
  }
  const auto frame_bytes = static_cast<uint32_t>(kFrameHeaderBytes + std::exchange(open_bytes_, 0));
  const uint32_t crc = Crc32c(open_ + 8, frame_bytes - 8);
  std::memcpy(open_ + 4, &crc, sizeof(crc));
  std::memcpy(open_, &frame_bytes, sizeof(frame_bytes));
  committed_ += frame_bytes;
  current_->set_committed(committed_);
  end_.store(end_.load(std::memory_order_relaxed) + frame_bytes, std::memory_order_release);
}

void Spool::Seal() {
  Commit();
  sealed_.store(true, std::memory_order_release);
}

std::shared_ptr<Segment> Spool::Find(uint64_t position) {
  const std::lock_guard lock(mutex_);
  for (const auto& segment : segments_) {
    // A segment that was lost to damage leaves a gap: the next one serves.
    if (position < segment->base() + segment->committed()) {
      return segment;
    }
  }
  return nullptr;
}

void Spool::Read(uint64_t position, size_t bytes_max, std::vector<Frame>* frames, uint64_t* next) {
  frames->clear();
  *next = position;
  const std::shared_ptr<Segment> segment = position < end() ? Find(position) : nullptr;
  if (segment == nullptr) {
    return;
  }
  uint64_t offset = std::max(position, segment->base()) - segment->base();
  const uint64_t committed = segment->committed();
  size_t taken = 0;
  while (offset < committed && taken < bytes_max) {
    const uint8_t* const frame = segment->data() + offset;
    uint32_t length;
    std::memcpy(&length, frame, sizeof(length));
    base::IdBytes session;
    std::memcpy(session.data(), frame + 8, session.size());
    frames->push_back(Frame{base::SessionId(session),
                            {reinterpret_cast<const char*>(frame + kFrameHeaderBytes), length - kFrameHeaderBytes}});
    offset += length;
    taken += length;
  }
  *next = segment->base() + offset;
}

void Spool::Acknowledge(uint64_t position) {
  const std::lock_guard lock(mutex_);
  acknowledged_.store(std::max(acknowledged_.load(), position), std::memory_order_release);
  while (!segments_.empty()) {
    const auto& first = segments_.front();
    const bool is_last = segments_.size() == 1;
    const bool is_passed = first->base() + first->committed() <= position;
    // The last segment of a live spool is being written to.
    if (!is_passed || (is_last && !sealed_.load(std::memory_order_acquire))) {
      first->set_acknowledged(std::clamp(position, first->base(), first->base() + first->committed()));
      break;
    }
    if (is_last) {
      first->set_acknowledged(first->base() + first->committed());
      break;
    }
    unlink(first->path().c_str());
    segments_.pop_front();
    segment_count_.fetch_sub(1);
  }
}

uint64_t Spool::acknowledged() const { return acknowledged_.load(std::memory_order_acquire); }

bool Spool::Finished() const { return sealed_.load(std::memory_order_acquire) && acknowledged() >= end(); }

void Spool::Remove() {
  const std::lock_guard lock(mutex_);
  for (const auto& segment : segments_) {
    unlink(segment->path().c_str());
  }
  segments_.clear();
  // Fails, as it should, when a damaged segment was kept for a human to look at.
  rmdir(Folder().c_str());
}

void Spool::Sync() {
  std::deque<std::shared_ptr<Segment>> segments;
  {
    const std::lock_guard lock(mutex_);
    segments = segments_;
  }
  for (const auto& segment : segments) {
    segment->Sync();
  }
}

}  // namespace chaperone::recorder
