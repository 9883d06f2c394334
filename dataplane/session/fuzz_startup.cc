// Any bytes as what a client sends before it is known: startup packets, one after the other, and the settings that a
// StartupMessage asks for. Nothing crashes, nothing decoded lies outside of its packet, and no setting gets through
// that changes how the server reads statements.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dataplane/session/startup_settings.h"
#include "dataplane/wire/postgres/frame.h"
#include "dataplane/wire/postgres/startup.h"

namespace chaperone::session {
namespace {

namespace pg = wire::postgres;

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

bool IsWithin(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void CheckSettings(const pg::Startup& startup) {
  StartupParameters parameters;
  for (const auto& [name, value] : startup.parameters) {
    parameters.emplace_back(name, value);
  }
  std::string database, application_name;
  StartupParameters settings;
  if (!ReadStartupSettings(parameters, &database, &application_name, &settings).ok()) {
    return;
  }
  Require(!database.empty() && database.size() <= 63);
  constexpr std::array<std::string_view, 7> kNever = {
      "client_encoding", "standard_conforming_strings", "role", "session_authorization", "replication",
      "backslash_quote", "session_replication_role"};
  for (const auto& [name, value] : settings) {
    Require(std::find(kNever.begin(), kNever.end(), name) == kNever.end());
    // What changes names, or is the application's own, begins no session without the policy.
    Require((name != "search_path" && name.find('.') == std::string::npos) || FactsOfSetting(name).has_value());
    // They become a packet of our own.
    Require(name.find('\0') == std::string::npos && value.find('\0') == std::string::npos);
  }
  std::string again;
  pg::AppendStartup(settings, &again);
  Require(pg::DecodeStartupPacket(again).ok());
}

void Check(std::string_view in) {
  for (;;) {
    uint32_t length = 0;
    absl::Status error;
    const pg::FrameState state = pg::ReadStartupLength(in, &length, &error);
    if (state != pg::FrameState::kHeader || in.size() < length) {
      return;
    }
    Require(length >= pg::kSslRequestBytes && length <= 10'000);
    const std::string_view bytes = in.substr(0, length);
    const auto packet = pg::DecodeStartupPacket(bytes);
    if (packet.ok()) {
      if (const auto* cancel = std::get_if<pg::CancelRequest>(&*packet)) {
        Require(IsWithin(cancel->key, bytes) && cancel->key.size() >= 4 && cancel->key.size() <= 256);
      } else if (const auto* startup = std::get_if<pg::Startup>(&*packet)) {
        Require(startup->protocol >> 16 == 3);
        CheckSettings(*startup);
      }
    }
    in.remove_prefix(length);
  }
}

}  // namespace
}  // namespace chaperone::session

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  chaperone::session::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
