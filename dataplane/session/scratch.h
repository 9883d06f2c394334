// Memory for the input of whichever session of a loop reads now. What was read can be held where it is for a moment,
// since what is passed on is not copied; then the next one reads behind it.
#ifndef CHAPERONE_DATAPLANE_SESSION_SCRATCH_H_
#define CHAPERONE_DATAPLANE_SESSION_SCRATCH_H_

#include <cstddef>
#include <span>
#include <vector>

namespace chaperone::session {

// Threading: one loop.
class Scratch {
 public:
  explicit Scratch(size_t bytes) : memory_(bytes) {}

  // Where to read to: at least half of the memory, whatever is held.
  std::span<char> free() { return std::span(memory_).subspan(held_bytes_); }

  // Keeps the first `bytes` of free() until Release; false when too much is held already.
  bool Hold(size_t bytes) {
    if (held_bytes_ + bytes > memory_.size() / 2) {
      return false;
    }
    held_bytes_ += bytes;
    ++holds_;
    return true;
  }
  // Gives up `holds` of those that were granted. Memory is free again when all are.
  void Release(size_t holds) {
    holds_ -= holds;
    if (holds_ == 0) {
      held_bytes_ = 0;
    }
  }

 private:
  std::vector<char> memory_;
  size_t held_bytes_ = 0;
  size_t holds_ = 0;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_SCRATCH_H_
