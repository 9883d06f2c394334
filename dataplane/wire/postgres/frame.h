// Framing: type, length and bounds of messages, before anything in them is believed. The bounds follow SocketBackend()
// of PostgreSQL 15 (src/backend/tcop/postgres.c) and are tighter where Chaperone has to hold a whole message in memory.
//
// Three outcomes: more bytes are needed, a header, or an error, after which the stream cannot be trusted any more.
#ifndef CHAPERONE_DATAPLANE_WIRE_POSTGRES_FRAME_H_
#define CHAPERONE_DATAPLANE_WIRE_POSTGRES_FRAME_H_

#include <cstdint>
#include <string_view>

#include "api/base/status.h"

namespace chaperone::wire::postgres {

// Type byte and length.
inline constexpr size_t kHeaderBytes = 5;
// PQ_SMALL_MESSAGE_LIMIT.
inline constexpr uint32_t kSmallBodyMax = 10'000;
// PG_MAX_AUTH_TOKEN_LENGTH.
inline constexpr uint32_t kPasswordBodyMax = 65'535;
// PQ_LARGE_MESSAGE_LIMIT: MaxAllocSize - 1.
inline constexpr uint32_t kLargeBodyMax = 0x3ffffffe;

struct FrameLimits {
  // Query and Parse: the text is held and analysed.
  uint32_t statement_bytes_max = 4 << 20;
  // Bind: values are held until the verdict is there.
  uint32_t bind_bytes_max = 64 << 20;
};

struct Header {
  char type = 0;
  // Without type and length.
  uint32_t body_bytes = 0;

  size_t frame_bytes() const { return kHeaderBytes + body_bytes; }
};

enum class FrameState { kNeedMore, kHeader, kError };

// The header at the front of what a client sent after startup. On kError `error` says what is wrong.
FrameState ReadFrontendHeader(std::string_view bytes, const FrameLimits& limits, Header* header, absl::Status* error);

// The header at the front of what a server sent.
FrameState ReadBackendHeader(std::string_view bytes, Header* header, absl::Status* error);

// The length of an untyped startup packet (StartupMessage, SSLRequest, …), itself included: 8 to 10,000 bytes.
FrameState ReadStartupLength(std::string_view bytes, uint32_t* packet_bytes, absl::Status* error);

// "Query", "Bind", …; "unknown" for a type that no client sends.
std::string_view FrontendName(char type);

}  // namespace chaperone::wire::postgres

#endif  // CHAPERONE_DATAPLANE_WIRE_POSTGRES_FRAME_H_
