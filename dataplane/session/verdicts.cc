// Whether a statement runs: the verdict of its text and of the statements that it names, approvals, the record of the
// attempt. What cannot be recorded does not run.
#include <algorithm>
#include <utility>

#include "api/masking/written_mask.h"
#include "dataplane/session/conversation.h"
#include "dataplane/session/denial.h"

namespace chaperone::session {

namespace pg = wire::postgres;
namespace sqlstate = wire::postgres::sqlstate;

namespace {

bool IsStricter(const policy::Verdict& a, const policy::Verdict& b) { return a.decision > b.decision; }

bool IsUnknown(const policy::Verdict& verdict) {
  return verdict.decision == policy::Decision::kDeny && verdict.action == sql::ActionName(sql::Action::kUnknown);
}

// What is approved: the text, and behind it the texts that its EXECUTE and FETCH name.
std::string TextOf(const Judged& judged, const std::vector<JudgedPtr>& targets) {
  std::string text = judged.text;
  for (const JudgedPtr& target : targets) {
    text += '\n';
    text += target->text;
  }
  return text;
}

// A parameter that looks masked, in a text that writes a masked column.
const masking::MaskingRefusal* FindWrittenMask(const Judged& judged, const pg::Bind* bind) {
  if (!judged.writes_masked || bind == nullptr) {
    return nullptr;
  }
  pg::BindValues values = bind->values;
  bool found = false;
  for (size_t i = 0; i < bind->values.size() && !found; ++i) {
    const pg::BindValue value = values.Next();
    found = !value.is_null && masking::LooksMasked(value.bytes);
  }
  const auto plan = std::find_if(judged.plans.begin(), judged.plans.end(),
                                 [](const masking::StatementPlan& each) { return each.written_mask.has_value(); });
  return found && plan != judged.plans.end() ? &*plan->written_mask : nullptr;
}

}  // namespace

JudgedPtr Conversation::JudgeText(std::string_view text, const std::vector<uint32_t>& parameter_types, bool* wait) {
  JudgedPtr judged = context_->Judge(text, parameter_types, host_.Wall());
  // A name that is not known may be newer than the catalog at hand: look once before it is refused.
  if (IsUnknown(judged->verdict) && !catalog_retried_ && host_.CatalogMayBeStale()) {
    catalog_retried_ = true;
    pause_ = Pause::kCatalog;
    *wait = true;
  }
  return judged;
}

// Adds the statements that the text names. Returns the first statement that names what does not exist, and fills
// `error`.
std::optional<uint32_t> Conversation::ResolveNames(const Judged& judged, Named* named,
                                                   std::optional<pg::ErrorMessage>* error) {
  for (size_t i = 0; judged.has_session_objects && i < judged.facts.statements.size(); ++i) {
    const sql::Statement& statement = judged.facts.statements[i];
    const bool executes = statement.object_verb == sql::SessionObjectVerb::kExecute;
    if (!executes && statement.object_verb != sql::SessionObjectVerb::kFetch) {
      continue;
    }
    const auto makes = executes ? sql::SessionObjectVerb::kPrepare : sql::SessionObjectVerb::kDeclareCursor;
    const bool made_before =
        std::any_of(judged.facts.statements.begin(), judged.facts.statements.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const sql::Statement& earlier) {
                      return earlier.object_verb == makes && earlier.object_name == statement.object_name;
                    });
    if (made_before) {
      continue;  // judged as a part of this very text
    }
    const PortalPtr portal = executes ? nullptr : names_.FindPortal(statement.object_name);
    const StatementPtr target = executes            ? names_.FindStatement(statement.object_name)
                                : portal != nullptr ? portal->statement
                                                    : nullptr;
    if (target == nullptr) {
      error->emplace();
      (*error)->sqlstate = executes ? sqlstate::kInvalidStatementName : sqlstate::kInvalidCursorName;
      (*error)->message =
          fmt::format("{} \"{}\" does not exist", executes ? "prepared statement" : "cursor", statement.object_name);
      return static_cast<uint32_t>(i);
    }
    Refresh(*target);
    named->targets.push_back(target->judged);
    named->runs_barrier = named->runs_barrier || target->IsBarrier();
    if (executes) {
      named->executed.push_back(target->judged);
    }
    if (IsStricter(target->judged->verdict, *named->verdict)) {
      named->verdict = &target->judged->verdict;
    }
  }
  return std::nullopt;
}

// Judged under what counts now.
bool Conversation::IsCurrent(const PreparedStatement& statement) const {
  const auto& valid_until = statement.judged->verdict.valid_until;
  return statement.context_id == context_->id() && (!valid_until || host_.Wall() < *valid_until);
}

