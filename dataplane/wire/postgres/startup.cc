#include "dataplane/wire/postgres/startup.h"

#include "dataplane/wire/postgres/bytes.h"

namespace chaperone::wire::postgres {

namespace {

// Request codes: 1234 in the upper 16 bits, chosen so as not to be a protocol version.
constexpr uint32_t kCancelCode = 80877102;
constexpr uint32_t kSslCode = 80877103;
constexpr uint32_t kGssEncCode = 80877104;
constexpr size_t kParametersMax = 256;
// Protocol 3.2 allows keys of up to 256 bytes.
constexpr size_t kCancelKeyMax = 256;

absl::StatusOr<StartupPacket> DecodeCancel(ByteReader reader) {
  CancelRequest cancel;
  cancel.process_id = reader.U32();
  cancel.key = reader.rest();
  if (reader.failed() || cancel.key.size() < 4 || cancel.key.size() > kCancelKeyMax) {
    return base::InvalidArgument("invalid length of a cancel request");
  }
  return cancel;
}

absl::StatusOr<StartupPacket> DecodeParameters(uint32_t protocol, ByteReader reader) {
  Startup startup;
  startup.protocol = protocol;
  for (;;) {
    const std::string_view name = reader.CString();
    if (reader.failed()) {
      return base::InvalidArgument("invalid startup packet layout: expected terminator as last byte");
    }
    if (name.empty()) {
      break;
    }
    const std::string_view value = reader.CString();
    if (reader.failed() || startup.parameters.size() == kParametersMax) {
      return base::InvalidArgument("invalid startup packet layout: {}",
                                   reader.failed() ? "a parameter has no value" : "too many parameters");
    }
    startup.parameters.emplace_back(name, value);
  }
  if (!reader.Done()) {
    return base::InvalidArgument("invalid startup packet layout: expected terminator as last byte");
  }
  return startup;
}

}  // namespace

std::string_view Startup::Find(std::string_view name) const {
  for (auto it = parameters.rbegin(); it != parameters.rend(); ++it) {
    if (it->first == name) {
      return it->second;
    }
  }
  return {};
}

absl::StatusOr<StartupPacket> DecodeStartupPacket(std::string_view packet) {
  ByteReader reader(packet);
  const uint32_t length = reader.U32();
  const uint32_t code = reader.U32();
  if (reader.failed() || length != packet.size()) {
    return base::InvalidArgument("invalid length of startup packet");
  }
  switch (code) {
    case kCancelCode:
      return DecodeCancel(reader);
    case kSslCode:
    case kGssEncCode:
      if (!reader.Done()) {
        return base::InvalidArgument("invalid length of an encryption request");
      }
      return code == kSslCode ? StartupPacket(SslRequest{}) : StartupPacket(GssEncRequest{});
    default:
      break;
  }
  if (code >> 16 != 3) {
    return base::Unimplemented("unsupported frontend protocol {}.{}: server supports 3.0 to 3.0", code >> 16,
                               code & 0xffff);
  }
  return DecodeParameters(code, reader);
}

void AppendStartup(const std::vector<std::pair<std::string, std::string>>& parameters, std::string* out) {
  MessageWriter writer(out);
  writer.Begin(0).U32(kProtocol30);
  for (const auto& [name, value] : parameters) {
    writer.CString(name).CString(value);
  }
  writer.U8(0).End();
}

void AppendSslRequest(std::string* out) { MessageWriter(out).Begin(0).U32(kSslCode).End(); }

void AppendCancelRequest(uint32_t process_id, std::string_view key, std::string* out) {
  MessageWriter(out).Begin(0).U32(kCancelCode).U32(process_id).Bytes(key).End();
}

void AppendNegotiateProtocolVersion(const std::vector<std::string_view>& unknown_options, std::string* out) {
  MessageWriter writer(out);
  writer.Begin('v').U32(kProtocol30).U32(static_cast<uint32_t>(unknown_options.size()));
  for (const std::string_view option : unknown_options) {
    writer.CString(option);
  }
  writer.End();
}

}  // namespace chaperone::wire::postgres
