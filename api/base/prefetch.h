// Memory that is needed soon is asked for early: it arrives while the processor does something else, a system call
// mostly, in place of being waited for line by line.
#ifndef CHAPERONE_API_BASE_PREFETCH_H_
#define CHAPERONE_API_BASE_PREFETCH_H_

#include <cstddef>
#include <cstdint>

namespace chaperone::base {

// Of x86-64 and of most others.
constexpr size_t kCacheLineBytes = 64;

// Asks for the lines from `begin` up to `end`, to read or to write them. Nothing has to be there: an address that
// cannot be read is passed over.
template <bool kToWrite = false>
void Prefetch(const void* begin, const void* end) {
  for (auto at = reinterpret_cast<uintptr_t>(begin) & ~(kCacheLineBytes - 1); at < reinterpret_cast<uintptr_t>(end);
       at += kCacheLineBytes) {
    __builtin_prefetch(reinterpret_cast<const void*>(at), kToWrite ? 1 : 0);
  }
}

// Asks for all of an object, which may be gone; null asks for nothing.
template <typename T>
void PrefetchObject(const T* object) {
  if (object == nullptr) {
    return;
  }
  const auto begin = reinterpret_cast<uintptr_t>(object);
  Prefetch(object, reinterpret_cast<const void*>(begin + sizeof(T)));
}

}  // namespace chaperone::base

#endif  // CHAPERONE_API_BASE_PREFETCH_H_
