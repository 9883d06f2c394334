// Sockets on loopback: the server is nothing but sockets.
#include "api/telemetry/telemetry.h"

#include <arpa/inet.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace chaperone::telemetry {
namespace {

class Client {
 public:
  explicit Client(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    const timeval patience{5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { close(fd_); }

  // False when the peer has closed.
  bool Send(std::string_view bytes) {
    return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }

  // Everything until the peer closes.
  std::string ReadAll() {
    std::string all;
    char buffer[4096];
    for (ssize_t n; (n = recv(fd_, buffer, sizeof(buffer), 0)) > 0;) {
      all.append(buffer, static_cast<size_t>(n));
    }
    return all;
  }

 private:
  int fd_;
};

std::string Exchange(uint16_t port, std::string_view request) {
  Client client(port);
  CHECK(client.Send(request));
  return client.ReadAll();
}

std::string Get(uint16_t port, std::string_view path) {
  return Exchange(port, fmt::format("GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path));
}

bool Has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::unique_ptr<TelemetryServer> Serve(const HttpServerOptions& options = {},
                                       std::vector<std::shared_ptr<prometheus::Collectable>> collectables = {},
                                       std::vector<ReadinessCheck> checks = {}) {
  auto server = TelemetryServer::Start(options, std::move(collectables), std::move(checks));
  REQUIRE(server.ok());
  return *std::move(server);
}

TEST_CASE("metrics are served in Prometheus' text format") {
  auto registry = std::make_shared<prometheus::Registry>();
  auto& family = prometheus::BuildCounter().Name("things_total").Help("Things.").Register(*registry);
  family.Add({{"kind", "odd"}}).Increment(3);
  const auto server = Serve({}, {registry});
  const std::string answer = Get(server->port(), "/metrics");
  CHECK(Has(answer, "HTTP/1.1 200 OK"));
  CHECK(Has(answer, "# TYPE things_total counter"));
  CHECK(Has(answer, "things_total{kind=\"odd\"} 3"));
}

TEST_CASE("readiness names each failing check in one line") {
  std::atomic<bool> well = false;
  const auto server = Serve(
      {}, {},
      {{"database", [] { return absl::OkStatus(); }},
       {"store", [&well] { return well ? absl::OkStatus() : base::Unavailable("disk full\nand a second line"); }}});
  const std::string before = Get(server->port(), "/readyz?verbose");
  CHECK(Has(before, "HTTP/1.1 503"));
  CHECK(Has(before, "store: disk full\n"));
  CHECK_FALSE(Has(before, "second line"));
  CHECK_FALSE(Has(before, "database"));
  well = true;
  CHECK(Has(Get(server->port(), "/readyz"), "HTTP/1.1 200 OK"));
  CHECK(Has(Get(server->port(), "/healthz"), "alive"));
}

TEST_CASE("a connection serves several requests, and HEAD has no body") {
  const auto server = Serve();
  const std::string answer = Exchange(server->port(),
                                      "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                                      "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const size_t second = answer.find("HTTP/1.1", 1);
  REQUIRE(second != std::string::npos);
  CHECK(Has(answer.substr(0, second), "Content-Length: 6"));
  CHECK_FALSE(Has(answer.substr(0, second), "alive"));
  CHECK(Has(answer.substr(second), "alive"));
}

TEST_CASE("what is not a GET or HEAD of a known path is refused") {
  const auto server = Serve();
  CHECK(Has(Get(server->port(), "/etc/passwd"), "HTTP/1.1 404"));
  CHECK(Has(Exchange(server->port(), "DELETE /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
            "HTTP/1.1 405"));
  CHECK(Has(Exchange(server->port(), "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
            "HTTP/1.1 413"));
  CHECK(Has(Exchange(server->port(), "nonsense\r\n\r\n"), "HTTP/1.1 400"));
}

TEST_CASE("a header past the limit is refused") {
  const auto server = Serve();
  CHECK(Has(Exchange(server->port(), "GET /healthz HTTP/1.1\r\nX: " + std::string(8190, 'x')), "HTTP/1.1 431"));
}

TEST_CASE("a silent client is closed, and others are served meanwhile") {
  const auto server = Serve({.read_timeout = std::chrono::milliseconds(50)});
  Client silent(server->port());
  silent.Send("GET /heal");
  CHECK(Has(Get(server->port(), "/healthz"), "alive"));
  CHECK(silent.ReadAll().empty());
}

TEST_CASE("connections past the limit are closed at once") {
  const auto server = Serve({.connections_max = 1});
  Client first(server->port());
  first.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n");
  Client second(server->port());
  CHECK(second.ReadAll().empty());
}

TEST_CASE("a port in use and a bad address are named") {
  const auto server = Serve();
  const auto again = TelemetryServer::Start({.port = server->port()}, {}, {});
  CHECK(again.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(Has(base::Message(again.status()), fmt::format("127.0.0.1 port {}: in use", server->port())));
  CHECK(TelemetryServer::Start({.address = "nowhere"}, {}, {}).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace chaperone::telemetry
