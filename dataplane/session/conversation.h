// The conversation between a client and its server after login, sans I/O: bytes of either side come in, bytes for
// either side go out, and between them every statement is judged, recorded, held, refused or passed on, and every row
// counted, masked and recorded. Unit tests, fuzzers and the session's socket code drive it alike.
//
// Refusal is by substitution: the server gets, in place of the refused message, one that is bound to fail, and its
// error becomes the denial. So the server itself keeps transaction state, pipeline order and skip-until-Sync right.
//
// A statement's way: client_messages.cc (decode, judge, refuse or pass on) -> server -> server_messages.cc (match with
// what is expected, mask, count, record). Threading: one loop.
#ifndef CHAPERONE_DATAPLANE_SESSION_CONVERSATION_H_
#define CHAPERONE_DATAPLANE_SESSION_CONVERSATION_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/prefetch.h"
#include "api/masking/written_mask.h"
#include "api/policy/row_bound.h"
#include "api/recording/digest.h"
#include "dataplane/events/loop_metrics.h"
#include "dataplane/masking/result.h"
#include "dataplane/session/expectation.h"
#include "dataplane/session/judgement.h"
#include "dataplane/session/names.h"
#include "dataplane/session/outbox.h"
#include "dataplane/session/quota.h"
#include "dataplane/session/row_guard.h"
#include "dataplane/session/statement_recorder.h"
#include "dataplane/wire/postgres/backend.h"
#include "dataplane/wire/postgres/error.h"
#include "dataplane/wire/postgres/frame.h"
#include "dataplane/wire/postgres/frontend.h"

namespace chaperone::session {

class ProbeBudget;

struct ConversationLimits {
  wire::postgres::FrameLimits frames;
  size_t prepared_statements_max = 10'000;
  size_t portals_max = 10'000;
  // Messages that the server has not answered; past this the client is not read before the queue is empty.
  size_t pipeline_max = 4096;
  // A row that has to be looked at as a whole: masked, or searched by detectors.
  size_t row_bytes_max = 64 << 20;
  // A longer row is passed on and not recorded (the recording says how many of the rows it holds).
  size_t recorded_row_bytes_max = 64 << 10;
};

// Why the client's next message has to wait. The session finds out what it waits for, then calls the matching method.
enum class Pause : uint8_t {
  kNone,
  // For the server to answer everything before it; ends by itself.
  kBarrier,
  // For the approval in `ask()`: AnswerApproval.
  kApproval,
  // For a catalog that is newer than the one at hand: CatalogRefreshed.
  kCatalog,
};

// A statement that needs an approval.
struct ApprovalAsk {
  JudgedPtr judged;
  policy::Verdict verdict;
  recording::Digest digest{};
  // The text, and behind it the texts that its EXECUTE and FETCH name.
  std::string text;
  // Views into the held message.
  std::vector<recording::DigestParameter> parameters;
  // The statement may be held: nothing is in flight and no transaction is open.
  bool may_hold = false;
};

struct ApprovalAnswer {
  enum class State : uint8_t { kConsumed, kPending, kRejected, kExpired, kUnavailable, kCancelled };
  State state = State::kUnavailable;
  std::string id;
  // The approver's comment, or why there is no answer.
  std::string comment;
  std::chrono::seconds retry_after{0};
  // What was asked for; set by the conversation.
  recording::Digest digest{};
};

// What the record says of a session when it ends.
struct ConversationTotals {
  uint64_t statements = 0;
  uint64_t denied = 0;
  uint64_t rows = 0;
  uint64_t masked_cells = 0;
};

// How a conversation ends before the sockets do.
struct Ending {
  // Told to the client; absent when it has gone or ended the session itself.
  std::optional<wire::postgres::ErrorMessage> error;
  // For the recording: "protocol_error", …
  std::string reason;
};

// Names and places of a session, for digests and denials.
struct ConversationIdentity {
  std::string session_id;
  std::string issuer, subject, human, task;
  std::string endpoint, database, role;
};

class Conversation {
 public:
  // What the conversation asks of the session around it.
  class Host {
   public:
    virtual ~Host() = default;
    virtual std::chrono::steady_clock::time_point Steady() = 0;
    virtual std::chrono::system_clock::time_point Wall() = 0;
    // Asks the server to cancel what runs (a limit was reached).
    virtual void CancelStatement() = 0;
    // The server's answers to the probe: search_path as SHOW prints it, role, temporary schema ("-" for none).
    virtual void OnNames(std::string_view search_path, std::string_view role, std::string_view temp_schema) = 0;
    // DDL has run, or may have.
    virtual void OnCatalogChanged() = 0;
    // Whether a refresh could make an unknown name known: false when the catalog is fresh.
    virtual bool CatalogMayBeStale() = 0;
    // Why a statement of this class may not run on the policy at hand, which is too old without the control plane; none
    // when it may.
    virtual std::optional<std::string> CheckFreshness(bool is_write) = 0;
    virtual const masking::DeploymentKey& masking_key() = 0;
    // Of the loop; the same for as long as the conversation lasts.
    virtual events::LoopMetrics& metrics() = 0;
    // What the session may still use; null when nothing is bounded.
    virtual QuotaMeter* quota() { return nullptr; }
    // What principals have asked for by equality; null: nothing may be asked for.
    virtual ProbeBudget* probe_budget() { return nullptr; }
  };

