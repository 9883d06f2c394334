// A small HTTP/1.1 server for what a program tells operators: a fixed set of paths, GET and HEAD only, one thread of
// its own. Bounded in connections, header bytes and time, so that a stranger on the port costs little and delays
// nobody's database.
//
// Threading: handlers run on the server's thread, one at a time; they must not block for long and must not throw.
#ifndef CHAPERONE_API_TELEMETRY_HTTP_SERVER_H_
#define CHAPERONE_API_TELEMETRY_HTTP_SERVER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/base/status.h"

namespace chaperone::telemetry {

struct HttpServerOptions {
  // An IPv4 or IPv6 address; "0.0.0.0" or "::" for every interface.
  std::string address = "127.0.0.1";
  // 0: any free port.
  uint16_t port = 0;
  // Further connections are closed as soon as they are accepted.
  size_t connections_max = 64;
  size_t header_bytes_max = 8192;
  // How long a client may take for one request, or stay silent between two.
  std::chrono::milliseconds read_timeout{10000};
  // How long a client may take to read a response.
  std::chrono::milliseconds write_timeout{10000};
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Path ("/metrics") to what answers it. A query string is ignored.
using HttpRoutes = std::map<std::string, std::function<HttpResponse()>, std::less<>>;

class HttpServer {
 public:
  // Listens and serves until destroyed. Errors: InvalidArgument for an address that is none; FailedPrecondition with
  // the address when the port is in use or not allowed.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options, HttpRoutes routes);

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  // Closes every connection and joins the thread.
  ~HttpServer();

  // The port that is listened on.
  uint16_t port() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chaperone::telemetry

#endif  // CHAPERONE_API_TELEMETRY_HTTP_SERVER_H_
