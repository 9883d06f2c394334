// Objects of one session, which lives on one thread: references whose count is a plain integer, and memory for what
// every statement needs anew.
#ifndef CHAPERONE_DATAPLANE_SESSION_COUNTED_H_
#define CHAPERONE_DATAPLANE_SESSION_COUNTED_H_

#include <array>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstddef>
#include <new>

namespace chaperone::session {

template <typename T>
using Counted = boost::intrusive_ref_counter<T, boost::thread_unsafe_counter>;

template <typename T>
using Ref = boost::intrusive_ptr<T>;

// Keeps the memory of a few objects of type T on each thread, for the next ones. Sanitizers see every allocation.
template <typename T>
class Pooled {
 public:
#ifndef CHAPERONE_SANITIZED
  static void* operator new(size_t size) {
    FreeList& list = free_list();
    if (size != sizeof(T) || list.count == 0) {
      return ::operator new(size);
    }
    return list.blocks[--list.count];
  }
  static void operator delete(void* block, size_t size) {
    FreeList& list = free_list();
    if (size != sizeof(T) || list.count == kBlocksMax) {
      ::operator delete(block);
      return;
    }
    list.blocks[list.count++] = block;
  }

 private:
  static constexpr size_t kBlocksMax = 64;

  struct FreeList {
    ~FreeList() {
      while (count > 0) {
        ::operator delete(blocks[--count]);
      }
    }
    std::array<void*, kBlocksMax> blocks;
    size_t count = 0;
  };

  static FreeList& free_list() {
    static thread_local FreeList list;
    return list;
  }
#endif
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_COUNTED_H_
