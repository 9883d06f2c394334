// Bump allocation for one parse tree: everything is freed together, nothing before. Not thread-safe.
#ifndef CHAPERONE_API_SQL_ARENA_H_
#define CHAPERONE_API_SQL_ARENA_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace chaperone::sql {

class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  // Uninitialised memory, aligned for pointers and 64-bit integers; lives as long as the arena.
  void* Allocate(size_t bytes) {
    bytes = (bytes + 7) & ~size_t{7};
    if (bytes > left_) {
      Grow(bytes);
    }
    char* out = next_;
    next_ += bytes;
    left_ -= bytes;
    return out;
  }

  // A copy of `text` that lives as long as the arena.
  std::string_view Copy(std::string_view text) {
    if (text.empty()) {
      return {};
    }
    char* out = static_cast<char*>(Allocate(text.size()));
    std::memcpy(out, text.data(), text.size());
    return {out, text.size()};
  }

  // Bytes taken from the system.
  size_t reserved_bytes() const { return reserved_; }

 private:
  static constexpr size_t kFirstBlockBytes = 4096;
  static constexpr size_t kBlockBytesMax = size_t{1} << 20;

  void Grow(size_t bytes) {
    size_t block = blocks_.empty() ? kFirstBlockBytes : kFirstBlockBytes << blocks_.size();
    if (blocks_.size() > 8 || block > kBlockBytesMax) {
      block = kBlockBytesMax;
    }
    if (block < bytes) {
      block = bytes;
    }
    // Plain new[] leaves the bytes uninitialised; make_unique would clear them.
    blocks_.emplace_back(new char[block]);
    next_ = blocks_.back().get();
    left_ = block;
    reserved_ += block;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  size_t left_ = 0;
  size_t reserved_ = 0;
};

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_ARENA_H_
