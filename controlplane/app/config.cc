#include "controlplane/app/config.h"

#include <utility>

#include "api/yaml/yaml.h"
#include "controlplane/identity/certificate.h"

namespace chaperone::app {

namespace {

using std::chrono::milliseconds;
using yaml::Mapping;

constexpr size_t kIssuersMax = 100;
constexpr size_t kIdentitiesMax = 100;

void ReadEndpoint(Mapping* map, std::string_view key, Endpoint* out) {
  if (auto child = map->Child(key)) {
    child->String("address", &out->address);
    child->Number("port", &out->port, 0, 65535);
    map->Check(child->Finish());
  }
}

void ReadTls(Mapping* map, Config::Tls* out) {
  if (auto child = map->Child("tls")) {
    child->String("certificate", &out->certificate, yaml::kRequired);
    child->String("key", &out->key, yaml::kRequired);
    child->String("client_ca", &out->client_ca, yaml::kRequired);
    child->String("crl_directory", &out->crl_directory);
    map->Check(child->Finish());
  }
}

void ReadStore(Mapping* map, Config::Store* out) {
  if (auto child = map->Child("store")) {
    child->String("path", &out->path);
    child->Bytes("cache", &out->cache_bytes, 1 << 20, 64ull << 30);
    child->Bytes("write_buffer", &out->write_buffer_bytes, 8 << 20, 16ull << 30);
    map->Check(child->Finish());
  }
}

// The entries of a list of mappings.
std::vector<Mapping> ReadList(Mapping* map, std::string_view key, size_t count_max) {
  std::vector<Mapping> entries;
  const auto value = map->Any(key);
  if (!value) {
    return entries;
  }
  const std::vector<yaml::Value> items = value->Items();
  if (!value->IsSequence() || items.size() > count_max) {
    map->Check(value->Error(fmt::format("\"{}\" must be a list of at most {} mappings", key, count_max)));
    return entries;
  }
  for (const yaml::Value& item : items) {
    if (!item.IsMapping()) {
      map->Check(item.Error(fmt::format("an entry of \"{}\" must be a mapping (key: value)", key)));
      return entries;
    }
    entries.push_back(item.AsMapping(key));
  }
  return entries;
}

void ReadIssuers(Mapping* map, std::vector<identity::IssuerConfig>* out) {
  for (Mapping& entry : ReadList(map, "issuers", kIssuersMax)) {
    identity::IssuerConfig issuer;
    entry.String("issuer", &issuer.issuer, yaml::kRequired);
    entry.Strings("audiences", &issuer.audiences, yaml::kRequired);
    entry.String("jwks_uri", &issuer.jwks_uri);
    entry.String("ca", &issuer.ca_file);
    entry.Duration("refresh", &issuer.refresh, milliseconds(10000), std::chrono::hours(24));
    if (entry.Has("audiences") && issuer.audiences.empty()) {
      entry.Check(entry.Error("\"audiences\" must name at least one audience"));
    }
    map->Check(entry.Finish());
    out->push_back(std::move(issuer));
  }
}

void ReadIdentities(Mapping* map, std::vector<model::Caller>* out) {
  for (Mapping& entry : ReadList(map, "identities", kIdentitiesMax)) {
    model::Caller caller;
    std::vector<std::string> roles;
    entry.String("name", &caller.name, yaml::kRequired);
    entry.Strings("roles", &roles, yaml::kRequired);
    entry.Strings("groups", &caller.groups);
    for (const std::string& name : roles) {
      if (const auto role = model::ParseRole(name)) {
        caller.roles.Add(*role);
      } else {
        entry.Check(
            entry.Error(fmt::format("unknown role \"{}\"; known: {}", name, fmt::join(model::kRoleNames, ", "))));
      }
    }
    if (!identity::IsName(caller.name)) {
      entry.Check(entry.Error("\"name\" must be 1 to 128 of A-Z a-z 0-9 . _ @ + -"));
    }
    map->Check(entry.Finish());
    out->push_back(std::move(caller));
  }
}

void ReadDev(Mapping* map, Config::Dev* out) {
  if (auto child = map->Child("dev")) {
    child->Bool("enabled", &out->enabled);
    child->String("certificates", &out->certificates);
    child->Strings("server_names", &out->server_names);
    ReadIdentities(&*child, &out->identities);
    if (auto issuer = child->Child("issuer")) {
      issuer->String("address", &out->issuer_listen.address);
      issuer->Number("port", &out->issuer_listen.port, 0, 65535);
      issuer->String("name", &out->issuer);
      issuer->String("audience", &out->audience);
      child->Check(issuer->Finish());
    }
    map->Check(child->Finish());
  }
}

void ReadLimits(Mapping* map, Config::Limits* out) {
  if (auto child = map->Child("limits")) {
    child->Bytes("message", &out->message_bytes, 1 << 20, 256 << 20);
    child->Number("threads", &out->threads, 16, 4096);
    child->Number("streams", &out->streams, 1, 2048);
    child->Number("sidecars", &out->sidecars, 1, 100000);
    child->Number("open_approvals", &out->open_approvals, 1, 1000000);
    child->Number("open_approvals_of_agent", &out->open_approvals_of_agent, 1, 10000);
    child->Bytes("ingest", &out->ingest_bytes, 1 << 20, 4ull << 30);
    child->Duration("kill_timeout", &out->kill_timeout, milliseconds(100), std::chrono::minutes(5));
    child->Duration("stop_timeout", &out->stop_timeout, milliseconds(0), std::chrono::minutes(10));
    if (out->streams >= out->threads) {
      child->Check(child->Error("\"streams\" must be less than \"threads\": each open stream keeps a thread"));
    }
    map->Check(child->Finish());
  }
}

std::vector<model::Caller> DefaultIdentities() {
  using model::Role;
  return {{"admin", {Role::kAdmin}, {}},
          {"approver", {Role::kApprover}, {"db-owners"}},
          {"auditor", {Role::kAuditor}, {}},
          {"sidecar", {Role::kSidecar}, {}}};
}

absl::Status FillIn(const std::string& path, bool tls_given, Config* config) {
  if (config->store.path.empty()) {
    config->store.path = config->state + "/store";
  }
  if (!config->dev.enabled) {
    return tls_given ? absl::OkStatus()
                     : base::InvalidArgument(
                           "{}: \"tls\" is missing (certificate, key, client_ca); --dev makes "
                           "certificates for development",
                           path);
  }
  if (config->dev.certificates.empty()) {
    config->dev.certificates = config->state + "/certificates";
  }
  if (config->dev.identities.empty()) {
    config->dev.identities = DefaultIdentities();
  }
  if (!tls_given) {
    config->tls.certificate = config->dev.certificates + "/controlplane.pem";
    config->tls.key = config->dev.certificates + "/controlplane.key";
    config->tls.client_ca = config->dev.certificates + "/ca.pem";
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& path, bool dev) {
  CHAPERONE_ASSIGN_OR_RETURN(const yaml::Document document, yaml::Document::Load(path));
  Config config;
  Mapping map = document.root();
  ReadEndpoint(&map, "listen", &config.listen);
  ReadEndpoint(&map, "telemetry", &config.telemetry);
  map.String("state", &config.state, yaml::kRequired);
  ReadTls(&map, &config.tls);
  ReadStore(&map, &config.store);
  map.String("masking_key_file", &config.masking_key_file);
  ReadIssuers(&map, &config.issuers);
  ReadDev(&map, &config.dev);
  ReadLimits(&map, &config.limits);
  if (auto log = map.Child("log")) {
    const std::vector<std::string_view> levels = {"debug", "info", "warn", "error"};
    int level = 1;
    log->Choice("level", levels, &level);
    config.log_level = std::string(levels[static_cast<size_t>(level)]);
    map.Check(log->Finish());
  }
  const bool tls_given = map.Has("tls");
  CHAPERONE_RETURN_IF_ERROR(map.Finish());
  config.dev.enabled = config.dev.enabled || dev;
  CHAPERONE_RETURN_IF_ERROR(FillIn(path, tls_given, &config));
  return config;
}

}  // namespace chaperone::app
