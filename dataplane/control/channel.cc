#include "dataplane/control/channel.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

namespace chaperone::control {

namespace {

constexpr int kKeepAliveMs = 10'000;
constexpr int kKeepAliveTimeoutMs = 5'000;
constexpr int kMessageBytesMax = 64 << 20;
// While waiting for a connection: how often to look whether it is still wanted, and how often to say that there is
// none.
constexpr std::chrono::milliseconds kStep{250};
constexpr std::chrono::seconds kReportFirst{1};
constexpr std::chrono::seconds kReportAgain{30};
constexpr std::chrono::milliseconds kBackoffMin{200};
constexpr std::chrono::milliseconds kBackoffMax{5'000};

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad() || text.empty()) {
    return base::FailedPrecondition("cannot read {}: {}", path, errno != 0 ? std::strerror(errno) : "it is empty");
  }
  return text;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options) {
  grpc::SslCredentialsOptions tls;
  CHAPERONE_ASSIGN_OR_RETURN(tls.pem_root_certs, ReadFile(options.ca_file));
  CHAPERONE_ASSIGN_OR_RETURN(tls.pem_cert_chain, ReadFile(options.certificate_file));
  CHAPERONE_ASSIGN_OR_RETURN(tls.pem_private_key, ReadFile(options.key_file));
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepAliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepAliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, static_cast<int>(kBackoffMin.count()));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, static_cast<int>(kBackoffMax.count()));
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  // Names of the process's environment (proxies) have no say in where policies come from.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(options.address, grpc::SslCredentials(tls), arguments);
}

bool AwaitConnected(grpc::Channel& channel, const std::string& address, const std::function<bool()>& stopping) {
  auto report_at = std::chrono::steady_clock::now() + kReportFirst;
  while (!stopping()) {
    if (channel.WaitForConnected(std::chrono::system_clock::now() + kStep)) {
      return true;
    }
    if (std::chrono::steady_clock::now() >= report_at) {
      spdlog::warn("cannot reach the control plane at {}; trying again", address);
      report_at = std::chrono::steady_clock::now() + kReportAgain;
    }
  }
  return false;
}

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), base::ToAbsl(status.error_message()));
}

bool Backoff::Wait() {
  std::unique_lock lock(mutex_);
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<int64_t> jitter(next_.count() / 2, next_.count());
  const std::chrono::milliseconds wait(jitter(random));
  next_ = std::min(next_ * 2, kBackoffMax);
  return !stop_.wait_for(lock, wait, [this] { return stopped_; });
}

void Backoff::Reset() {
  const std::lock_guard lock(mutex_);
  next_ = kBackoffMin;
}

void Backoff::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_all();
}

}  // namespace chaperone::control
