// One client's connection, from accept to end. Run() is the table of contents: negotiate, authenticate, connect, relay,
// end.
//
// The session owns the sockets and the waiting; what the messages mean is the conversation's. Threading: one loop.
#ifndef CHAPERONE_DATAPLANE_SESSION_SESSION_H_
#define CHAPERONE_DATAPLANE_SESSION_SESSION_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/auth/token.h"
#include "dataplane/recorder/session_recorder.h"
#include "dataplane/runtime/transfer.h"
#include "dataplane/session/approval_wait.h"
#include "dataplane/session/conversation.h"
#include "dataplane/session/session_table.h"
#include "dataplane/wire/postgres/startup.h"

namespace chaperone::session {

class Session final : public Conversation::Host, private runtime::Loop::Deferred {
 public:
  Session(SessionTable& table, runtime::Fd fd, std::string peer_address, bool is_local);
  ~Session() override;

  // The session's whole life. Owned by the table's task group.
  runtime::Task<void> Run();

  // Ends the session with 57P01; `done` runs when the client's connection is closed.
  void Kill(std::string reason, std::string message, std::function<void()> done);
  // The table's snapshot or a catalog has changed, or it drains: look again.
  void Wake() { waiter_.Raise(kWake); }
  // A client's CancelRequest with this session's key.
  void OnCancelRequest(const CancelRegistry::Done& done);
  bool IsRevokedBy(const policy::Revocation** revocation) const;
  const base::SessionId& id() const { return id_; }

  // Conversation::Host
  std::chrono::steady_clock::time_point Steady() override { return loop_.Now(); }
  std::chrono::system_clock::time_point Wall() override { return loop_.event_clock().Wall(); }
  void CancelStatement() override;
  void OnNames(std::string_view search_path, std::string_view role, std::string_view temp_schema) override;
  void OnCatalogChanged() override;
  bool CatalogMayBeStale() override;
  std::optional<std::string> CheckFreshness(bool is_write) override;
  const masking::DeploymentKey& masking_key() override { return snapshot_->masking_key; }
  QuotaMeter* quota() override { return bounded_by_; }
  events::LoopMetrics& metrics() override { return table_.metrics(); }
  ProbeBudget* probe_budget() override { return &services_.probes; }

 private:
  static constexpr uint32_t kClientReady = runtime::Waiter::kFirstFree;
  static constexpr uint32_t kServerReady = runtime::Waiter::kFirstFree << 1;
  static constexpr uint32_t kWake = runtime::Waiter::kFirstFree << 2;
  static constexpr uint32_t kReply = runtime::Waiter::kFirstFree << 3;
  static constexpr uint32_t kFlushed = runtime::Waiter::kFirstFree << 4;

  // startup.cc: each is false when the session is over (the client has been told why).
  void TakeStartup(const wire::postgres::Startup& startup);
  runtime::Task<bool> Negotiate();
  runtime::Task<bool> AcceptTls(bool direct);
  runtime::Task<bool> OnSslRequest(size_t packet_bytes);
  runtime::Task<bool> Authenticate();
  runtime::Task<absl::StatusOr<std::string>> ReadPassword();
  runtime::Task<void> PassCancelRequest(const wire::postgres::CancelRequest& request);
  runtime::Task<bool> Admit(std::string token);
  std::optional<std::pair<std::string, policy::Verdict>> FindRefusedSetting();
  runtime::Task<bool> ReadStartupPacket(size_t* packet_bytes);
  runtime::Task<void> Refuse(std::string_view sqlstate, std::string message, std::string hint);
  runtime::Task<void> Refuse(wire::postgres::ErrorMessage error);
  bool CheckStartupParameters(std::string* sqlstate, std::string* message);

  // connect.cc
  runtime::Task<bool> Connect();
  runtime::Task<bool> LearnNames();
  runtime::Task<bool> LearnCatalog();
  void Greet();
  bool RecordStart();