  Conversation(Host& host, StatementRecorder& recorder, const ConversationIdentity& identity,
               const ConversationLimits& limits)
      : identity_(identity), host_(host), recorder_(recorder), metrics_(host.metrics()), limits_(limits) {}
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // --- Input. Both return how much of `in` is used up; the rest has to be given again with more behind it. ---

  // REQUIRES: pause() == kNone, context() set. Uses nothing of a message that makes it pause.
  size_t OnClientBytes(std::string_view in);
  size_t OnServerBytes(std::string_view in);

  // Asks for the memory that every message needs, and what the next one of the client (else of the server) probably
  // does.
  void Prefetch(bool of_client) const {
    expected_.Prefetch();
    recorder_.Prefetch();
    names_.Prefetch();
    if (of_client && upcoming_.judged != nullptr) {
      upcoming_.Prefetch();
      return;
    }
    base::PrefetchObject(recent_judged_);
    base::PrefetchObject(recent_statement_);
    base::PrefetchObject(recent_facts_);
    base::PrefetchObject(recent_run_);
  }

  // --- Output ---
  Outbox& to_client() { return to_client_; }
  Outbox& to_server() { return to_server_; }
  // One side does not take what there is for it.
  bool has_backlog() const { return to_client_.backlog_size() > 0 || to_server_.backlog_size() > 0; }

  // --- State ---
  Pause pause() const { return pause_; }
  const ApprovalAsk& ask() const { return *ask_; }
  // Null until it has ended.
  const Ending* ending() const { return ending_.get(); }
  // The client has said Terminate.
  bool client_terminated() const { return client_terminated_; }
  // Something of the client's is being worked on by the server.
  bool busy() const { return !expected_.empty() || server_pass_ > 0; }
  // Since when the statement at the front runs; none when idle.
  std::optional<std::chrono::steady_clock::time_point> running_since() const;
  wire::postgres::TransactionStatus transaction() const { return transaction_; }
  const ConversationTotals& totals() const { return totals_; }
  // How many bytes the frame at the front of unused client input needs before it can be worked on; 0 when unknown.
  size_t client_frame_bytes(std::string_view in) const;

  // --- Events ---

  // Judges from now on with this.
  void SetContext(std::shared_ptr<JudgeContext> context) { context_ = std::move(context); }
  const std::shared_ptr<JudgeContext>& context() const { return context_; }
  // Judges the statement that waits for an approval again; true when it still needs it.
  bool StillNeedsApproval();
  void AnswerApproval(ApprovalAnswer answer);
  // The statement is judged anew, without an answer.
  void WithdrawAsk();
  void CatalogRefreshed();
  // Asks the server what names mean in this session; Host::OnNames gets the answer. The client waits until then.
  // REQUIRES: all before is answered, and no transaction has failed: the question would not be answered either.
  void ProbeNames();
  // The statement that runs has used up its time.
  void OnStatementTimeout(std::string limit);
  // A notice for the client, in between messages of the server's.
  void SendNotice(const wire::postgres::ErrorMessage& notice);
  // The conversation is over: what has begun and not ended is recorded as cut off.
  void Abandon();

 private:
  using Kind = Expectation::Kind;
  enum class Took : uint8_t { kYes, kWait };

