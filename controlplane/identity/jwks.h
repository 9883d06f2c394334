// JSON of OpenID Connect discovery and of key sets, as strangers serve it. Pure.
#ifndef CHAPERONE_CONTROLPLANE_IDENTITY_JWKS_H_
#define CHAPERONE_CONTROLPLANE_IDENTITY_JWKS_H_

#include <string>
#include <string_view>

#include "api/base/status.h"

namespace chaperone::identity {

inline constexpr size_t kKeysMax = 64;

// The public signature keys (RSA, EC, OKP) of a JSON Web Key Set, as a key set again: symmetric keys, keys for
// encryption and kinds that are not known are left out. Errors: InvalidArgument when it is no key set, has more than
// kKeysMax keys, has none left, or shows a private key (such a set is burnt).
absl::StatusOr<std::string> PublicKeys(std::string_view json);

// `jwks_uri` of a discovery document. Errors: InvalidArgument when it is none, or speaks for another issuer than
// `issuer`.
absl::StatusOr<std::string> JwksUri(std::string_view json, std::string_view issuer);

}  // namespace chaperone::identity

#endif  // CHAPERONE_CONTROLPLANE_IDENTITY_JWKS_H_