void Conversation::Refresh(PreparedStatement& statement) {
  if (IsCurrent(statement)) {
    return;
  }
  JudgedPtr judged = context_->Judge(statement.judged->text, statement.judged->parameter_types, host_.Wall());
  statement.context_id = context_->id();
  if (judged != statement.judged) {
    // Judged anew: what the server said of its columns was said under other circumstances.
    statement.judged = std::move(judged);
    statement.described = false;
    statement.plain_shape = 0;
  }
}

// What masking has to say of the values at hand: masks that are written back, values that are asked for.
std::optional<Conversation::Admission> Conversation::RefuseByMasking(const JudgedPtr& judged, const Named& named,
                                                                     recording::Channel channel, const pg::Bind* bind,
                                                                     const std::vector<uint32_t>& parameter_types) {
  if (const masking::MaskingRefusal* const refusal = FindWrittenMask(*judged, bind)) {
    policy::Verdict denied = *named.verdict;
    judgement::ApplyRefusal(*refusal, &denied);
    return Refuse(judged, denied, channel, bind, parameter_types);
  }
  std::unique_ptr<pg::ErrorMessage> spent = CheckProbes(*judged, named.executed, bind);
  if (spent == nullptr) {
    return std::nullopt;
  }
  CountDenied();
  return Failed(Start(*named.verdict, judged, channel, bind, parameter_types, ""), std::move(*spent));
}

// Most statements: nothing stands in their way, and they are charged. What does not come through here is looked at in
// full, by AdmitInFull, which says why.
bool Conversation::MayRunAtOnce(const Judged& judged, const pg::Bind* bind) {
  if (!judged.is_plain || (bind != nullptr && !bind->portal.empty()) || host_.CheckFreshness(judged.is_write)) {
    return false;
  }
  QuotaMeter* const quota = judged.is_charged ? host_.quota() : nullptr;
  return quota == nullptr || quota->Spend(Measure::kStatements, 1, host_.Steady());
}

Conversation::Admission Conversation::Admit(const JudgedPtr& judged, recording::Channel channel, const pg::Bind* bind,
                                            const std::vector<uint32_t>& parameter_types) {
  if (MayRunAtOnce(*judged, bind)) {
    recent_judged_ = judged.get();
    recent_facts_ = judged->facts.statements.data();
    Admission admission = Start(judged->verdict, judged, channel, bind, parameter_types, "");
    admission.decision = policy::Decision::kAllow;
    recent_run_ = admission.run.get();
    return admission;
  }
  return AdmitInFull(judged, channel, bind, parameter_types);
}

