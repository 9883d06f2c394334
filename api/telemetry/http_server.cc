#include "api/telemetry/http_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/version.hpp>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

namespace chaperone::telemetry {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

// What all connections share; outlives them, since the io_context that owns their handlers is destroyed first.
struct Shared {
  HttpServerOptions options;
  HttpRoutes routes;
  size_t connections = 0;
};

// One client: read a request, answer, again. Owns itself through its pending handler.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Tcp::socket socket, Shared* shared)
      : stream_(std::move(socket)), buffer_(shared->options.header_bytes_max), shared_(shared) {
    ++shared_->connections;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { --shared_->connections; }

  void Read() {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(shared_->options.header_bytes_max));
    parser_->body_limit(0);
    stream_.expires_after(shared_->options.read_timeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](ErrorCode error, size_t) { self->OnRead(error); });
  }

 private:
  void OnRead(ErrorCode error) {
    if (error == http::error::end_of_stream || error == beast::error::timeout) {
      return;  // the destructor closes
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return Write({431, "text/plain; charset=utf-8", "request header too large\n"}, /*keep_alive=*/false);
    }
    if (error == http::error::body_limit) {
      return Write({413, "text/plain; charset=utf-8", "a request body is not accepted\n"}, /*keep_alive=*/false);
    }
    if (error.category() == http::make_error_code(http::error::bad_version).category()) {
      return Write({400, "text/plain; charset=utf-8", "not a valid HTTP/1.1 request\n"}, /*keep_alive=*/false);
    }
    if (error) {
      return;
    }
    const auto& request = parser_->get();
    Write(Answer(request), request.keep_alive());
  }

  HttpResponse Answer(const http::request<http::empty_body>& request) {
    head_ = request.method() == http::verb::head;
    if (!head_ && request.method() != http::verb::get) {
      return {405, "text/plain; charset=utf-8", "only GET and HEAD are served\n"};
    }
    std::string_view path(request.target().data(), request.target().size());
    path = path.substr(0, path.find('?'));
    const auto route = shared_->routes.find(path);
    if (route == shared_->routes.end()) {
      std::string body = "no such page; there are:\n";
      for (const auto& [known, handler] : shared_->routes) {
        body += known + "\n";
      }
      return {404, "text/plain; charset=utf-8", std::move(body)};
    }
    return route->second();
  }

  void Write(HttpResponse answer, bool keep_alive) {
    response_ = {};
    response_.version(11);
    response_.result(answer.status);
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    if (answer.status == 405) {
      response_.set(http::field::allow, "GET, HEAD");
    }
    response_.keep_alive(keep_alive);
    response_.content_length(answer.body.size());
    response_.body() = std::move(answer.body);
    stream_.expires_after(shared_->options.write_timeout);
    serializer_.emplace(response_);
    auto done = [self = shared_from_this(), keep_alive](ErrorCode error, size_t) {
      self->OnWritten(error, keep_alive);
    };
    if (head_) {
      http::async_write_header(stream_, *serializer_, std::move(done));
    } else {
      http::async_write(stream_, *serializer_, std::move(done));
    }
  }

  void OnWritten(ErrorCode error, bool keep_alive) {
    head_ = false;
    if (error) {
      return;
    }
    if (keep_alive) {
      return Read();
    }
    stream_.socket().shutdown(Tcp::socket::shutdown_send, error);
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  Shared* shared_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  bool head_ = false;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const HttpServerOptions& options, HttpRoutes routes) : shared_{options, std::move(routes)}, acceptor_(io_) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    io_.stop();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  absl::Status Listen() {
    const HttpServerOptions& options = shared_.options;
    ErrorCode error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) {
      return base::InvalidArgument("\"{}\" is not an IP address", options.address);
    }
    const Tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) {
      acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    }
    if (!error) {
      acceptor_.bind(endpoint, error);
    }
    if (!error) {
      acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    if (!error) {
      port_ = acceptor_.local_endpoint(error).port();
    }
    if (error == asio::error::address_in_use) {
      return base::FailedPrecondition("cannot listen on {} port {}: in use by another process; choose another port",
                                      options.address, options.port);
    }
    if (error) {
      return base::FailedPrecondition("cannot listen on {} port {}: {}", options.address, options.port,
                                      error.message());
    }
    return absl::OkStatus();
  }

  void Run() {
    Accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  uint16_t port() const { return port_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](ErrorCode error, Tcp::socket socket) {
      if (error == asio::error::operation_aborted) {
        return;
      }
      if (!error && shared_.connections < shared_.options.connections_max) {
        std::make_shared<Connection>(std::move(socket), &shared_)->Read();
      }
      if (!error) {
        return Accept();
      }
      // Mostly out of file descriptors: accepting again at once would spin.
      retry_.expires_after(std::chrono::milliseconds(100));
      retry_.async_wait([this](ErrorCode) { Accept(); });
    });
  }

  Shared shared_;
  asio::io_context io_{1};
  Tcp::acceptor acceptor_;
  asio::steady_timer retry_{io_};
  uint16_t port_ = 0;
  std::thread thread_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options, HttpRoutes routes) {
  auto impl = std::make_unique<Impl>(options, std::move(routes));
  CHAPERONE_RETURN_IF_ERROR(impl->Listen());
  impl->Run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

uint16_t HttpServer::port() const { return impl_->port(); }

}  // namespace chaperone::telemetry
