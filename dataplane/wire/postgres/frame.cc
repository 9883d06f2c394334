#include "dataplane/wire/postgres/frame.h"

#include <array>

#include "dataplane/wire/postgres/bytes.h"

namespace chaperone::wire::postgres {

namespace {

// MAX_STARTUP_PACKET_LENGTH.
constexpr uint32_t kStartupPacketMax = 10'000;
constexpr uint32_t kStartupPacketMin = 8;

// The bound on a client's message, or 0 for a type that no client sends.
uint32_t FrontendBodyMax(char type, const FrameLimits& limits) {
  switch (type) {
    case 'Q':
    case 'P':
      return limits.statement_bytes_max;
    case 'B':
      return limits.bind_bytes_max;
    case 'd':
    case 'F':
      return kLargeBodyMax;
    case 'p':
      return kPasswordBodyMax;
    case 'C':
    case 'D':
    case 'E':
    case 'H':
    case 'S':
    case 'X':
    case 'c':
    case 'f':
      return kSmallBodyMax;
    default:
      return 0;
  }
}

constexpr std::array<bool, 256> MakeBackendTypes() {
  std::array<bool, 256> types{};
  for (const char type : std::string_view("123ACDEGHIKNRSTVWZcdnstv")) {
    types[static_cast<uint8_t>(type)] = true;
  }
  return types;
}

constexpr std::array<bool, 256> kBackendTypes = MakeBackendTypes();

bool IsBackendType(char type) { return kBackendTypes[static_cast<uint8_t>(type)]; }

std::string Printable(char type) {
  return type >= 0x20 && type < 0x7f ? fmt::format("'{}'", type) : fmt::format("0x{:02x}", static_cast<uint8_t>(type));
}

// Errors are made apart, so that what every message runs through stays small.

[[gnu::cold, gnu::noinline]] FrameState FrontendError(char type, uint32_t length, uint32_t body_max,
                                                      absl::Status* error) {
  if (body_max == 0) {
    *error = base::InvalidArgument("invalid frontend message type {}", Printable(type));
  } else if (length < 4) {
    *error = base::InvalidArgument("invalid message length {} in a {} message", length, FrontendName(type));
  } else {
    *error = base::ResourceExhausted("a {} message of {} bytes is longer than the limit of {}", FrontendName(type),
                                     length - 4, body_max);
  }
  return FrameState::kError;
}

[[gnu::cold, gnu::noinline]] FrameState BackendError(char type, uint32_t length, absl::Status* error) {
  *error = base::DataLoss("the database sent a message of type {} and length {}", Printable(type), length);
  return FrameState::kError;
}

}  // namespace

FrameState ReadFrontendHeader(std::string_view bytes, const FrameLimits& limits, Header* header, absl::Status* error) {
  if (bytes.empty()) {
    return FrameState::kNeedMore;
  }
  const uint32_t body_max = FrontendBodyMax(bytes[0], limits);
  if (body_max != 0 && bytes.size() < kHeaderBytes) {
    return FrameState::kNeedMore;
  }
  const uint32_t length = body_max != 0 ? LoadU32(bytes.data() + 1) : 0;
  if (length < 4 || length - 4 > body_max) {
    return FrontendError(bytes[0], length, body_max, error);
  }
  header->type = bytes[0];
  header->body_bytes = length - 4;
  return FrameState::kHeader;
}

FrameState ReadBackendHeader(std::string_view bytes, Header* header, absl::Status* error) {
  if (bytes.size() < kHeaderBytes) {
    return FrameState::kNeedMore;
  }
  const uint32_t length = LoadU32(bytes.data() + 1);
  if (!IsBackendType(bytes[0]) || length < 4 || length - 4 > kLargeBodyMax) {
    return BackendError(bytes[0], length, error);
  }
  header->type = bytes[0];
  header->body_bytes = length - 4;
  return FrameState::kHeader;
}

FrameState ReadStartupLength(std::string_view bytes, uint32_t* packet_bytes, absl::Status* error) {
  if (bytes.size() < 4) {
    return FrameState::kNeedMore;
  }
  *packet_bytes = LoadU32(bytes.data());
  if (*packet_bytes < kStartupPacketMin || *packet_bytes > kStartupPacketMax) {
    *error = base::InvalidArgument("invalid length of startup packet");
    return FrameState::kError;
  }
  return FrameState::kHeader;
}

std::string_view FrontendName(char type) {
  switch (type) {
    case 'B':
      return "Bind";
    case 'C':
      return "Close";
    case 'D':
      return "Describe";
    case 'E':
      return "Execute";
    case 'F':
      return "FunctionCall";
    case 'H':
      return "Flush";
    case 'P':
      return "Parse";
    case 'Q':
      return "Query";
    case 'S':
      return "Sync";
    case 'X':
      return "Terminate";
    case 'c':
      return "CopyDone";
    case 'd':
      return "CopyData";
    case 'f':
      return "CopyFail";
    case 'p':
      return "PasswordMessage";
    default:
      return "unknown";
  }
}

}  // namespace chaperone::wire::postgres