  // relay.cc
  runtime::Task<void> Relay();
  void PumpServer();
  void PumpClient(bool may_read);
  bool Read(runtime::Stream& stream, std::string* carry, size_t frame_bytes, std::string_view* in);
  void Retain(std::string_view in, size_t used, std::string* carry);
  bool FlushSoon(std::string_view in, const std::string& carry);
  bool Flush();
  void RunDeferred() override;
  void ReleaseInput();
  void SetInterest();
  runtime::SteadyTime NextDeadline();
  void CheckDeadlines();
  void CheckPause();
  size_t server_frame_bytes() const;
  // The client's next message has to wait, for whatever reason.
  bool is_paused() const { return conversation_->pause() != Pause::kNone || catalog_wanted_ || catalog_asked_; }
  void UpdateContext();
  void AdoptLimits();
  void RefreshCatalog();
  void EndRelay(std::optional<wire::postgres::ErrorMessage> error, std::string reason);
  runtime::Task<void> SayGoodbye();
  runtime::Task<void> Linger(runtime::SteadyTime deadline);

  // hold.cc
  void AskForApproval();
  void EstimateAndOpen(approval::Request request);
  void OpenApproval(approval::Request request);
  void StepApproval();
  void BeginHold();
  void FinishApproval(ApprovalAnswer answer);

  // session.cc
  void End();
  // What every event needs.
  runtime::Loop::Needs needs() const { return {&waiter_, this + 1}; }

  SessionTable& table_;
  const Services& services_;
  runtime::Loop& loop_;
  const base::SessionId id_;
  const std::string peer_address_;
  const bool is_local_;

  // From the StartupMessage.
  std::vector<std::pair<std::string, std::string>> startup_parameters_;
  std::vector<std::pair<std::string, std::string>> settings_;
  std::string database_;
  std::string application_name_;

  // From the token.
  std::optional<auth::Identity> identity_;
  policy::Principal principal_;
  std::string principal_key_;
  QuotaMeter quota_;
  bool counted_as_principal_ = false;
  std::string negotiation_;

  // As the server has it.
  sql::SessionContext names_;
  std::optional<CancelRegistry::Key> cancel_key_;
  ConversationIdentity conversation_identity_;
  // How it ended, and who wants to know.
  std::string end_reason_;
  std::optional<wire::postgres::ErrorMessage> end_error_;
  std::vector<std::function<void()>> when_closed_;

  // From here on stands what every statement needs, close together: with many sessions it comes from far away each
  // time.
  runtime::Waiter waiter_;
  runtime::Stream client_;
  runtime::WatchedFd client_watched_;
  runtime::WatchedFd server_watched_;
  runtime::SteadyTime startup_deadline_;

  // Input that was read and not used: whole or part of a message.
  std::string client_in_;
  std::string server_in_;
  // Holds on the loop's scratch memory, for input that is passed on from there.
  size_t input_holds_ = 0;

  // Null when nothing is bounded.
  QuotaMeter* bounded_by_ = nullptr;
  // When the token expires.
  std::chrono::system_clock::time_point expires_at_;

  // What it is judged with. Changes with the table's snapshot and catalog.
  SnapshotPtr snapshot_;
  std::shared_ptr<const policy::View> view_;
  upstream::CatalogPtr catalog_;
  // What the conversation's context was made from, and whether names have changed since.
  uint64_t context_generation_ = 0;
  bool names_changed_ = true;
  bool names_known_ = false;

  std::unique_ptr<upstream::ServerConnection> server_;
  recorder::SessionRecorder record_;
  StatementRecorder recorder_;
  std::unique_ptr<ApprovalWait> approval_;
  bool may_hold_ = false;
  // The statement that waits is being estimated; the number of that estimate.
  bool is_estimating_ = false;
  uint64_t estimate_ = 0;
  std::optional<runtime::SteadyTime> hold_deadline_;
  bool recording_ = false;

  // Answers of other threads find the session through this; it is emptied when the session ends.
  std::shared_ptr<Session*> self_;
  runtime::SteadyTime last_client_input_{};
  bool catalog_asked_ = false;
  // Counted among the database's sessions, which keep its catalog.
  bool in_database_ = false;
  bool catalog_wanted_ = false;
  bool cancel_sent_ = false;
  bool client_gone_ = false;
  bool server_gone_ = false;
  bool over_ = false;
  // As soon as there is a server.
  std::optional<Conversation> conversation_;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_SESSION_H_
