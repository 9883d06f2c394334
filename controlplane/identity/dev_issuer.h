// The development token issuer (--dev): one key, made once and kept; a listener that serves discovery and the key set
// as any OpenID provider does; tokens signed through cpp-jwt with exactly one algorithm. It mints, and never verifies.
#ifndef CHAPERONE_CONTROLPLANE_IDENTITY_DEV_ISSUER_H_
#define CHAPERONE_CONTROLPLANE_IDENTITY_DEV_ISSUER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "api/base/clock.h"
#include "api/base/secret.h"
#include "api/base/status.h"
#include "api/telemetry/http_server.h"
#include "chaperone/v1/identity.pb.h"

namespace chaperone::identity {

struct DevIssuerOptions {
  // The key is kept here as PEM, mode 0600; made when missing.
  std::string key_path;
  // The listener; port 0 takes a free one, and the issuer's name with it.
  std::string address = "127.0.0.1";
  uint16_t port = 0;
  // The issuer's name; empty: "http://<address>:<port>".
  std::string issuer;
  // The first is put into tokens that do not ask for another.
  std::string audience = "chaperone";
};

class DevIssuer {
 public:
  // Errors: FailedPrecondition when the port is in use, InvalidArgument for a key file that holds something else,
  // Internal.
  static absl::StatusOr<std::unique_ptr<DevIssuer>> Start(const DevIssuerOptions& options, const base::Clock* clock);

  // Claims: iss, sub, aud, iat, exp, jti, and where given groups, azp, act.sub, task. Errors: InvalidArgument.
  absl::StatusOr<v1::MintTokenResponse> Mint(const v1::MintTokenRequest& request) const;

  const std::string& issuer() const { return issuer_; }
  const std::string& audience() const { return options_.audience; }
  const std::string& jwks() const { return jwks_; }

 private:
  DevIssuer(DevIssuerOptions options, const base::Clock* clock) : options_(std::move(options)), clock_(clock) {}

  absl::Status LoadKey();
  absl::Status Listen();

  const DevIssuerOptions options_;
  const base::Clock* const clock_;
  std::string issuer_;
  std::string key_id_;
  std::string jwks_;
  base::Secret<std::string> key_pem_;
  std::unique_ptr<telemetry::HttpServer> server_;
};

}  // namespace chaperone::identity

#endif  // CHAPERONE_CONTROLPLANE_IDENTITY_DEV_ISSUER_H_
