// The system calls of the data path. glibc makes them points where a thread can be cancelled and pays for that on each
// call; no thread of ours is ever cancelled. Results and errno are those of the functions of the same names. Sanitizers
// know only those.
#ifndef CHAPERONE_DATAPLANE_RUNTIME_SYSCALLS_H_
#define CHAPERONE_DATAPLANE_RUNTIME_SYSCALLS_H_

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

namespace chaperone::runtime::syscalls {

#ifdef CHAPERONE_SANITIZED
using ::epoll_wait;
using ::recv;
using ::send;
using ::sendmsg;
#else
inline ssize_t recv(int fd, void* data, size_t size, int flags) {
  return ::syscall(SYS_recvfrom, fd, data, size, flags, nullptr, nullptr);
}
inline ssize_t send(int fd, const void* data, size_t size, int flags) {
  return ::syscall(SYS_sendto, fd, data, size, flags, nullptr, 0);
}
inline ssize_t sendmsg(int fd, const msghdr* message, int flags) { return ::syscall(SYS_sendmsg, fd, message, flags); }
inline int epoll_wait(int fd, epoll_event* events, int events_max, int timeout_ms) {
  return static_cast<int>(::syscall(SYS_epoll_pwait, fd, events, events_max, timeout_ms, nullptr, 0));
}
#endif

}  // namespace chaperone::runtime::syscalls

#endif  // CHAPERONE_DATAPLANE_RUNTIME_SYSCALLS_H_
