// The signing keys of every trusted issuer, as the policy snapshot brings them. A key fixes which algorithms it
// verifies: a token's header chooses among a key's algorithms and never a key's kind (RFC 8725 section 3.1).
//
// Threading: immutable; verification takes an internal lock, since cjose does not promise that keys may be shared.
#ifndef CHAPERONE_DATAPLANE_AUTH_KEY_RING_H_
#define CHAPERONE_DATAPLANE_AUTH_KEY_RING_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"

namespace chaperone::auth {

struct IssuerKeys {
  // Compared byte for byte with the token's `iss`.
  std::string issuer;
  // A token must name one of these in `aud`.
  std::vector<std::string> audiences;
  // JSON Web Key Set (RFC 7517 section 5).
  std::string jwks;
};

class KeyRing {
 public:
  static constexpr size_t kJwksBytesMax = 1 << 20;
  static constexpr size_t kKeysPerIssuerMax = 256;
  static constexpr size_t kRsaBitsMin = 2048;

  // Keys that cannot verify signatures (encryption keys, symmetric keys, unknown kinds, RSA below 2048 bits) are left
  // out. Errors: InvalidArgument for a set that is not JSON, or two entries for one issuer.
  static absl::StatusOr<std::shared_ptr<const KeyRing>> Build(const std::vector<IssuerKeys>& issuers);
  ~KeyRing();
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  // Null when the issuer is not trusted.
  const std::vector<std::string>* AudiencesOf(std::string_view issuer) const;

  // Checks the signature of a compact JWS whose header says `algorithm` and `key_id` (empty: the header has none, which
  // is enough when exactly one key of the issuer fits). Errors: Unauthenticated with the reason's class.
  absl::Status Verify(std::string_view issuer, std::string_view key_id, std::string_view algorithm,
                      std::string_view token) const;

  // Usable keys of an issuer.
  size_t KeyCount(std::string_view issuer) const;

 private:
  struct State;
  explicit KeyRing(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chaperone::auth

#endif  // CHAPERONE_DATAPLANE_AUTH_KEY_RING_H_
