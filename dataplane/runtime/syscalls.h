// The system calls of the data path. glibc makes them points where a thread can be cancelled and pays for that on each
// call; no thread of ours is ever cancelled. They stand in line where they are called: what runs right behind a system
// call comes from far away, since the kernel's code has taken its place in the caches, and each function on the way
// back is another line to wait for. Results and errno are those of the functions of the same names. Sanitizers know
// only those.
#ifndef CHAPERONE_DATAPLANE_RUNTIME_SYSCALLS_H_
#define CHAPERONE_DATAPLANE_RUNTIME_SYSCALLS_H_

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace chaperone::runtime::syscalls {

#ifdef CHAPERONE_SANITIZED
using ::epoll_wait;
using ::recv;
using ::send;
using ::sendmsg;
#else

#ifdef __x86_64__
// System V ABI, AMD64 supplement, section A.2.1: arguments in rdi, rsi, rdx, r10, r8 and r9; rcx and r11 are lost; an
// error comes back as -errno.
inline long Call(long number, long a, const void* b, long c, long d, const void* e, long f) {
  long result;
  register long r10 asm("r10") = d;
  register const void* r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  if (result < 0) [[unlikely]] {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
}
#else
inline long Call(long number, long a, const void* b, long c, long d, const void* e, long f) {
  return ::syscall(number, a, b, c, d, e, f);
}
#endif

inline ssize_t recv(int fd, void* data, size_t size, int flags) {
  return Call(SYS_recvfrom, fd, data, static_cast<long>(size), flags, nullptr, 0);
}
inline ssize_t send(int fd, const void* data, size_t size, int flags) {
  return Call(SYS_sendto, fd, data, static_cast<long>(size), flags, nullptr, 0);
}
inline ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  return Call(SYS_sendmsg, fd, message, flags, 0, nullptr, 0);
}
inline int epoll_wait(int fd, epoll_event* events, int events_max, int timeout_ms) {
  return static_cast<int>(Call(SYS_epoll_pwait, fd, events, events_max, timeout_ms, nullptr, 0));
}
#endif

}  // namespace chaperone::runtime::syscalls

#endif  // CHAPERONE_DATAPLANE_RUNTIME_SYSCALLS_H_
