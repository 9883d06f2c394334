// Connections to the database: name look-up, TCP or Unix socket, TLS with verify-full, startup, SCRAM-SHA-256 (with
// channel binding where the server offers it). Ends when the server is ready for the first query.
#ifndef CHAPERONE_DATAPLANE_UPSTREAM_CONNECTOR_H_
#define CHAPERONE_DATAPLANE_UPSTREAM_CONNECTOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/base/status.h"
#include "dataplane/runtime/stream.h"
#include "dataplane/runtime/task.h"
#include "dataplane/runtime/tls.h"
#include "dataplane/runtime/transfer.h"
#include "dataplane/runtime/waiter.h"
#include "dataplane/runtime/workers.h"
#include "dataplane/upstream/credential.h"
#include "dataplane/wire/postgres/backend.h"
#include "dataplane/wire/postgres/error.h"

namespace chaperone::upstream {

enum class TlsMode { kDisable, kVerifyFull };

struct ServerAddress {
  // A DNS name, an address, or an absolute path of a Unix socket's folder.
  std::string host;
  uint16_t port = 5432;
  std::string user;
  TlsMode tls = TlsMode::kVerifyFull;
};

// A connection that is ready for queries.
struct ServerConnection {
  explicit ServerConnection(runtime::Stream connected) : stream(std::move(connected)) {}
  runtime::Stream stream;
  // As reported, in order.
  std::vector<std::pair<std::string, std::string>> parameters;
  uint32_t process_id = 0;
  std::string cancel_key;
  // The server asked for no password (trust, peer, or a certificate).
  bool let_in_unasked = false;
  // Input behind the first ReadyForQuery; mostly empty.
  std::string input;
};

// Why there is no connection, in words for the client. Never holds a secret.
struct ConnectFailure {
  std::string sqlstate;
  std::string message;
  // For the log: what the server or the system said.
  std::string cause;
};

// Exactly one of the two is set.
struct ConnectResult {
  std::unique_ptr<ServerConnection> connection;
  std::optional<ConnectFailure> failure;
};

class Connector {
 public:
  // `tls`: null for TlsMode::kDisable. All must outlive the connector.
  Connector(ServerAddress address, SSL_CTX* tls, Credential& credential, runtime::Workers& workers)
      : address_(std::move(address)), tls_(tls), credential_(credential), workers_(workers) {}

  using Parameters = std::vector<std::pair<std::string, std::string>>;

  // `parameters`: for the StartupMessage, "user" excepted. `bits`: raised on `waiter` for the connection's descriptor.
  runtime::Task<ConnectResult> Connect(runtime::Waiter& waiter, Parameters parameters, runtime::SteadyTime deadline);

  // Asks the server to cancel what `process_id` runs; over TLS where the address says so.
  runtime::Task<absl::Status> Cancel(runtime::Waiter& waiter, uint32_t process_id, std::string key,
                                     runtime::SteadyTime deadline);

  const ServerAddress& address() const { return address_; }

 private:
  struct Attempt;

  runtime::Task<absl::StatusOr<runtime::Fd>> Dial(runtime::Waiter& waiter, runtime::SteadyTime deadline);
  runtime::Task<absl::Status> StartTls(runtime::Channel channel, runtime::SteadyTime deadline);
  runtime::Task<absl::Status> Startup(Attempt& attempt, Parameters parameters);
  runtime::Task<absl::Status> Authenticate(Attempt& attempt, const wire::postgres::Authentication& request);
  runtime::Task<absl::Status> Scram(Attempt& attempt, bool plus);

  const ServerAddress address_;
  SSL_CTX* const tls_;
  Credential& credential_;
  runtime::Workers& workers_;
};

}  // namespace chaperone::upstream

#endif  // CHAPERONE_DATAPLANE_UPSTREAM_CONNECTOR_H_
