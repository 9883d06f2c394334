#include "dataplane/app/config.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

namespace chaperone::app {
namespace {

constexpr std::string_view kMinimal = R"(name: shop-sidecar
endpoint: shop-prod
state: /tmp/x
upstream: {host: 127.0.0.1, user: app, tls: {mode: disable}}
control_plane: {address: "localhost:7400", ca: /dev/null, certificate: /dev/null, key: /dev/null}
)";

absl::StatusOr<Config> Load(std::string_view text) {
  char path[] = "/tmp/chaperone-config-XXXXXX";
  const int fd = mkstemp(path);
  REQUIRE(fd >= 0);
  std::ofstream(path) << text;
  auto config = LoadConfig(path);
  unlink(path);
  close(fd);
  return config;
}

TEST_CASE("a short file has sensible defaults") {
  const auto config = Load(kMinimal);
  REQUIRE(config.ok());
  CHECK(config->listen.address == "127.0.0.1");
  CHECK(config->listen.port == 15432);
  CHECK(config->telemetry.port == 9401);
  CHECK(config->upstream.address.tls == upstream::TlsMode::kDisable);
  CHECK(config->session.sidecar == "shop-sidecar");
  CHECK(config->session.endpoint == "shop-prod");
}

TEST_CASE("TLS towards the database is the default") {
  std::string text(kMinimal);
  text.replace(text.find(", tls: {mode: disable}"), 22, "");
  const auto config = Load(text);
  REQUIRE(config.ok());
  CHECK(config->upstream.address.tls == upstream::TlsMode::kVerifyFull);
}

TEST_CASE("mistakes are named with line and key") {
  const auto error = [](std::string_view more) {
    const auto config = Load(std::string(kMinimal) + std::string(more));
    CHECK_FALSE(config.ok());
    return std::string(base::Message(config.status()));
  };
  CHECK(error("limts: {}\n").find(":6: unknown key \"limts\"; did you mean \"limits\"?") != std::string::npos);
  CHECK(error("listen: {prot: 1}\n").find("unknown key \"listen.prot\"; did you mean \"port\"?") != std::string::npos);
  CHECK(error("listen: {address: localhost}\n").find("must be an IP address") != std::string::npos);
  CHECK(error("listen: {address: 0.0.0.0}\n").find("\"listen.tls\" is missing") != std::string::npos);
  CHECK(error("log: {level: loud}\n").find("must be one of") != std::string::npos);
  CHECK(error("limits: {hold_timeout: 1h}\n").find("must be from 0s to 25s") != std::string::npos);
  CHECK(error("spool: {bytes_max: 1KiB}\n").find("\"spool.bytes_max\"") != std::string::npos);
}

}  // namespace
}  // namespace chaperone::app