  // The verdict that counts for a text, and what its EXECUTE and FETCH name.
  struct Named {
    const policy::Verdict* verdict = nullptr;
    std::vector<JudgedPtr> targets;
    // Of these, what EXECUTE names.
    std::vector<JudgedPtr> executed;
    // One of the targets is a barrier.
    bool runs_barrier = false;
  };
  struct Admission {
    enum class Outcome : uint8_t { kRun, kRefuse, kWait };
    Outcome outcome = Outcome::kRefuse;
    std::unique_ptr<wire::postgres::ErrorMessage> denial;
    // Of kRefuse too, unless it could not be recorded.
    RunPtr run;
    // The strictest decision of them all.
    policy::Decision decision = policy::Decision::kDeny;
    // Of kRefuse: what is wrong is only that this statement of the text names a prepared statement or cursor that does
    // not exist. `denial` says so in the server's words; what stands before it may run.
    std::optional<uint32_t> missing;
  };
  // Which statement of which text a result belongs to; null when there is none.
  struct Source {
    const Judged* judged = nullptr;
    uint32_t index = 0;
  };

  // client_messages.cc
  Took OnClientMessage(char type, std::string_view frame);
  Took OnQuery(std::string_view frame);
  Took OnParse(std::string_view frame);
  StatementPtr ParsedAgain(const wire::postgres::Parse& parse);
  void ExpectFollower(const Judged& judged);
  Took OnBind(std::string_view frame);
  Took OnDescribe(std::string_view frame);
  Took OnExecute(std::string_view frame);
  Took ExecuteMissing(const Portal& portal);
  Took OnClose(std::string_view frame);
  [[gnu::cold]] Took OnCursorExecute(const PortalPtr& portal);
  void DescribeRows(std::string_view portal, const StatementPtr& statement);
  void OnSync(std::string_view frame);
  [[gnu::cold]] void OnFunctionCall();
  Expectation& PassAndExpect(std::string_view frame, Kind kind);
  [[gnu::cold]] void EndWith(std::string_view sqlstate, const absl::Status& status);
  [[gnu::cold]] void PauseForAnswers();
  bool NeedsFreshNames() const;
  bool IsUncertain(Names::UndoStep::Kind kind, std::string_view name);

  // copy_in.cc
  [[gnu::cold]] Took OnCopyInMessage(char type, std::string_view frame);
  void EndCopyData(std::string_view frame);
  const masking::MaskingRefusal* WrittenMaskOfCopy();
  bool TakeCopyIn(std::string_view bytes);

  // verdicts.cc
  JudgedPtr JudgeText(std::string_view text, const std::vector<uint32_t>& parameter_types, bool* wait);
  std::optional<uint32_t> ResolveNames(const Judged& judged, Named* named,
                                       std::optional<wire::postgres::ErrorMessage>* error);
  bool IsCurrent(const PreparedStatement& statement) const;
  void Refresh(PreparedStatement& statement);
  bool MustReadmit(const Portal& portal);
  bool IsExecuting(const Run& run);
  [[gnu::cold]] bool Readmit(Portal& portal);
  bool MayRunAtOnce(const Judged& judged, const wire::postgres::Bind* bind);
  Admission Admit(const JudgedPtr& judged, recording::Channel channel, const wire::postgres::Bind* bind,
                  const std::vector<uint32_t>& parameter_types);
  Admission AdmitInFull(const JudgedPtr& judged, recording::Channel channel, const wire::postgres::Bind* bind,
                        const std::vector<uint32_t>& parameter_types);
  [[gnu::cold]] Admission AdmitApproved(const JudgedPtr& judged, const Named& named, recording::Channel channel,
                                        const wire::postgres::Bind* bind, const std::vector<uint32_t>& parameter_types);
  [[gnu::cold]] std::optional<Admission> RefuseByMasking(const JudgedPtr& judged, const Named& named,
                                                         recording::Channel channel, const wire::postgres::Bind* bind,
                                                         const std::vector<uint32_t>& parameter_types);
  static Admission Failed(Admission admission, wire::postgres::ErrorMessage error);
  std::string NamesLimit(const Judged& judged, const wire::postgres::Bind* bind) const;
  [[gnu::cold]] Admission Refuse(const JudgedPtr& judged, const policy::Verdict& verdict, recording::Channel channel,
                                 const wire::postgres::Bind* bind, const std::vector<uint32_t>& parameter_types);
  Admission Start(const policy::Verdict& verdict, const JudgedPtr& judged, recording::Channel channel,
                  const wire::postgres::Bind* bind, const std::vector<uint32_t>& parameter_types,
                  std::string_view approval_id);
  [[gnu::cold]] Admission RefuseUsedUp(const policy::Verdict& verdict, const JudgedPtr& judged,
                                       recording::Channel channel, const wire::postgres::Bind* bind,
                                       const std::vector<uint32_t>& parameter_types);
  static Admission Bounded(Admission admission, const std::optional<RowBound>& bound);
  [[gnu::cold]] void CloseImplicitTransaction();
  wire::postgres::ErrorMessage AnswerError(const policy::Verdict& verdict, const ApprovalAnswer& answer,
                                           std::string_view audit_id) const;
  void FillAsk(const Named& named, const wire::postgres::Bind* bind, const std::vector<uint32_t>& parameter_types,
               ApprovalAsk* ask) const;
  void CountDenied();
  std::string AuditId(uint64_t statement) const;
  static int PositionOf(std::string_view text, int32_t offset);

