#include "dataplane/app/config.h"

#include <arpa/inet.h>

#include "api/yaml/yaml.h"

namespace chaperone::app {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint64_t kKiB = 1 << 10;
constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kGiB = 1 << 30;

bool IsLoopback(const std::string& address) { return address == "::1" || address.substr(0, 4) == "127."; }

absl::Status ReadListen(yaml::Mapping map, Config::Listen* out) {
  map.String("address", &out->address);
  map.Number("port", &out->port, 0, 65535);
  map.String("unix_socket", &out->unix_socket);
  if (auto tls = map.Child("tls")) {
    tls->ReadableFile("certificate", &out->certificate, yaml::kRequired);
    tls->ReadableFile("key", &out->key, yaml::kRequired);
    map.Check(tls->Finish());
  }
  in6_addr parsed;
  if (inet_pton(AF_INET, out->address.c_str(), &parsed) != 1 &&
      inet_pton(AF_INET6, out->address.c_str(), &parsed) != 1) {
    map.Check(map.Error(fmt::format("\"listen.address\" is \"{}\"; it must be an IP address", out->address)));
  } else if (!IsLoopback(out->address) && out->certificate.empty()) {
    map.Check(
        map.Error("\"listen.tls\" is missing: a token is a password, and beyond loopback it is taken under TLS only"));
  }
  return map.Finish();
}

absl::Status ReadTelemetry(yaml::Mapping map, Config::Telemetry* out) {
  map.String("address", &out->address);
  map.Number("port", &out->port, 0, 65535);
  return map.Finish();
}

absl::Status ReadUpstream(yaml::Mapping map, Config* out) {
  Config::Upstream& upstream = out->upstream;
  map.String("host", &upstream.address.host, yaml::kRequired);
  map.Number("port", &upstream.address.port, 1, 65535);
  map.String("user", &upstream.address.user, yaml::kRequired);
  map.ReadableFile("password_file", &upstream.password_file);
  map.Duration("connect_timeout", &out->session.connect_timeout, milliseconds(100), seconds(300));
  if (auto tls = map.Child("tls")) {
    int mode = 1;
    tls->Choice("mode", {"disable", "verify-full"}, &mode);
    upstream.address.tls = mode == 0 ? upstream::TlsMode::kDisable : upstream::TlsMode::kVerifyFull;
    tls->ReadableFile("ca", &upstream.ca_file);
    map.Check(tls->Finish());
  }
  return map.Finish();
}

absl::Status ReadControlPlane(yaml::Mapping map, control::ChannelOptions* out) {
  map.String("address", &out->address, yaml::kRequired);
  map.ReadableFile("ca", &out->ca_file, yaml::kRequired);
  map.ReadableFile("certificate", &out->certificate_file, yaml::kRequired);
  map.ReadableFile("key", &out->key_file, yaml::kRequired);
  return map.Finish();
}

absl::Status ReadSpool(yaml::Mapping map, Config::Spool* out) {
  map.Bytes("bytes_max", &out->bytes_max, 64 * kMiB, 1024 * kGiB);
  map.Duration("sync_interval", &out->sync_interval, milliseconds(0), hours(1));
  return map.Finish();
}

absl::Status ReadLimits(yaml::Mapping map, Config* out) {
  session::SessionOptions& session = out->session;
  map.Number("sessions", &session.sessions_max, 1, 1'000'000);
  map.Duration("startup_timeout", &session.startup_timeout, milliseconds(100), seconds(300));
  map.Duration("idle_timeout", &session.idle_timeout, milliseconds(0), hours(24 * 30));
  map.Duration("hold_timeout", &session.hold_timeout, milliseconds(0), seconds(25));
  map.Duration("drain_timeout", &out->drain_timeout, milliseconds(0), hours(1));
  uint64_t statement_bytes = session.conversation.frames.statement_bytes_max;
  uint64_t bind_bytes = session.conversation.frames.bind_bytes_max;
  map.Bytes("statement_bytes", &statement_bytes, kKiB, 7 * kMiB);
  map.Bytes("bind_bytes", &bind_bytes, kKiB, kGiB - kMiB);
  session.conversation.frames.statement_bytes_max = static_cast<uint32_t>(statement_bytes);
  session.conversation.frames.bind_bytes_max = static_cast<uint32_t>(bind_bytes);
  session.judge.statement_bytes_max = statement_bytes;
  map.Number("prepared_statements", &session.conversation.prepared_statements_max, 1, 1'000'000);
  map.Number("portals", &session.conversation.portals_max, 1, 1'000'000);
  return map.Finish();
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  CHAPERONE_ASSIGN_OR_RETURN(const yaml::Document document, yaml::Document::Load(path));
  Config config;
  yaml::Mapping map = document.root();
  map.String("name", &config.name, yaml::kRequired);
  map.String("endpoint", &config.session.endpoint, yaml::kRequired);
  map.StringMap("labels", &config.session.labels);
  map.String("state", &config.state_folder, yaml::kRequired);
  map.Number("threads", &config.threads, 0, 256);
  if (auto child = map.Child("listen")) {
    map.Check(ReadListen(*child, &config.listen));
  }
  if (auto child = map.Child("telemetry")) {
    map.Check(ReadTelemetry(*child, &config.telemetry));
  }
  if (auto child = map.Child("upstream", yaml::kRequired)) {
    map.Check(ReadUpstream(*child, &config));
  }
  if (auto child = map.Child("control_plane", yaml::kRequired)) {
    map.Check(ReadControlPlane(*child, &config.control_plane));
  }
  if (auto child = map.Child("spool")) {
    map.Check(ReadSpool(*child, &config.spool));
  }
  if (auto child = map.Child("limits")) {
    map.Check(ReadLimits(*child, &config));
  }
  if (auto child = map.Child("log")) {
    child->String("level", &config.log_level);
    int level = 0;
    child->Choice("level", {"debug", "info", "warn", "error"}, &level);
    map.Check(child->Finish());
  }
  CHAPERONE_RETURN_IF_ERROR(map.Finish());
  config.session.sidecar = config.name;
  return config;
}

}  // namespace chaperone::app