Conversation::Admission Conversation::AdmitInFull(const JudgedPtr& judged, recording::Channel channel,
                                                  const pg::Bind* bind, const std::vector<uint32_t>& parameter_types) {
  if (judged->has_session_objects && expected_.has_open_rounds()) {
    PauseForAnswers();  // if those rounds fail, its names keep the meaning that they had before them
    return {Admission::Outcome::kWait, nullptr, nullptr};
  }
  Named named;
  named.verdict = &judged->verdict;
  std::optional<pg::ErrorMessage> error;
  const std::optional<uint32_t> missing = ResolveNames(*judged, &named, &error);
  std::optional<policy::Uncountable> uncountable;
  const std::optional<RowBound> bound = BoundOf(*judged, &uncountable);
  if (bound && uncountable && named.verdict->decision != policy::Decision::kDeny) {
    return Refuse(judged, DenyUncountable(*bound, *uncountable), channel, bind, parameter_types);
  }
  if (missing && named.verdict->decision == policy::Decision::kAllow) {
    Admission admission = Failed(Start(judged->verdict, judged, channel, bind, parameter_types, ""), *std::move(error));
    admission.missing = admission.run != nullptr ? missing : std::nullopt;
    return admission;
  }
  const policy::Verdict& verdict = *named.verdict;
  if (verdict.decision == policy::Decision::kDeny) {
    return Refuse(judged, verdict, channel, bind, parameter_types);
  }
  if ((names_changed_in_transaction_ || named.runs_barrier) && judged->is_behind_possible_rename) {
    policy::Verdict unclear;
    unclear.rule = "names";
    unclear.action = sql::ActionName(sql::Action::kUnknown);
    unclear.resource = "*";
    unclear.reason =
        "a statement stands behind a COMMIT, ROLLBACK, EXECUTE or FETCH that may change what its names mean: this "
        "transaction, or what it executes, changes the search_path or makes objects";
    unclear.hint = "Send what follows it in a message of its own.";
    return Refuse(judged, unclear, channel, bind, parameter_types);
  }
  if (const auto stale = host_.CheckFreshness(judged->is_write)) {
    policy::Verdict degraded;
    degraded.rule = "degraded";
    degraded.reason = *stale;
    degraded.hint = "Try again when the control plane can be reached; reading may still be allowed.";
    return Refuse(judged, degraded, channel, bind, parameter_types);
  }
  QuotaMeter* const quota = judged->is_charged ? host_.quota() : nullptr;
  if (quota != nullptr && !quota->Has(Measure::kStatements, host_.Steady())) {
    return RefuseUsedUp(verdict, judged, channel, bind, parameter_types);
  }
  if (std::optional<Admission> refused = RefuseByMasking(judged, named, channel, bind, parameter_types)) {
    return *std::move(refused);
  }
  if (const std::string limit = NamesLimit(*judged, bind); !limit.empty()) {
    Admission admission = Start(verdict, judged, channel, bind, parameter_types, "");
    const std::string audit_id = admission.run != nullptr ? AuditId(admission.run->statement) : "";
    return Failed(std::move(admission),
                  LimitReached(limit, "Close (DEALLOCATE, CLOSE) those that are not needed any more.", audit_id));
  }
  if (verdict.decision == policy::Decision::kRequireApproval && missing) {
    // Nobody is asked for what cannot run.
    return Failed(Start(verdict, judged, channel, bind, parameter_types, ""), *std::move(error));
  }
  const bool asks = verdict.decision == policy::Decision::kRequireApproval;
  if (!asks && quota != nullptr && !quota->Spend(Measure::kStatements, 1, host_.Steady())) {
    return RefuseUsedUp(verdict, judged, channel, bind, parameter_types);
  }
  Admission admission = asks ? AdmitApproved(judged, named, channel, bind, parameter_types)
                             : Start(verdict, judged, channel, bind, parameter_types, "");
  admission.decision = verdict.decision;
  if (admission.run != nullptr) {
    admission.run->targets = std::move(named.targets);
  }
  return Bounded(std::move(admission), bound);
}

// What was recorded as an attempt fails with `error` instead of being run.
Conversation::Admission Conversation::Failed(Admission admission, pg::ErrorMessage error) {
  if (admission.outcome == Admission::Outcome::kRun) {
    admission.outcome = Admission::Outcome::kRefuse;
    admission.denial = std::make_unique<pg::ErrorMessage>(std::move(error));
  }
  return admission;
}

Conversation::Admission Conversation::Bounded(Admission admission, const std::optional<RowBound>& bound) {
  if (admission.run != nullptr && bound) {
    admission.run->bound = std::make_unique<RowBound>(*bound);
  }
  return admission;
}

// A portal runs what was admitted when it was bound. Since then policy, catalog or settings may have changed, and what
// the names in its text mean.
bool Conversation::MustReadmit(const Portal& portal) {
  const auto& valid_until = portal.run->judged->verdict.valid_until;
  return portal.context_id != context_->id() || !portal.run->targets.empty() ||
         (valid_until && host_.Wall() >= *valid_until);
}

// False: it may not run any more, and has been refused.
bool Conversation::Readmit(Portal& portal) {
  Refresh(*portal.statement);
  const JudgedPtr judged = portal.statement->judged;
  Named named;
  named.verdict = &judged->verdict;
  Admission refused;
  std::optional<pg::ErrorMessage> error;
  const bool missing = ResolveNames(*judged, &named, &error).has_value();
  const policy::Decision decision = named.verdict->decision;
  const bool same = TextOf(*judged, named.targets) == TextOf(*portal.run->judged, portal.run->targets);
  const bool approved = portal.admitted == policy::Decision::kRequireApproval && same;
  std::optional<policy::Uncountable> uncountable;
  const std::optional<RowBound> bound = BoundOf(*judged, &uncountable);
  const bool unkept = bound && uncountable;
  if (!missing && !unkept &&
      (decision == policy::Decision::kAllow || (decision != policy::Decision::kDeny && approved))) {
    portal.context_id = context_->id();
    portal.run->judged = judged;
    portal.run->bound = bound ? std::make_unique<RowBound>(*bound) : nullptr;
    return true;
  }
  if (missing) {
    refused.denial = std::make_unique<pg::ErrorMessage>(*std::move(error));
  } else {
    policy::Verdict denied = unkept ? DenyUncountable(*bound, *uncountable) : *named.verdict;
    if (denied.decision == policy::Decision::kRequireApproval) {
      denied.decision = policy::Decision::kDeny;
      denied.reason = "it needs an approval by now, and its portal was bound without one";
      denied.hint = "Bind it again.";
    }
    CountDenied();
    refused.denial = std::make_unique<pg::ErrorMessage>(Denied(denied, AuditId(portal.run->statement)));
  }
  refused.run = portal.run;
  Substitute(Kind::kExecute, std::move(refused));
  return false;
}

