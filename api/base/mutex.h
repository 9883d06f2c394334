// The lock of a cache in code that is otherwise pure. Not absl::Mutex: the system's Abseil is built without
// ThreadSanitizer, which then sees no lock at all.
#ifndef CHAPERONE_API_BASE_MUTEX_H_
#define CHAPERONE_API_BASE_MUTEX_H_

#include <mutex>

namespace chaperone::base {

using Mutex = std::mutex;
using MutexLock = std::lock_guard<std::mutex>;

}  // namespace chaperone::base

#endif  // CHAPERONE_API_BASE_MUTEX_H_
