// Accepts clients' connections and hands each to the loop that serves the fewest.
#ifndef CHAPERONE_DATAPLANE_LISTENER_LISTENER_H_
#define CHAPERONE_DATAPLANE_LISTENER_LISTENER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/base/status.h"
#include "dataplane/runtime/loop.h"
#include "dataplane/runtime/stream.h"

namespace chaperone::listener {

struct Accepted {
  runtime::Fd fd;
  // "127.0.0.1:52814", or "unix".
  std::string peer_address;
  // Over loopback or a Unix socket.
  bool is_local = false;
};

// Threading: one loop.
class Listener final : public runtime::Loop::Watcher {
 public:
  using Handler = std::function<void(Accepted)>;

  // Listens on a TCP address ("127.0.0.1", "::1", "0.0.0.0", …; port 0: a free one). Errors: InvalidArgument (no
  // address), AlreadyExists (in use), Internal, each with the address.
  static absl::StatusOr<std::unique_ptr<Listener>> Tcp(runtime::Loop& loop, const std::string& address, uint16_t port,
                                                       Handler handler);
  // Listens on the Unix socket ".s.PGSQL.<port>" in `folder`, in place of a socket there that nobody listens on.
  static absl::StatusOr<std::unique_ptr<Listener>> Unix(runtime::Loop& loop, const std::string& folder, uint16_t port,
                                                        Handler handler);
  ~Listener() override;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  uint16_t port() const { return port_; }
  // Accepts nothing any more; connections to the port are refused from then on.
  void Close();

  void OnReady(uint32_t events) override;

 private:
  Listener(runtime::Loop& loop, runtime::Fd fd, Handler handler);
  absl::Status Start();

  runtime::Loop& loop_;
  runtime::Fd fd_;
  const Handler handler_;
  runtime::Loop::WatchId watch_ = runtime::Loop::kNotWatched;
  // Waits when the process is out of descriptors: the listening socket would stay ready all the time.
  std::unique_ptr<runtime::Loop::Timer> retry_;
  uint16_t port_ = 0;
  std::string unix_path_;
};

}  // namespace chaperone::listener

#endif  // CHAPERONE_DATAPLANE_LISTENER_LISTENER_H_
