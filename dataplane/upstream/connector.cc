#include "dataplane/upstream/connector.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdlib>

#include "dataplane/upstream/dial.h"
#include "dataplane/wire/postgres/bytes.h"
#include "dataplane/wire/postgres/frame.h"
#include "dataplane/wire/postgres/frontend.h"
#include "dataplane/wire/postgres/startup.h"

namespace chaperone::upstream {

namespace pg = wire::postgres;
using runtime::Channel;
using runtime::SteadyTime;
using runtime::Task;

namespace {

// Raised for the descriptor of a connection that is being made.
constexpr uint32_t kConnectionReady = 1u << 30;
constexpr size_t kNonceBytes = 18;
constexpr size_t kParametersMax = 256;

std::string NewNonce() {
  char bytes[kNonceBytes];
  if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
    std::abort();  // the kernel has no randomness: nothing here is safe any more
  }
  return pg::Base64Encode(std::string_view(bytes, sizeof(bytes)));
}

// The server's own words go to the client only where they help it and cannot name our credential.
ConnectFailure FailureOf(const absl::Status& status, const std::string& server_sqlstate) {
  const std::string cause(base::Message(status));
  if (server_sqlstate == pg::sqlstate::kInvalidCatalogName || server_sqlstate == pg::sqlstate::kTooManyConnections ||
      server_sqlstate.substr(0, 3) == "57P") {
    return {server_sqlstate, cause, cause};
  }
  // 22: a value of the client's own startup parameters that the server does not take.
  if (server_sqlstate.starts_with("22")) {
    return {server_sqlstate, cause, cause};
  }
  if (server_sqlstate.starts_with("42")) {
    return {server_sqlstate, "the database refused the session's parameters", cause};
  }
  if (status.code() == absl::StatusCode::kUnauthenticated || status.code() == absl::StatusCode::kFailedPrecondition ||
      server_sqlstate.substr(0, 2) == "28") {
    return {std::string(pg::sqlstate::kCannotConnect),
            "the sidecar could not authenticate to the database; its operator has to look at upstream.*", cause};
  }
  return {std::string(pg::sqlstate::kCannotConnect), "the sidecar cannot reach the database; try again later", cause};
}

}  // namespace

// What one attempt to connect carries along.
struct Connector::Attempt {
  Channel channel;
  SteadyTime deadline;
  ServerConnection& connection;
  // SQLSTATE of the server's error, if it sent one.
  std::string server_sqlstate;

  // The next whole message; its bytes are at the front of connection.input.
  Task<absl::StatusOr<pg::Header>> Next() {
    for (;;) {
      pg::Header header;
      absl::Status error;
      const pg::FrameState state = pg::ReadBackendHeader(connection.input, &header, &error);
      if (state == pg::FrameState::kError) {
        co_return error;
      }
      if (state == pg::FrameState::kHeader) {
        if (header.body_bytes > pg::kPasswordBodyMax) {
          co_return base::DataLoss("the database sent a message of {} bytes during startup", header.body_bytes);
        }
        if (connection.input.size() >= header.frame_bytes()) {
          co_return header;
        }
      }
      const absl::Status status = co_await runtime::ReadSome(channel, deadline, &connection.input);
      if (!status.ok()) {
        co_return status;
      }
    }
  }
  std::string_view Body(const pg::Header& header) const {
    return std::string_view(connection.input).substr(pg::kHeaderBytes, header.body_bytes);
  }
  void Drop(const pg::Header& header) { connection.input.erase(0, header.frame_bytes()); }

  absl::Status ServerError(std::string_view body) {
    const auto fields = pg::ErrorFields::Decode(body);
    if (!fields.ok()) {
      return fields.status();
    }
    server_sqlstate = fields->sqlstate();
    return base::Unavailable("{}", fields->message());
  }
};

