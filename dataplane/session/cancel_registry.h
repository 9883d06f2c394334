// Cancel keys of our own: a client's CancelRequest names a connection by process id and key. The process id is the
// server's, which clients compare with pg_backend_pid() and with what notifications name; the key is made here, so that
// it can only ever reach its own session, and only while that runs a statement. Requests are counted for each session,
// right ones and wrong ones alike: neither can a key be guessed nor the database be flooded with cancellations.
#ifndef CHAPERONE_DATAPLANE_SESSION_CANCEL_REGISTRY_H_
#define CHAPERONE_DATAPLANE_SESSION_CANCEL_REGISTRY_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/base/clock.h"

namespace chaperone::session {

// Thread-safe.
class CancelRegistry {
 public:
  // Requests for one session that are looked at at once; then one for each kRefill.
  static constexpr int kBurst = 10;
  static constexpr std::chrono::seconds kRefill{1};

  explicit CancelRegistry(const base::Clock& clock) : clock_(clock) {}

  struct Key {
    uint32_t process_id = 0;
    // 4 random bytes, as protocol 3.0 has them.
    std::string secret;
  };
  // Called once, on any thread, when the cancellation has reached the database or there was nothing to cancel.
  using Done = std::function<void()>;
  // A key with the server's process id, or a random one where that is no positive number or another session has it.
  // `cancel` is called on the thread of the request; it must be quick and must not call the registry.
  Key Register(uint32_t server_process_id, std::function<void(Done)> cancel);
  // After it returns, `cancel` is not called any more.
  void Unregister(const Key& key);
  // Calls the session's `cancel` if the key is right and the session was not asked for too often; else `done` at once.
  void Cancel(uint32_t process_id, std::string_view secret, Done done);

 private:
  struct Entry {
    std::string secret;
    std::function<void(Done)> cancel;
    // Requests that may be looked at now, as of `counted_at`.
    int left = kBurst;
    std::chrono::steady_clock::time_point counted_at;
  };
  bool Take(Entry& entry) const;

  const base::Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<uint32_t, Entry> entries_;  // guarded by mutex_
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_CANCEL_REGISTRY_H_