Conversation::Admission Conversation::AdmitApproved(const JudgedPtr& judged, const Named& named,
                                                    recording::Channel channel, const pg::Bind* bind,
                                                    const std::vector<uint32_t>& parameter_types) {
  auto ask = std::make_unique<ApprovalAsk>();
  ask->judged = judged;
  ask->verdict = *named.verdict;
  FillAsk(named, bind, parameter_types, ask.get());
  if (!approval_answer_ || approval_answer_->digest != ask->digest) {
    approval_answer_.reset();
    ask->may_hold = transaction_ == pg::TransactionStatus::kIdle && !executed_since_sync_;
    if (ask->may_hold && !expected_.empty()) {
      PauseForAnswers();  // nothing may be in flight while it is held
      return {Admission::Outcome::kWait, nullptr, nullptr};
    }
    if (ask->may_hold && unsynced_) {
      CloseImplicitTransaction();
    }
    ask_ = std::move(ask);
    pause_ = Pause::kApproval;
    return {Admission::Outcome::kWait, nullptr, nullptr};
  }
  const ApprovalAnswer answer = *std::exchange(approval_answer_, std::nullopt);
  if (answer.state == ApprovalAnswer::State::kConsumed) {
    if (QuotaMeter* const quota = host_.quota()) {
      // It is approved: another session that used up the rest meanwhile does not stop it.
      (void)quota->Spend(Measure::kStatements, 1, host_.Steady());
    }
    return Start(ask->verdict, judged, channel, bind, parameter_types, answer.id);
  }
  Admission admission = Start(ask->verdict, judged, channel, bind, parameter_types, answer.id);
  if (admission.outcome == Admission::Outcome::kRun) {
    CountDenied();
    admission.outcome = Admission::Outcome::kRefuse;
    admission.denial =
        std::make_unique<pg::ErrorMessage>(AnswerError(ask->verdict, answer, AuditId(admission.run->statement)));
  }
  return admission;
}

// A Parse has opened an implicit transaction, with locks on the tables that it names. Nothing was executed in it: it
// can be closed without the client's notice, and what was parsed stays.
void Conversation::CloseImplicitTransaction() {
  pg::AppendSync(to_server_.own());
  to_server_.Added();
  expected_.Push(Kind::kSync).injected = true;
  unsynced_ = false;
}

pg::ErrorMessage Conversation::AnswerError(const policy::Verdict& verdict, const ApprovalAnswer& answer,
                                           std::string_view audit_id) const {
  switch (answer.state) {
    case ApprovalAnswer::State::kPending:
      return ApprovalPending(verdict, answer.id, audit_id, answer.retry_after);
    case ApprovalAnswer::State::kRejected:
      return ApprovalRefused(verdict, answer.id, audit_id, "rejected", answer.comment);
    case ApprovalAnswer::State::kExpired:
      return ApprovalRefused(verdict, answer.id, audit_id, "expired", answer.comment);
    case ApprovalAnswer::State::kCancelled: {
      pg::ErrorMessage error;
      error.sqlstate = sqlstate::kQueryCanceled;
      error.message = "canceling statement due to user request";
      return error;
    }
    default: {
      policy::Verdict denied = verdict;
      denied.decision = policy::Decision::kDeny;
      denied.reason = fmt::format("it needs an approval, and none can be asked for now: {}", answer.comment);
      denied.hint = "Try again when the control plane can be reached.";
      return Denied(denied, audit_id);
    }
  }
}

void Conversation::FillAsk(const Named& named, const pg::Bind* bind, const std::vector<uint32_t>& parameter_types,
                           ApprovalAsk* ask) const {
  if (bind != nullptr) {
    pg::BindValues values = bind->values;
    for (size_t i = 0; i < bind->values.size(); ++i) {
      const pg::BindValue value = values.Next();
      ask->parameters.push_back(
          {i < parameter_types.size() ? parameter_types[i] : 0, bind->IsBinary(i), value.is_null, value.bytes});
    }
  }
  ask->text = TextOf(*ask->judged, named.targets);
  recording::DigestInput input;
  input.issuer = identity_.issuer;
  input.subject = identity_.subject;
  input.human = identity_.human;
  input.task = identity_.task;
  input.endpoint = identity_.endpoint;
  input.database = identity_.database;
  input.role = context_->names().role;
  for (const std::string& schema : context_->names().search_path) {
    input.search_path.push_back(schema);
  }
  input.statement = ask->text;
  input.parameters = ask->parameters;
  ask->digest = recording::ApprovalDigest(input);
}