Task<absl::StatusOr<runtime::Fd>> Connector::Dial(runtime::Waiter& waiter, SteadyTime deadline) {
  // Shared with the worker: a wait that is interrupted leaves before the look-up ends.
  struct Lookup {
    absl::StatusOr<std::vector<SocketAddress>> addresses = absl::UnknownError("");
    runtime::Waiter* waiter = nullptr;
    bool done = false;
  };
  auto lookup = std::make_shared<Lookup>();
  lookup->waiter = &waiter;
  const std::string host = address_.host;
  const uint16_t port = address_.port;
  const bool queued = workers_.Run(
      waiter.loop(), [lookup, host, port] { lookup->addresses = Resolve(host, port); },
      [lookup] {
        lookup->done = true;
        if (lookup->waiter != nullptr) {
          lookup->waiter->Raise(kConnectionReady);
        }
      });
  if (!queued) {
    co_return base::ResourceExhausted("too many name look-ups are waiting");
  }
  while (!lookup->done) {
    const uint32_t bits = co_await waiter.Wait(deadline);
    if ((bits & (runtime::Waiter::kInterrupt | runtime::Waiter::kTimeout)) != 0 && !lookup->done) {
      lookup->waiter = nullptr;
      co_return base::DeadlineExceeded("the look-up of {} did not end in time", host);
    }
  }
  if (!lookup->addresses.ok()) {
    co_return lookup->addresses.status();
  }
  absl::Status last = base::Unavailable("{} has no address", host);
  for (const SocketAddress& address : *lookup->addresses) {
    auto fd = StartConnect(address);
    if (!fd.ok()) {
      last = fd.status();
      continue;
    }
    runtime::Stream stream(*std::move(fd));
    runtime::WatchedFd watched(waiter, kConnectionReady);
    last = watched.Attach(stream.fd());
    if (last.ok()) {
      last = co_await runtime::FinishConnect(Channel(stream, watched, waiter), deadline);
    }
    watched.Release();
    if (last.ok()) {
      co_return stream.Release();
    }
  }
  co_return base::Annotate(last, fmt::format("cannot connect to {}:{}", host, port));
}

Task<absl::Status> Connector::StartTls(Channel channel, SteadyTime deadline) {
  std::string request;
  pg::AppendSslRequest(&request);
  absl::Status status = co_await runtime::WriteAll(channel, deadline, request);
  if (!status.ok()) {
    co_return status;
  }
  std::string answer;
  status = co_await runtime::ReadSome(channel, deadline, &answer);
  if (!status.ok()) {
    co_return status;
  }
  // Exactly one byte: what stands behind it was sent before TLS began and could be anybody's (CVE-2021-23222).
  if (answer != "S") {
    co_return base::Unavailable("the database does not offer TLS, and upstream.tls asks for it");
  }
  status = channel.stream.StartTlsClient(tls_, address_.host);
  if (!status.ok()) {
    co_return status;
  }
  status = co_await runtime::FinishHandshake(channel, deadline);
  co_return status;
}

