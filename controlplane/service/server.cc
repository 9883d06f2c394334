#include "controlplane/service/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <mutex>
#include <utility>

namespace chaperone::service {

namespace {

constexpr unsigned kCertificateRefreshSeconds = 5;
constexpr int kHandshakeTimeoutMs = 10000;
constexpr int kKeepaliveMs = 20000;
constexpr int kMetadataBytesMax = 16 << 10;
constexpr int kStreamsPerConnectionMax = 200;

std::shared_ptr<grpc::ServerCredentials> Credentials(const ServerOptions& options) {
  namespace tls = grpc::experimental;
  tls::TlsServerCredentialsOptions credentials(std::make_shared<tls::FileWatcherCertificateProvider>(
      options.key, options.certificate, options.client_ca, kCertificateRefreshSeconds));
  credentials.watch_root_certs();
  credentials.watch_identity_key_cert_pairs();
  credentials.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  if (!options.crl_directory.empty()) {
    credentials.set_crl_directory(options.crl_directory);
  }
  return tls::TlsServerCredentials(credentials);
}

void SetBounds(const ServerOptions& options, grpc::ServerBuilder* builder) {
  grpc::ResourceQuota quota("controlplane");
  quota.SetMaxThreads(options.threads_max);
  builder->SetResourceQuota(quota);
  builder->SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes_max));
  builder->SetMaxSendMessageSize(static_cast<int>(options.message_bytes_max));
  builder->SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MIN_POLLERS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 4);
  // Two control planes on one port would each see half of the calls.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveMs / 2);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 10);
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(std::vector<std::shared_ptr<grpc::Service>> services) : services_(std::move(services)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { Stop(std::chrono::milliseconds(0)); }

  absl::Status Start(const ServerOptions& options) {
    static std::once_flag once;
    std::call_once(once, [] {
      grpc::EnableDefaultHealthCheckService(true);
      grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    });
    const bool is_v6 = options.address.find(':') != std::string::npos;
    const std::string endpoint =
        fmt::format("{}{}{}:{}", is_v6 ? "[" : "", options.address, is_v6 ? "]" : "", options.port);
    grpc::ServerBuilder builder;
    SetBounds(options, &builder);
    builder.AddListeningPort(endpoint, Credentials(options), &port_);
    for (const auto& service : services_) {
      builder.RegisterService(service.get());
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return base::FailedPrecondition("cannot listen on {}: the port is in use or not allowed; choose another",
                                      endpoint);
    }
    server_->GetHealthCheckService()->SetServingStatus(true);
    return absl::OkStatus();
  }

  void Stop(std::chrono::milliseconds grace) {
    if (server_ != nullptr) {
      server_->GetHealthCheckService()->SetServingStatus(false);
      server_->Shutdown(std::chrono::system_clock::now() + grace);
      server_->Wait();
      server_ = nullptr;
    }
  }

  uint16_t port() const { return static_cast<uint16_t>(port_); }

 private:
  const std::vector<std::shared_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      std::vector<std::shared_ptr<grpc::Service>> services) {
  auto impl = std::make_unique<Impl>(std::move(services));
  CHAPERONE_RETURN_IF_ERROR(impl->Start(options));
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

uint16_t Server::port() const { return impl_->port(); }
void Server::Stop(std::chrono::milliseconds grace) { impl_->Stop(grace); }

}  // namespace chaperone::service
