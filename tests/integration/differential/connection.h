// A blocking connection to a server, with a deadline on every read. Authentication: none, or a cleartext password.
#ifndef CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_CONNECTION_H_
#define CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_CONNECTION_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/base/status.h"
#include "tests/integration/differential/messages.h"

namespace chaperone::differential {

struct Endpoint {
  std::string host;
  uint16_t port = 0;
  std::string user;
  std::string password;
  std::string database;
};

class Connection {
 public:
  // Connects and logs in. Errors: Unavailable with errno's text, Unauthenticated with the server's error.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const Endpoint& endpoint);

  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Errors: Unavailable when the server is gone.
  absl::Status Send(std::string_view bytes);
  // The next message. Errors: DeadlineExceeded after five seconds of silence, Unavailable when the server is gone.
  absl::StatusOr<Message> Read();

 private:
  explicit Connection(int socket) : socket_(socket) {}

  absl::Status LogIn(const Endpoint& endpoint);
  absl::Status Fill();

  const int socket_;
  std::string buffer_;
  size_t at_ = 0;
};

}  // namespace chaperone::differential

#endif  // CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_CONNECTION_H_