Task<absl::Status> Connector::Scram(Attempt& attempt, bool plus) {
  const auto password = credential_.Password();
  if (!password.ok()) {
    co_return password.status();
  }
  pg::ScramKeys keys = credential_.Keys();
  const std::string known_salt = keys.salt;
  const std::string end_point = plus ? attempt.channel.stream.ServerEndPoint() : std::string();
  pg::ScramClient client(end_point, attempt.channel.stream.is_tls(), NewNonce());
  std::string out;
  pg::AppendSaslInitialResponse(plus ? pg::kScramPlus : pg::kScram, client.ClientFirst(), &out);
  bool proven = false;
  for (;;) {
    absl::Status status = co_await runtime::WriteAll(attempt.channel, attempt.deadline, out);
    if (!status.ok()) {
      co_return status;
    }
    out.clear();
    const auto header = co_await attempt.Next();
    if (!header.ok()) {
      co_return header.status();
    }
    if (header->type == 'E') {
      co_return attempt.ServerError(attempt.Body(*header));
    }
    pg::Authentication message;
    status = header->type == 'R' ? pg::DecodeAuthentication(attempt.Body(*header), &message)
                                 : base::DataLoss("the database broke off the SCRAM exchange");
    if (!status.ok()) {
      co_return status;
    }
    if (message.kind == pg::AuthenticationKind::kSaslContinue && !proven) {
      auto final_message = client.ServerFirst(message.data, *password, &keys);
      if (!final_message.ok()) {
        co_return final_message.status();
      }
      pg::AppendSaslResponse(*final_message, &out);
    } else if (message.kind == pg::AuthenticationKind::kSaslFinal && !proven) {
      status = client.ServerFinal(message.data);
      if (!status.ok()) {
        co_return status;
      }
      proven = true;
    } else if (message.kind == pg::AuthenticationKind::kOk && proven) {
      attempt.Drop(*header);
      break;
    } else {
      co_return base::Unauthenticated("the database skipped a step of the SCRAM exchange");
    }
    attempt.Drop(*header);
  }
  if (keys.salt != known_salt) {
    credential_.RememberKeys(keys);
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Connector::Authenticate(Attempt& attempt, const pg::Authentication& request) {
  if (request.kind != pg::AuthenticationKind::kSasl) {
    // Weaker methods would hand the password, or something as good, to whoever answers at the address.
    co_return base::Unauthenticated(
        "the database asks for authentication method {}; supported are SCRAM-SHA-256 and trust",
        static_cast<uint32_t>(request.kind));
  }
  const auto offers = [&request](std::string_view name) {
    return std::find(request.mechanisms.begin(), request.mechanisms.end(), name) != request.mechanisms.end();
  };
  const bool plus = offers(pg::kScramPlus) && !attempt.channel.stream.ServerEndPoint().empty();
  if (!plus && !offers(pg::kScram)) {
    co_return base::Unauthenticated("the database offers no SCRAM-SHA-256");
  }
  const absl::Status status = co_await Scram(attempt, plus);
  co_return status;
}

Task<absl::Status> Connector::Startup(Attempt& attempt, Parameters parameters) {
  parameters.emplace_back("user", address_.user);
  std::string out;
  pg::AppendStartup(parameters, &out);
  absl::Status status = co_await runtime::WriteAll(attempt.channel, attempt.deadline, out);
  bool authenticated = false;
  while (status.ok()) {
    const auto header = co_await attempt.Next();
    if (!header.ok()) {
      co_return header.status();
    }
    const std::string_view body = attempt.Body(*header);
    if (header->type == 'E') {
      co_return attempt.ServerError(body);
    }
    if (header->type == 'R') {
      pg::Authentication request;
      status = pg::DecodeAuthentication(body, &request);
      if (status.ok() && !authenticated && request.kind != pg::AuthenticationKind::kOk) {
        // The mechanisms are views into the input, which the exchange reads on into.
        const std::string kept(body);
        pg::Authentication kept_request;
        status = pg::DecodeAuthentication(kept, &kept_request);
        attempt.Drop(*header);
        if (status.ok()) {
          status = co_await Authenticate(attempt, kept_request);
        }
        authenticated = true;
        continue;
      }
      attempt.connection.let_in_unasked = !authenticated;
      authenticated = true;
    } else if (!authenticated) {
      if (header->type != 'N' && header->type != 'v') {
        co_return base::DataLoss("the database sent message {} before it authenticated us", header->type);
      }
    } else if (header->type == 'S') {
      std::string_view name, value;
      status = pg::DecodeParameterStatus(body, &name, &value);
      if (attempt.connection.parameters.size() == kParametersMax) {
        co_return base::DataLoss("the database reported more than {} parameters", kParametersMax);
      }
      attempt.connection.parameters.emplace_back(name, value);
    } else if (header->type == 'K') {
      std::string_view key;
      status = pg::DecodeBackendKeyData(body, &attempt.connection.process_id, &key);
      attempt.connection.cancel_key = key;
    } else if (header->type == 'Z') {
      attempt.Drop(*header);
      co_return absl::OkStatus();
    } else if (header->type != 'N') {
      co_return base::DataLoss("the database sent message {} during startup", header->type);
    }
    attempt.Drop(*header);
  }
  co_return status;
}

Task<ConnectResult> Connector::Connect(runtime::Waiter& waiter, Parameters parameters, SteadyTime deadline) {
  ConnectResult result;
  auto fd = co_await Dial(waiter, deadline);
  if (!fd.ok()) {
    result.failure = FailureOf(fd.status(), "");
    co_return result;
  }
  auto connection = std::make_unique<ServerConnection>(runtime::Stream(*std::move(fd)));
  runtime::WatchedFd watched(waiter, kConnectionReady);
  Attempt attempt{Channel(connection->stream, watched, waiter), deadline, *connection, ""};
  absl::Status status = watched.Attach(connection->stream.fd());
  const bool is_unix = !address_.host.empty() && address_.host[0] == '/';
  if (status.ok() && address_.tls == TlsMode::kVerifyFull && !is_unix) {
    status = co_await StartTls(attempt.channel, deadline);
  }
  if (status.ok()) {
    status = co_await Startup(attempt, std::move(parameters));
  }
  if (status.ok()) {
    result.connection = std::move(connection);
  } else {
    result.failure = FailureOf(status, attempt.server_sqlstate);
  }
  watched.Release();
  co_return result;
}

Task<absl::Status> Connector::Cancel(runtime::Waiter& waiter, uint32_t process_id, std::string key,
                                     SteadyTime deadline) {
  auto fd = co_await Dial(waiter, deadline);
  if (!fd.ok()) {
    co_return fd.status();
  }
  runtime::Stream stream(*std::move(fd));
  runtime::WatchedFd watched(waiter, kConnectionReady);
  const Channel channel(stream, watched, waiter);
  absl::Status status = watched.Attach(stream.fd());
  if (status.ok() && address_.tls == TlsMode::kVerifyFull && address_.host[0] != '/') {
    status = co_await StartTls(channel, deadline);
  }
  if (status.ok()) {
    std::string out;
    pg::AppendCancelRequest(process_id, key, &out);
    status = co_await runtime::WriteAll(channel, deadline, out);
  }
  if (status.ok()) {
    // The server closes the connection once the signal is sent.
    std::string ignored;
    (void)co_await runtime::ReadSome(channel, deadline, &ignored);
  }
  watched.Release();
  co_return status;
}

}  // namespace chaperone::upstream