// The bound on the session's names that the statement would pass; empty when it passes none.
std::string Conversation::NamesLimit(const Judged& judged, const pg::Bind* bind) const {
  size_t statements = names_.statement_count();
  size_t portals = names_.portal_count() + (bind != nullptr && !bind->portal.empty() ? 1 : 0);
  for (size_t i = 0; judged.has_session_objects && i < judged.facts.statements.size(); ++i) {
    const sql::SessionObjectVerb verb = judged.facts.statements[i].object_verb;
    statements += verb == sql::SessionObjectVerb::kPrepare ? 1 : 0;
    portals += verb == sql::SessionObjectVerb::kDeclareCursor ? 1 : 0;
  }
  if (statements > names_.statement_count() && statements > limits_.prepared_statements_max) {
    return fmt::format("{} prepared statements in one session", limits_.prepared_statements_max);
  }
  if (portals > names_.portal_count() && portals > limits_.portals_max) {
    return fmt::format("{} portals and cursors in one session", limits_.portals_max);
  }
  return "";
}

Conversation::Admission Conversation::Refuse(const JudgedPtr& judged, const policy::Verdict& verdict,
                                             recording::Channel channel, const pg::Bind* bind,
                                             const std::vector<uint32_t>& parameter_types) {
  Admission admission = Start(verdict, judged, channel, bind, parameter_types, "");
  if (admission.outcome == Admission::Outcome::kRun) {
    CountDenied();
    admission.outcome = Admission::Outcome::kRefuse;
    admission.denial = std::make_unique<pg::ErrorMessage>(Denied(verdict, AuditId(admission.run->statement)));
    if (judged->facts.error && judged->facts.error->location >= 0) {
      admission.denial->position = PositionOf(judged->text, judged->facts.error->location);
    }
  }
  return admission;
}

// Records the attempt; every attempt, refused or not, has a run, so that its outcome is recorded too.
Conversation::Admission Conversation::Start(const policy::Verdict& verdict, const JudgedPtr& judged,
                                            recording::Channel channel, const pg::Bind* bind,
                                            const std::vector<uint32_t>& parameter_types,
                                            std::string_view approval_id) {
  Admission admission;
  admission.run = RunPtr(new Run);
  admission.run->judged = judged;
  admission.run->started = host_.Steady();
  ++totals_.statements;
  metrics_.Add(events::Count::kStatements);
  if (!recorder_.Attempt({*judged, verdict, channel, bind, parameter_types, approval_id}, &admission.run->statement)) {
    CountDenied();
    admission.run = nullptr;
    admission.outcome = Admission::Outcome::kRefuse;
    admission.denial = std::make_unique<pg::ErrorMessage>(LimitReached(
        "the sidecar's recording spool is full, and what cannot be recorded does not run",
        "Try again later; the sidecar's operator has to look at its connection to the control plane.", ""));
    return admission;
  }
  admission.outcome = Admission::Outcome::kRun;
  return admission;
}

void Conversation::CountDenied() {
  ++totals_.denied;
  metrics_.Add(events::Count::kDenied);
}

std::string Conversation::AuditId(uint64_t statement) const {
  return fmt::format("{}/{}", identity_.session_id, statement);
}

int Conversation::PositionOf(std::string_view text, int32_t offset) {
  // PostgreSQL counts characters from 1.
  const std::string_view before = text.substr(0, static_cast<size_t>(offset));
  return 1 + static_cast<int>(std::count_if(before.begin(), before.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

bool Conversation::StillNeedsApproval() {
  const JudgedPtr judged = context_->Judge(ask_->judged->text, ask_->judged->parameter_types, host_.Wall());
  Named named;
  named.verdict = &judged->verdict;
  std::optional<pg::ErrorMessage> error;
  if (ResolveNames(*judged, &named, &error) || named.verdict->decision != policy::Decision::kRequireApproval) {
    return false;
  }
  return TextOf(*judged, named.targets) == ask_->text;
}

void Conversation::AnswerApproval(ApprovalAnswer answer) {
  answer.digest = ask_->digest;
  approval_answer_ = std::move(answer);
  ask_ = nullptr;
  pause_ = Pause::kNone;
}

void Conversation::WithdrawAsk() {
  ask_ = nullptr;
  approval_answer_.reset();
  pause_ = Pause::kNone;
}

}  // namespace chaperone::session
