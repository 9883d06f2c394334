#include "tools/chaperone/connection.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "tools/chaperone/file.h"

namespace chaperone::cli {

namespace {

constexpr size_t kPemBytesMax = 1 << 20;

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectWithTls(const ConnectionOptions& options) {
  std::string missing;
  const auto need = [&](const std::string& value, std::string_view flag, std::string_view variable) {
    if (value.empty()) {
      missing += fmt::format("{}{} ({})", missing.empty() ? "" : ", ", flag, variable);
    }
  };
  need(options.ca, "--ca", "CHAPERONE_CA");
  need(options.cert, "--cert", "CHAPERONE_CERT");
  need(options.key, "--key", "CHAPERONE_KEY");
  if (!missing.empty()) {
    return base::FailedPrecondition("no certificate to show to the control plane; missing: {}", missing);
  }
  grpc::SslCredentialsOptions ssl;
  CHAPERONE_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadFile(options.ca, kPemBytesMax));
  CHAPERONE_ASSIGN_OR_RETURN(ssl.pem_cert_chain, ReadFile(options.cert, kPemBytesMax));
  CHAPERONE_ASSIGN_OR_RETURN(ssl.pem_private_key, ReadFile(options.key, kPemBytesMax));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetMaxSendMessageSize(kMessageBytesMax);
  if (!options.server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.server_name);
  }
  return grpc::CreateCustomChannel(options.address, grpc::SslCredentials(ssl), arguments);
}

}  // namespace chaperone::cli
