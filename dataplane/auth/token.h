// An agent's token: a signed JWT (RFC 7519, as an access token RFC 9068), presented as the password. Verification
// follows RFC 8725: the key decides the algorithm, `exp` is required, `aud` must name us, unknown `crit` is refused.
#ifndef CHAPERONE_DATAPLANE_AUTH_TOKEN_H_
#define CHAPERONE_DATAPLANE_AUTH_TOKEN_H_

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "dataplane/auth/key_ring.h"

namespace chaperone::auth {

inline constexpr size_t kTokenBytesMax = 16 << 10;
inline constexpr std::chrono::seconds kLeeway{60};
inline constexpr size_t kGroupsMax = 1000;

// What a verified token says.
struct Identity {
  std::string issuer;
  std::string subject;
  std::vector<std::string> groups;
  // `azp`, else `client_id`.
  std::string client;
  // `act.sub`: the human it acts for (RFC 8693 section 4.1).
  std::string human;
  std::string task;
  // `jti`.
  std::string token_id;
  // `exp`, without leeway: the session ends then.
  std::chrono::system_clock::time_point expires_at;
};

// Errors: Unauthenticated; the message names the class of the reason ("token refused: it has expired") and nothing of
// the token's contents.
absl::StatusOr<Identity> VerifyToken(std::string_view token, const KeyRing& keys,
                                     std::chrono::system_clock::time_point now);

}  // namespace chaperone::auth

#endif  // CHAPERONE_DATAPLANE_AUTH_TOKEN_H_
