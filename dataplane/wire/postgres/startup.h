// The untyped packets with which a connection begins. PostgreSQL 15 manual, section 55.2.1 and 55.7.
#ifndef CHAPERONE_DATAPLANE_WIRE_POSTGRES_STARTUP_H_
#define CHAPERONE_DATAPLANE_WIRE_POSTGRES_STARTUP_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/base/status.h"

namespace chaperone::wire::postgres {

inline constexpr uint32_t kProtocol30 = 3 << 16;
inline constexpr size_t kSslRequestBytes = 8;

struct SslRequest {};
struct GssEncRequest {};

// Asks to cancel the statement of another connection. Keys are 4 bytes in protocol 3.0.
struct CancelRequest {
  uint32_t process_id = 0;
  std::string_view key;
};

struct Startup {
  // Major in the upper 16 bits.
  uint32_t protocol = kProtocol30;
  // As sent, "user" and "database" among them; views into the packet.
  std::vector<std::pair<std::string_view, std::string_view>> parameters;

  // The last value given for `name`; empty when absent.
  std::string_view Find(std::string_view name) const;
};

using StartupPacket = std::variant<SslRequest, GssEncRequest, CancelRequest, Startup>;

// Decodes a whole packet, its length included. Views point into `packet`. Errors: InvalidArgument (malformed),
// Unimplemented (another major protocol version).
absl::StatusOr<StartupPacket> DecodeStartupPacket(std::string_view packet);

// A StartupMessage for protocol 3.0. REQUIRES: no NUL in names and values.
void AppendStartup(const std::vector<std::pair<std::string, std::string>>& parameters, std::string* out);
void AppendSslRequest(std::string* out);
void AppendCancelRequest(uint32_t process_id, std::string_view key, std::string* out);

// NegotiateProtocolVersion: we speak 3.0 and none of `unknown_options`.
void AppendNegotiateProtocolVersion(const std::vector<std::string_view>& unknown_options, std::string* out);

}  // namespace chaperone::wire::postgres

#endif  // CHAPERONE_DATAPLANE_WIRE_POSTGRES_STARTUP_H_
