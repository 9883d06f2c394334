// Test support: a conversation with everything round it and no sockets. The database is the shop of api/sql/fixture.h,
// the policy one of a few that each bring another part of the conversation into play, the clock stands still.
#ifndef CHAPERONE_DATAPLANE_SESSION_CONVERSATION_TESTING_H_
#define CHAPERONE_DATAPLANE_SESSION_CONVERSATION_TESTING_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/fake_clock.h"
#include "dataplane/session/conversation.h"

namespace chaperone::session {

// What every policy of these says: public.* and pg_catalog may be read, public.open_t be changed; a DELETE from
// public.orders needs an approval; schema crm is denied; settings, temporary tables and new tables are free.
enum class TestPolicy : uint8_t {
  // Nothing is masked.
  kPlain,
  // public.users.ssn is redacted.
  kMasked,
  // Payment cards are looked for, at most 3 rows are let through.
  kDetecting,
  // As kPlain, and public.users may not be read.
  kUsersDenied,
};

std::shared_ptr<JudgeContext> MakeContext(TestPolicy policy);

class FakeHost final : public Conversation::Host {
 public:
  std::chrono::steady_clock::time_point Steady() override { return clock.Steady(); }
  std::chrono::system_clock::time_point Wall() override { return clock.Wall(); }
  void CancelStatement() override { ++cancels; }
  void OnNames(std::string_view search_path, std::string_view role, std::string_view temp_schema) override;
  void OnCatalogChanged() override { ++catalog_changes; }
  bool CatalogMayBeStale() override { return catalog_may_be_stale; }
  std::optional<std::string> CheckFreshness(bool is_write) override;
  const masking::DeploymentKey& masking_key() override { return key; }
  events::LoopMetrics& metrics() override { return counted; }

  base::FakeClock clock;
  masking::DeploymentKey key;
  events::LoopMetrics counted;
  int cancels = 0;
  int catalog_changes = 0;
  std::vector<std::string> names;
  bool catalog_may_be_stale = false;
  // Why writes may not run for now; empty: they may.
  std::string stale;
};

// A conversation and the input that it has not used yet.
class Rig {
 public:
  // Records into `spool`; null: into one that is never full.
  explicit Rig(TestPolicy policy, ConversationLimits limits = {}, recorder::Spool* spool = nullptr);
  explicit Rig(std::shared_ptr<JudgeContext> context, ConversationLimits limits = {}, recorder::Spool* spool = nullptr);

  Conversation& conversation() { return *conversation_; }
  FakeHost& host() { return host_; }

  // Bytes from either side, in pieces or whole.
  void FromClient(std::string_view bytes);
  void FromServer(std::string_view bytes);
  // Looks at what waits again, after something that ended a pause.
  void Continue() { FromClient(""); }
  // The client's input that waits.
  std::string_view client_input() const { return client_in_; }
  // What has gone out since the last time.
  std::string ToClient();
  std::string ToServer();

 private:
  FakeHost host_;
  ConversationLimits limits_;
  ConversationIdentity identity_;
  std::unique_ptr<recorder::SessionRecorder> record_;
  std::unique_ptr<StatementRecorder> recorder_;
  std::unique_ptr<Conversation> conversation_;
  std::string client_in_, server_in_;
  std::string to_client_, to_server_;
};

// Messages of either side in short: "Q:SELECT 1", "P:q1:SELECT 1", "E:42501", "C:SELECT 1", "ZT", otherwise the type; a
// space between them. An ErrorResponse and an Execute are told apart by `from_server`.
std::string InWords(std::string_view messages, bool from_server);

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_CONVERSATION_TESTING_H_
