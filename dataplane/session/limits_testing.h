// Test support: a conversation under a policy that the test writes, with the shop of api/sql/fixture.h and a clock that
// the test moves. What goes out is shown in words, so that a test reads as a transcript.
#ifndef CHAPERONE_DATAPLANE_SESSION_LIMITS_TESTING_H_
#define CHAPERONE_DATAPLANE_SESSION_LIMITS_TESTING_H_

#include <memory>
#include <string>
#include <string_view>

#include "api/base/fake_clock.h"
#include "dataplane/session/conversation.h"

namespace chaperone::session {

// Messages of a client.
std::string Query(std::string_view text);
std::string Parse(std::string_view text, std::string_view name = "");
std::string Bind(std::string_view statement = "", std::string_view portal = "");
std::string Execute(uint32_t rows_max = 0, std::string_view portal = "");
std::string Sync();
// A Parse, Bind, Execute.
std::string RunText(std::string_view text);

// Messages of a server.
// One without a body.
std::string Message(std::string_view type);
std::string Complete(std::string_view tag);
std::string Ready(char status);
std::string Failed(std::string_view sqlstate);
// A RowDescription of one int4 column of no table.
std::string Columns();
std::string Row(std::string_view value);

// "Q(BEGIN)", "C(UPDATE 2) Z(I)", "E(ZC003)": type and what matters of each message.
std::string Shown(std::string_view bytes, bool from_client);

class LimitsRig final : public Conversation::Host {
 public:
  // `body`: statements, limits, … of a policy for everybody, behind its header. `book` may be null.
  explicit LimitsRig(std::string_view body, QuotaBook* book = nullptr, std::string_view task = "");
  ~LimitsRig() override;

  // Sends, and returns what came of it at once: "server: … client: …" in words, without a part that is empty.
  std::string Client(std::string_view bytes);
  std::string Server(std::string_view bytes);
  // The bytes that the client got since the last time.
  std::string ClientBytes();

  Conversation& conversation() { return *conversation_; }
  base::FakeClock clock;
  int cancels = 0;

  // Conversation::Host
  std::chrono::steady_clock::time_point Steady() override { return clock.Steady(); }
  std::chrono::system_clock::time_point Wall() override { return clock.Wall(); }
  void CancelStatement() override { ++cancels; }
  void OnNames(std::string_view, std::string_view, std::string_view) override {}
  void OnCatalogChanged() override {}
  bool CatalogMayBeStale() override { return false; }
  std::optional<std::string> CheckFreshness(bool) override { return std::nullopt; }
  const masking::DeploymentKey& masking_key() override { return key_; }
  events::LoopMetrics& metrics() override { return metrics_; }
  QuotaMeter* quota() override { return quota_.empty() ? nullptr : &quota_; }

 private:
  std::string Take();

  masking::DeploymentKey key_;
  events::LoopMetrics metrics_;
  QuotaMeter quota_;
  ConversationLimits limits_;
  ConversationIdentity identity_;
  std::unique_ptr<recorder::SessionRecorder> record_;
  std::unique_ptr<StatementRecorder> recorder_;
  std::unique_ptr<Conversation> conversation_;
  std::string client_in_;
  std::string server_in_;
  std::string client_bytes_;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_LIMITS_TESTING_H_
