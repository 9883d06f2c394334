// The sidecar's configuration file. README.md lists every key.
#ifndef CHAPERONE_DATAPLANE_APP_CONFIG_H_
#define CHAPERONE_DATAPLANE_APP_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "api/base/status.h"
#include "dataplane/control/channel.h"
#include "dataplane/session/options.h"
#include "dataplane/upstream/connector.h"

namespace chaperone::app {

struct Config {
  struct Listen {
    std::string address = "127.0.0.1";
    uint16_t port = 15432;
    // Folder of a Unix socket besides; empty for none.
    std::string unix_socket;
    // PEM files; empty without TLS.
    std::string certificate;
    std::string key;
  };
  struct Telemetry {
    std::string address = "127.0.0.1";
    uint16_t port = 9401;
  };
  struct Upstream {
    upstream::ServerAddress address;
    std::string password_file;
    std::string ca_file;
  };
  struct Spool {
    uint64_t bytes_max = uint64_t{1} << 30;
    std::chrono::milliseconds sync_interval{1000};
  };

  std::string name;
  Listen listen;
  Telemetry telemetry;
  Upstream upstream;
  control::ChannelOptions control_plane;
  std::string state_folder;
  Spool spool;
  // Names, limits and timeouts of sessions.
  session::SessionOptions session;
  std::chrono::milliseconds drain_timeout{30'000};
  // 0: one a core.
  int threads = 0;
  std::string log_level = "info";
};

// Errors: as api/yaml; InvalidArgument for values that do not go together.
absl::StatusOr<Config> LoadConfig(const std::string& path);

}  // namespace chaperone::app

#endif  // CHAPERONE_DATAPLANE_APP_CONFIG_H_
