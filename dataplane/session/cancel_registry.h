// Cancel keys of our own: a client's CancelRequest names a connection by process id and key, and both are made here, so
// that it can only ever reach its own session, and only while that runs a statement.
#ifndef CHAPERONE_DATAPLANE_SESSION_CANCEL_REGISTRY_H_
#define CHAPERONE_DATAPLANE_SESSION_CANCEL_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace chaperone::session {

// Thread-safe.
class CancelRegistry {
 public:
  struct Key {
    uint32_t process_id = 0;
    // 4 random bytes, as protocol 3.0 has them.
    std::string secret;
  };
  // `cancel` is called on the thread of the request; it must be quick and must not call the registry.
  Key Register(std::function<void()> cancel);
  // After it returns, `cancel` is not called any more.
  void Unregister(const Key& key);
  // Calls the session's `cancel` if the key is right; says nothing about it, as the protocol wants.
  void Cancel(uint32_t process_id, std::string_view secret);

 private:
  struct Entry {
    std::string secret;
    std::function<void()> cancel;
  };
  std::mutex mutex_;
  std::unordered_map<uint32_t, Entry> entries_;  // guarded by mutex_
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_CANCEL_REGISTRY_H_
