#include "controlplane/app/config.h"

#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace chaperone::app {
namespace {

absl::StatusOr<Config> Load(const std::string& text, bool dev = false) {
  std::string path = (std::filesystem::temp_directory_path() / "chaperone-config-XXXXXX").string();
  const int fd = mkstemp(path.data());
  REQUIRE(fd >= 0);
  close(fd);
  std::ofstream(path) << text;
  auto config = LoadConfig(path, dev);
  std::filesystem::remove(path);
  return config;
}

std::string ErrorOf(const std::string& text, bool dev = false) {
  const auto config = Load(text, dev);
  CHECK_FALSE(config.ok());
  return std::string(base::Message(config.status()));
}

bool Has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

constexpr const char* kTls = "tls: {certificate: c, key: k, client_ca: ca}\n";

TEST_CASE("little has to be said") {
  const auto config = Load(std::string("state: /s\n") + kTls);
  REQUIRE(config.ok());
  CHECK(config->listen.port == 7400);
  CHECK(config->telemetry.port == 9400);
  CHECK(config->store.path == "/s/store");
  CHECK_FALSE(config->dev.enabled);
  CHECK(config->log_level == "info");
}

TEST_CASE("every documented key is read") {
  const auto config = Load(R"(
listen: {address: 10.0.0.1, port: 1}
telemetry: {address: 10.0.0.2, port: 2}
state: /s
tls: {certificate: c, key: k, client_ca: ca, crl_directory: d}
store: {path: /db, cache: 32MiB, write_buffer: 64MiB}
masking_key_file: m
issuers:
  - {issuer: "https://a", audiences: [x, y], jwks_uri: "https://a/keys", ca: f, refresh: 1m}
dev:
  enabled: true
  certificates: /c
  server_names: [a.example]
  identities:
    - {name: ann, roles: [admin, auditor], groups: [ops]}
  issuer: {address: 127.0.0.2, port: 3, name: "https://dev", audience: aud}
limits: {message: 2MiB, threads: 64, streams: 8, sidecars: 10, open_approvals: 20, open_approvals_of_agent: 3,
  ingest: 8MiB, kill_timeout: 3s, stop_timeout: 4s}
log: {level: debug}
)");
  INFO(config.status().ToString());
  REQUIRE(config.ok());
  CHECK(config->listen.address == "10.0.0.1");
  CHECK(config->telemetry.port == 2);
  CHECK(config->tls.crl_directory == "d");
  CHECK(config->store.path == "/db");
  CHECK(config->store.write_buffer_bytes == 64 << 20);
  REQUIRE(config->issuers.size() == 1);
  CHECK(config->issuers[0].audiences == std::vector<std::string>{"x", "y"});
  CHECK(config->issuers[0].refresh == std::chrono::minutes(1));
  REQUIRE(config->dev.identities.size() == 1);
  CHECK(config->dev.identities[0].roles == model::Roles{model::Role::kAdmin, model::Role::kAuditor});
  CHECK(config->dev.issuer_listen.port == 3);
  CHECK(config->dev.issuer == "https://dev");
  CHECK(config->tls.certificate == "c");
  CHECK(config->limits.streams == 8);
  CHECK(config->limits.kill_timeout == std::chrono::seconds(3));
  CHECK(config->log_level == "debug");
}

TEST_CASE("--dev fills in certificates and identities") {
  const auto config = Load("state: /s\n", /*dev=*/true);
  REQUIRE(config.ok());
  CHECK(config->tls.certificate == "/s/certificates/controlplane.pem");
  CHECK(config->tls.client_ca == "/s/certificates/ca.pem");
  CHECK(config->dev.identities.size() == 4);
  CHECK(Has(ErrorOf("state: /s\n"), "\"tls\" is missing"));
}

TEST_CASE("mistakes are named with line and key") {
  const std::string good = std::string("state: /s\n") + kTls;
  CHECK(Has(ErrorOf(kTls), "\"state\" is missing"));
  CHECK(Has(ErrorOf(good + "lissen: {}\n"), "3: unknown key \"lissen\"; did you mean \"listen\"?"));
  CHECK(Has(ErrorOf(good + "listen: {prot: 1}\n"), "unknown key \"listen.prot\"; did you mean \"port\"?"));
  CHECK(Has(ErrorOf(good + "listen: {port: 70000}\n"), "70000"));
  CHECK(Has(ErrorOf(good + "issuers: {}\n"), "must be a list"));
  CHECK(Has(ErrorOf(good + "issuers: [x]\n"), "must be a mapping"));
  CHECK(Has(ErrorOf(good + "issuers: [{issuer: a}]\n"), "audiences\" is missing"));
  CHECK(Has(ErrorOf(good + "issuers: [{issuer: a, audiences: []}]\n"), "at least one audience"));
  CHECK(Has(ErrorOf(good + "dev: {identities: [{name: a, roles: [root]}]}\n"), "unknown role \"root\""));
  CHECK(Has(ErrorOf(good + "dev: {identities: [{name: 'a b', roles: [admin]}]}\n"), "\"name\" must be"));
  CHECK(Has(ErrorOf(good + "limits: {threads: 16, streams: 16}\n"), "less than \"threads\""));
  CHECK(Has(ErrorOf(good + "log: {level: loud}\n"), "level"));
  CHECK(Has(ErrorOf("tls: {certificate: c}\nstate: /s\n"), "key\" is missing"));
  CHECK(absl::IsNotFound(LoadConfig("/nonexistent/config.yaml", false).status()));
}

}  // namespace
}  // namespace chaperone::app