  // probes.cc
  std::unique_ptr<wire::postgres::ErrorMessage> CheckProbes(const Judged& judged, const std::vector<JudgedPtr>& targets,
                                                            const wire::postgres::Bind* bind);

  // substitution.cc
  [[gnu::cold]] void Substitute(Kind kind, Admission refused, std::string_view name = "");
  [[gnu::cold]] void SubstituteMissing(Admission refused);
  static bool IsMissing(const wire::postgres::ErrorFields& fields);
  [[gnu::cold]] void EndCopyIn(char type);
  static bool IsViolation(const wire::postgres::ErrorFields& fields);
  [[gnu::cold]] void Resync();
  [[gnu::cold]] void SubstituteNatural(Kind kind, std::string_view sqlstate, std::string message);

  // row_guard.cc
  std::optional<RowBound> BoundOf(const Judged& judged, std::optional<policy::Uncountable>* uncountable);
  static policy::Verdict DenyUncountable(const RowBound& bound, const policy::Uncountable& why);
  [[gnu::cold]] void StartGuarded(std::string_view frame, RunPtr run);
  void SendOfOwn(std::string_view text);
  std::optional<wire::postgres::ErrorMessage> ExcessOf(const Run& run, bool is_suspended, std::string_view tag) const;
  [[gnu::cold]] bool OnBoundedCompletion(char type, std::string_view frame, std::string_view tag);
  bool OnGuardCompletion(std::string_view tag);
  bool OnGuardError(const wire::postgres::ErrorFields& fields, std::string_view frame);
  bool OnGuardReady(wire::postgres::TransactionStatus status, std::string_view frame);
  bool EndGuard(std::string_view frame);
  bool EndInClientBlock(wire::postgres::TransactionStatus status, std::string_view frame);
  void TellExcess(Run& run, const wire::postgres::ErrorMessage& error);

  // server_messages.cc
  bool OnServerMessage(char type, std::string_view frame, std::string_view body);
  bool OnSimpleAnswer(Kind kind, std::string_view frame);
  bool OnCompletion(char type, std::string_view frame, std::string_view body);
  [[gnu::cold]] bool OnErrorResponse(std::string_view frame, std::string_view body);
  bool OnReadyForQuery(std::string_view frame, std::string_view body);
  void OnResyncReady(std::string_view frame, wire::postgres::TransactionStatus status);
  void EndRound(wire::postgres::TransactionStatus status);
  [[gnu::cold]] bool OnNotice(std::string_view frame, std::string_view body);
  [[gnu::cold]] bool OnNotification(std::string_view frame, std::string_view body);
  [[gnu::cold]] bool OnParameterStatus(std::string_view frame, std::string_view body);
  bool OnCopyResponse(char type, std::string_view frame, std::string_view body);
  void SendError(Expectation& entry, const wire::postgres::ErrorFields& fields, std::string_view frame);
  void PassToClient(std::string_view frame);
  [[gnu::cold]] bool Unexpected(char type);
  [[gnu::cold]] void SkipToSync();
  void TakeBack(size_t i, size_t skipped);
  void MaybeResume();

  // results.cc
  Run* CurrentRun();
  Source SourceOf(const Run& run) const;
  static sql::CopyDirection CopyOf(const Run& run);
  static bool Returns(const Source& source);
  bool RunTouchesMasked(const Run& run) const;
  bool PlanColumns(Run& run, std::string_view description, const Formats* formats);
  bool OpenResult(Run& run, const Expectation& entry);
  bool OnRowDescription(std::string_view frame, std::string_view body);
  bool OnNoData(std::string_view frame);
  bool OnDataRow(std::string_view frame, std::string_view body);
  bool OnServerCopyData(std::string_view frame, std::string_view body);
  void CountRow(Run& run, size_t bytes);
  void CountMaskedCells(uint64_t cells);
  bool MaskRow(Run& run, std::string_view body);
  bool OpenCopy(Run& run, const wire::postgres::CopyResponse& response);
  bool MaskCopyData(Run& run, std::string_view body);
  bool StartsLongRow(const wire::postgres::Header& header);
  bool CheckRowLimits(Run& run, size_t row_bytes);
  bool CheckMaskedLimits(Run& run, uint64_t masked_cells);
  [[gnu::cold]] void ReachLimit(Run& run, std::string limit, std::string hint,
                                std::optional<std::chrono::seconds> retry_after);
  wire::postgres::ErrorMessage LimitError(const Run& run) const;
  [[gnu::cold]] bool FailLimited(Run& run);
  bool HasSync();

