// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, client side, sans I/O. RFC 5802 and RFC 7677; channel binding
// tls-server-end-point (RFC 5929). PostgreSQL ignores the user name in the exchange (manual, section 55.3.1).
#ifndef CHAPERONE_DATAPLANE_WIRE_POSTGRES_SCRAM_H_
#define CHAPERONE_DATAPLANE_WIRE_POSTGRES_SCRAM_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/base/secret.h"
#include "api/base/status.h"

namespace chaperone::wire::postgres {

inline constexpr std::string_view kScram = "SCRAM-SHA-256";
inline constexpr std::string_view kScramPlus = "SCRAM-SHA-256-PLUS";
inline constexpr size_t kScramKeyBytes = 32;
// PBKDF2 rounds are the server's choice; PostgreSQL's default is 4096. More than this is an attack on our CPU: it takes
// some 0.1 s of the loop, once for each salt.
inline constexpr uint32_t kScramIterationsMax = 250'000;

// What PBKDF2 yields for a password, salt and iteration count: worth keeping, since it is slow by design and the same
// for every connection of a role.
struct ScramKeys {
  std::string salt;
  uint32_t iterations = 0;
  base::Secret<std::array<uint8_t, kScramKeyBytes>> salted_password;
};

// One exchange. Order: ClientFirst, ServerFirst, ServerFinal.
class ScramClient {
 public:
  // `end_point`: hash of the server's certificate for SCRAM-SHA-256-PLUS, empty for SCRAM-SHA-256. `tls`: the
  // connection is under TLS and we could bind, had the server offered it ("y" flag). `nonce`: at least 18 random bytes
  // as printable text.
  ScramClient(std::string_view end_point, bool tls, std::string_view nonce);

  std::string ClientFirst();
  // The client-final-message. `keys` is used when it fits the server's salt and iterations, and filled in otherwise.
  // Errors: DataLoss (malformed), Unauthenticated (nonce, iteration count).
  absl::StatusOr<std::string> ServerFirst(std::string_view message, const base::Secret<std::string>& password,
                                          ScramKeys* keys);
  // Errors: Unauthenticated when the server does not prove that it knows the password.
  absl::Status ServerFinal(std::string_view message) const;

 private:
  std::string gs2_header_;
  std::string end_point_;
  std::string nonce_;
  std::string client_first_bare_;
  std::string server_signature_;
};

std::string Base64Encode(std::string_view bytes);
// Errors: DataLoss.
absl::StatusOr<std::string> Base64Decode(std::string_view text);

}  // namespace chaperone::wire::postgres

#endif  // CHAPERONE_DATAPLANE_WIRE_POSTGRES_SCRAM_H_
