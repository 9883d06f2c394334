// The configuration file of the control plane. README.md documents every key; what is not known is refused.
#ifndef CHAPERONE_CONTROLPLANE_APP_CONFIG_H_
#define CHAPERONE_CONTROLPLANE_APP_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "api/base/status.h"
#include "controlplane/identity/issuers.h"
#include "controlplane/model/call.h"

namespace chaperone::app {

struct Endpoint {
  std::string address;
  uint16_t port = 0;
};

struct Config {
  Endpoint listen{"0.0.0.0", 7400};
  Endpoint telemetry{"127.0.0.1", 9400};
  // Folder for everything that is kept.
  std::string state;

  struct Tls {
    std::string certificate;
    std::string key;
    std::string client_ca;
    std::string crl_directory;
  } tls;

  struct Store {
    // Defaults to <state>/store.
    std::string path;
    uint64_t cache_bytes = 64 << 20;
    uint64_t write_buffer_bytes = 128 << 20;
  } store;

  // 32 bytes for keyed masking; empty: made once and kept in the store.
  std::string masking_key_file;

  std::vector<identity::IssuerConfig> issuers;

  struct Dev {
    bool enabled = false;
    // Defaults to <state>/certificates.
    std::string certificates;
    std::vector<std::string> server_names = {"localhost", "127.0.0.1", "::1"};
    std::vector<model::Caller> identities;
    Endpoint issuer_listen{"127.0.0.1", 7480};
    std::string issuer;
    std::string audience = "chaperone";
  } dev;

  struct Limits {
    uint64_t message_bytes = 40 << 20;
    int threads = 256;
    int streams = 128;
    size_t sidecars = 5000;
    size_t open_approvals = 10000;
    size_t open_approvals_of_agent = 50;
    uint64_t ingest_bytes = 64 << 20;
    std::chrono::milliseconds kill_timeout{10000};
    std::chrono::milliseconds stop_timeout{10000};
  } limits;

  // "debug", "info", "warn", "error".
  std::string log_level = "info";
};

// Reads the file and fills in what follows from other keys. `dev` is the flag --dev. Errors: InvalidArgument
// "<file>:<line>: …"; NotFound or PermissionDenied when it cannot be read.
absl::StatusOr<Config> LoadConfig(const std::string& path, bool dev);

}  // namespace chaperone::app

#endif  // CHAPERONE_CONTROLPLANE_APP_CONFIG_H_