  // effects.cc
  void FinishStatement(Run& run, std::string_view tag, bool is_done);
  void ApplyEffects(const Run& run);
  void OnTransactionEnd(bool was_open);
  [[gnu::cold]] void OnProbeRow(std::string_view body);
  [[gnu::cold]] void FinishProbe();
  bool MayQuote(const Run& run, const wire::postgres::ErrorFields& fields) const;
  static wire::postgres::ErrorMessage Scrub(const wire::postgres::ErrorFields& fields);
  [[gnu::cold]] void RecordSkipped(Run& run);
  [[gnu::cold]] void EndUnrecorded();

  const ConversationIdentity& identity_;
  std::unique_ptr<ApprovalAsk> ask_;
  std::optional<ApprovalAnswer> approval_answer_;
  // The last ReadyForQuery since a kResync began; it may be the answer to our own Sync.
  std::string resync_ready_;
  // Of the COPY data that the client has sent so far.
  masking::MaskedDataSearch copy_in_search_;
  bool copy_in_holds_mask_ = false;
  // Of the CopyData message at hand.
  size_t copy_in_header_left_ = 0;
  int probe_closes_left_ = 0;
  std::vector<std::string> probe_cells_;

  // From here on stands what every statement needs, close together: with many sessions it comes from far away each
  // time (Prefetch).
  std::unique_ptr<Ending> ending_;
  Host& host_;
  StatementRecorder& recorder_;
  events::LoopMetrics& metrics_;
  const ConversationLimits& limits_;
  std::shared_ptr<JudgeContext> context_;
  wire::postgres::TransactionStatus transaction_ = wire::postgres::TransactionStatus::kIdle;
  Pause pause_ = Pause::kNone;
  bool client_pass_dropped_ = false;
  bool server_pass_dropped_ = false;
  // An error has been or will be answered: the server skips everything up to the next Sync, and so do we.
  bool dropping_ = false;
  // The server reads COPY data, as far as we know. Nothing but that COPY is in flight.
  bool copy_in_ = false;
  // The message at hand is the one that made EndCopyIn necessary, and the server would have used it up.
  bool violation_consumed_ = false;
  bool client_terminated_ = false;
  // Messages of the extended protocol were passed on since the last Sync, and statements among them for execution: an
  // implicit transaction may be open.
  bool unsynced_ = false;
  bool executed_since_sync_ = false;
  // Of the Execute at hand: the client's Sync stands right behind it; and whether what follows waits from there on.
  bool next_is_sync_ = false;
  bool pauses_at_sync_ = false;
  // What names mean may have changed; asked again before the next text is judged.
  bool names_stale_ = false;
  bool names_changed_in_transaction_ = false;
  // The message at hand was judged under a refreshed catalog already.
  bool catalog_retried_ = false;
  bool probing_ = false;
  // Bytes of the client's (server's) current message that are passed on as they come.
  size_t client_pass_ = 0;
  size_t server_pass_ = 0;
  // Of the simple query that runs and whose changes are counted; null otherwise.
  std::unique_ptr<RowGuard> guard_;
  // Syncs that the client has sent within COPY FROM STDIN.
  uint64_t loose_syncs_ = 0;
  // Rounds that the server has ended.
  uint64_t rounds_done_ = 0;
  ExpectationQueue expected_;
  // What the last message was admitted by, which mostly is what the next one is; for Prefetch alone: it may be gone.
  const Judged* recent_judged_ = nullptr;
  const PreparedStatement* recent_statement_ = nullptr;
  const sql::Statement* recent_facts_ = nullptr;
  const Run* recent_run_ = nullptr;
  // And what will probably be parsed next.
  JudgedHint upcoming_;
  Outbox to_client_;
  Outbox to_server_;
  ConversationTotals totals_;
  Names names_;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_CONVERSATION_H_
