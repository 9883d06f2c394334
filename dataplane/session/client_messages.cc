// Client -> server: each message is decoded, judged where it carries a statement, and passed on, replaced or kept
// waiting. PostgreSQL 15 manual, section 55.2; what the server does with each message: src/backend/tcop/postgres.c.
#include <algorithm>
#include <utility>

#include "dataplane/session/conversation.h"
#include "dataplane/session/denial.h"

namespace chaperone::session {

namespace pg = wire::postgres;
namespace sqlstate = wire::postgres::sqlstate;

namespace {

constexpr std::string_view kSyncFrame("S\0\0\0\4", 5);

bool MayReturnRows(const Run& run) {
  const auto& statements = run.judged->facts.statements;
  // What EXECUTE returns is another statement's.
  return std::any_of(statements.begin(), statements.end(), [](const sql::Statement& statement) {
    return statement.returns_rows || statement.object_verb == sql::SessionObjectVerb::kExecute;
  });
}

}  // namespace

size_t Conversation::OnClientBytes(std::string_view in) {
  size_t used = 0;
  pg::Header header;
  absl::Status error;
  while (used < in.size() && pause_ == Pause::kNone && !ending_ && !client_terminated_) {
    const std::string_view rest(in.data() + used, in.size() - used);
    if (client_pass_ > 0) {
      const size_t taken = std::min(client_pass_, rest.size());
      if (!client_pass_dropped_ && TakeCopyIn(rest.substr(0, taken))) {
        to_server_.Pass(rest.substr(0, taken));
      }
      client_pass_ -= taken;
      used += taken;
      continue;
    }
    const pg::FrameState state = pg::ReadFrontendHeader(rest, limits_.frames, &header, &error);
    if (state == pg::FrameState::kNeedMore) {
      break;
    }
    if (state == pg::FrameState::kError) {
      const bool too_long = error.code() == absl::StatusCode::kResourceExhausted;
      EndWith(too_long ? sqlstate::kProgramLimitExceeded : sqlstate::kProtocolViolation, error);
      break;
    }
    if (header.type == 'd') {
      // COPY data flows through as it comes; outside COPY the server would pass over it.
      client_pass_ = header.frame_bytes();
      client_pass_dropped_ = !copy_in_;
      copy_in_header_left_ = pg::kHeaderBytes;
      continue;
    }
    if (rest.size() < header.frame_bytes()) {
      break;
    }
    if (names_stale_ && NeedsFreshNames() && header.type != 'X') {
      if (expected_.empty()) {
        ProbeNames();
      } else {
        PauseForAnswers();  // the transaction may have failed, or will
      }
      break;
    }
    next_is_sync_ = header.type == 'E' && rest.substr(header.frame_bytes()).starts_with(kSyncFrame);
    if (OnClientMessage(header.type, std::string_view(rest.data(), header.frame_bytes())) == Took::kWait) {
      break;
    }
    catalog_retried_ = false;
    used += header.frame_bytes();
  }
  metrics_.Add(events::Count::kClientBytes, used);
  return used;
}

size_t Conversation::client_frame_bytes(std::string_view in) const {
  pg::Header header;
  absl::Status error;
  if (pg::ReadFrontendHeader(in, limits_.frames, &header, &error) != pg::FrameState::kHeader) {
    return 0;
  }
  return header.frame_bytes();
}

Conversation::Took Conversation::OnClientMessage(char type, std::string_view frame) {
  // After an error the server discards everything but Sync and Terminate; so do we, and it never sees it.
  if (dropping_ && type != 'S' && type != 'X') {
    return Took::kYes;
  }
  if (std::exchange(violation_consumed_, false)) {
    return Took::kYes;
  }
  if (copy_in_) {
    return OnCopyInMessage(type, frame);
  }
  if (expected_.size() >= limits_.pipeline_max) {
    PauseForAnswers();
    return Took::kWait;
  }
  switch (type) {
    case 'Q':
      return OnQuery(frame);
    case 'P':
      return OnParse(frame);
    case 'B':
      return OnBind(frame);
    case 'D':
      return OnDescribe(frame);
    case 'E':
      return OnExecute(frame);
    case 'C':
      return OnClose(frame);
    case 'S':
      OnSync(frame);
      return Took::kYes;
    case 'H':
      to_server_.Pass(frame);
      return Took::kYes;
    case 'c':
    case 'f':
      return Took::kYes;  // late: the server passes over it
    case 'F':
      OnFunctionCall();
      return Took::kYes;
    case 'X':
      to_server_.Pass(frame);
      client_terminated_ = true;
      return Took::kYes;
    default:
      EndWith(sqlstate::kProtocolViolation,
              base::InvalidArgument("a {} message is not expected here", pg::FrontendName(type)));
      return Took::kWait;
  }
}

Conversation::Took Conversation::OnQuery(std::string_view frame) {
  pg::Query query;
  if (const absl::Status status = pg::DecodeQuery(frame.substr(pg::kHeaderBytes), &query); !status.ok()) {
    EndWith(sqlstate::kProtocolViolation, status);
    return Took::kWait;
  }
  bool wait = false;
  const JudgedPtr judged = JudgeText(query.text, {}, &wait);
  if (wait) {
    return Took::kWait;
  }
  std::optional<policy::Uncountable> uncountable;
  if (!expected_.empty() && BoundOf(*judged, &uncountable)) {
    PauseForAnswers();  // whether a block is open has to be known
    return Took::kWait;
  }
  Admission admission = Admit(judged, recording::Channel::kSimple, nullptr, {});
  switch (admission.outcome) {
    case Admission::Outcome::kWait:
      return Took::kWait;
    case Admission::Outcome::kRefuse:
      if (admission.missing) {
        SubstituteMissing(std::move(admission));
      } else {
        Substitute(Kind::kQuery, std::move(admission));
      }
      return Took::kYes;
    case Admission::Outcome::kRun:
      break;
  }
  if (admission.run->bound) {
    StartGuarded(frame, std::move(admission.run));
    return Took::kYes;
  }
  PassAndExpect(frame, Kind::kQuery).run = std::move(admission.run);
  unsynced_ = false;
  executed_since_sync_ = false;
  if (judged->is_barrier || judged->has_session_objects || judged->copies_in) {
    PauseForAnswers();
  }
  return Took::kYes;
}

Conversation::Took Conversation::OnParse(std::string_view frame) {
  pg::Parse parse;
  if (const absl::Status status = pg::DecodeParse(frame.substr(pg::kHeaderBytes), &parse); !status.ok()) {
    EndWith(sqlstate::kProtocolViolation, status);
    return Took::kWait;
  }
  if (StatementPtr statement = ParsedAgain(parse); statement != nullptr) {
    upcoming_ = {};
    names_.SetStatement(parse.name, std::move(statement), &PassAndExpect(frame, Kind::kParse).undo);
    return Took::kYes;
  }
  std::vector<uint32_t> parameter_types;
  for (size_t i = 0; i < parse.parameter_types.size(); ++i) {
    parameter_types.push_back(parse.parameter_types[i]);
  }
  bool wait = false;
  const JudgedPtr judged = JudgeText(parse.text, parameter_types, &wait);
  if (wait) {
    return Took::kWait;
  }
  if (judged->verdict.decision == policy::Decision::kDeny) {
    Admission refused = Refuse(judged, judged->verdict, recording::Channel::kParse, nullptr, {});
    if (refused.denial == nullptr) {
      return Took::kWait;  // it could not be recorded: the session ends
    }
    Substitute(Kind::kParse, std::move(refused), parse.name);
    return Took::kYes;
  }
  if (!parse.name.empty() && names_.statement_count() >= limits_.prepared_statements_max) {
    Admission refused;
    refused.denial = std::make_unique<pg::ErrorMessage>(
        LimitReached(fmt::format("{} prepared statements in one session", limits_.prepared_statements_max),
                     "Close (DEALLOCATE) prepared statements that are not needed any more.", ""));
    Substitute(Kind::kParse, std::move(refused), parse.name);
    return Took::kYes;
  }
  if (parse.name.empty()) {
    ExpectFollower(*judged);
  }
  StatementPtr statement(new PreparedStatement);
  statement->judged = judged;
  statement->context_id = context_->id();
  statement->parameter_types = std::move(parameter_types);
  names_.SetStatement(parse.name, std::move(statement), &PassAndExpect(frame, Kind::kParse).undo);
  return Took::kYes;
}

// The unnamed statement, if this Parse makes it what it is already and it may still run: drivers send the text of a
// query with each execution. Nothing on its way may refer to it, since what the server says of its columns may differ
// now.
StatementPtr Conversation::ParsedAgain(const pg::Parse& parse) {
  PreparedStatement* const statement =
      parse.name.empty() && expected_.empty() ? names_.LoneUnnamedStatement() : nullptr;
  if (statement == nullptr || !IsCurrent(*statement) ||
      statement->judged->verdict.decision == policy::Decision::kDeny || statement->judged->text != parse.text ||
      statement->parameter_types.size() != parse.parameter_types.size()) {
    return nullptr;
  }
  for (size_t i = 0; i < parse.parameter_types.size(); ++i) {
    if (statement->parameter_types[i] != parse.parameter_types[i]) {
      return nullptr;
    }
  }
  statement->described = false;
  return statement;
}

// What is parsed next is mostly what was parsed after the same text the last time, in whatever session.
void Conversation::ExpectFollower(const Judged& judged) {
  if (const PreparedStatement* const before = names_.unnamed_statement(); before != nullptr) {
    before->judged->follower = JudgedHint::Of(judged);
  }
  upcoming_ = judged.follower;
}

Conversation::Took Conversation::OnBind(std::string_view frame) {
  pg::Bind bind;
  if (const absl::Status status = pg::DecodeBind(frame.substr(pg::kHeaderBytes), &bind); !status.ok()) {
    EndWith(sqlstate::kProtocolViolation, status);
    return Took::kWait;
  }
  if (IsUncertain(Names::UndoStep::Kind::kStatement, bind.statement)) {
    PauseForAnswers();
    return Took::kWait;
  }
  const StatementPtr statement = names_.FindStatement(bind.statement);
  if (statement == nullptr) {
    SubstituteNatural(Kind::kBind, sqlstate::kInvalidStatementName,
                      bind.statement.empty() ? "unnamed prepared statement does not exist"
                                             : fmt::format("prepared statement \"{}\" does not exist", bind.statement));
    return Took::kYes;
  }
  Refresh(*statement);
  recent_statement_ = statement.get();
  if (!bind.statement.empty()) {
    upcoming_ = {};
  }
  const JudgedPtr judged = statement->judged;
  Admission admission = Admit(judged, recording::Channel::kExecute, &bind, statement->parameter_types);
  if (admission.outcome == Admission::Outcome::kWait) {
    return Took::kWait;
  }
  if (admission.outcome == Admission::Outcome::kRefuse && !admission.missing) {
    Substitute(Kind::kBind, std::move(admission));
    return Took::kYes;
  }
  PortalPtr portal(new Portal);
  portal->statement = statement;
  portal->run = std::move(admission.run);
  // The server, too, finds out when it is executed.
  portal->missing = std::move(admission.denial);
  portal->round = expected_.rounds() + 1;
  portal->context_id = context_->id();
  portal->admitted = admission.decision;
  for (size_t i = 0; i < bind.result_formats.size(); ++i) {
    portal->run->formats.push_back(bind.result_formats[i]);
  }
  Expectation& entry = PassAndExpect(frame, Kind::kBind);
  entry.run = portal->run;
  names_.SetPortal(bind.portal, std::move(portal), &entry.undo);
  return Took::kYes;
}

// Before an Execute: rows may have to be masked. The client has not asked for their columns, or names may mean others.
void Conversation::DescribeRows(std::string_view portal, const StatementPtr& statement) {
  const Judged& judged = *statement->judged;
  if (!judged.has_session_objects && (statement->described || (!judged.changes_rows && !judged.touches_masked))) {
    return;
  }
  // What the client asks right before is answered before the rows come, or they do not come.
  if (!expected_.empty() && expected_.back().statement == statement &&
      (expected_.back().kind == Kind::kDescribePortal || expected_.back().kind == Kind::kDescribeStatement)) {
    return;
  }
  pg::AppendDescribe(pg::ObjectKind::kPortal, portal, to_server_.own());
  to_server_.Added();
  Expectation& describe = expected_.Push(Kind::kDescribePortal);
  describe.injected = true;
  describe.statement = statement;
}

Conversation::Took Conversation::OnDescribe(std::string_view frame) {
  pg::Describe describe;
  if (const absl::Status status = pg::DecodeDescribe(frame.substr(pg::kHeaderBytes), &describe); !status.ok()) {
    EndWith(sqlstate::kProtocolViolation, status);
    return Took::kWait;
  }
  const bool is_statement = describe.kind == pg::ObjectKind::kStatement;
  if (IsUncertain(is_statement ? Names::UndoStep::Kind::kStatement : Names::UndoStep::Kind::kPortal, describe.name)) {
    PauseForAnswers();
    return Took::kWait;
  }
  if (is_statement) {
    PassAndExpect(frame, Kind::kDescribeStatement).statement = names_.FindStatement(describe.name);
    return Took::kYes;
  }
  const PortalPtr portal = names_.FindPortal(describe.name);
  Expectation& entry = PassAndExpect(frame, Kind::kDescribePortal);
  if (portal != nullptr) {
    entry.statement = portal->statement;
  }
  return Took::kYes;
}

// A portal that would run what does not exist.
Conversation::Took Conversation::ExecuteMissing(const Portal& portal) {
  if (expected_.has_open_rounds() && portal.round <= expected_.rounds()) {
    PauseForAnswers();  // the transaction may have ended with its round, and the portal with it
    return Took::kWait;
  }
  Admission refused;
  refused.denial = std::make_unique<pg::ErrorMessage>(*portal.missing);
  refused.run = portal.run;
  Substitute(Kind::kExecute, std::move(refused));
  return Took::kYes;
}

Conversation::Took Conversation::OnExecute(std::string_view frame) {
  pg::Execute execute;
  if (const absl::Status status = pg::DecodeExecute(frame.substr(pg::kHeaderBytes), &execute); !status.ok()) {
    EndWith(sqlstate::kProtocolViolation, status);
    return Took::kWait;
  }
  if (IsUncertain(Names::UndoStep::Kind::kPortal, execute.portal)) {
    PauseForAnswers();
    return Took::kWait;
  }
  const PortalPtr portal = names_.FindPortal(execute.portal);
  if (portal == nullptr) {
    SubstituteNatural(Kind::kExecute, sqlstate::kInvalidCursorName,
                      fmt::format("portal \"{}\" does not exist", execute.portal));
    return Took::kYes;
  }
  if (portal->missing != nullptr) {
    return ExecuteMissing(*portal);
  }
  if (portal->run != nullptr && portal->run->bound && execute.rows_max != 0 && MayReturnRows(*portal->run)) {
    // It would run to its end, and say how many rows it changed only when all of them are read.
    const policy::Verdict verdict =
        DenyUncountable(*portal->run->bound, {"a portal that is read in parts does not say how many rows it changes",
                                              "Execute it without a limit of rows (a driver's fetch size of 0)."});
    Admission refused;
    refused.denial = std::make_unique<pg::ErrorMessage>(Denied(verdict, AuditId(portal->run->statement)));
    refused.run = portal->run;
    CountDenied();
    Substitute(Kind::kExecute, std::move(refused));
    return Took::kYes;
  }
  if (portal->is_cursor) {
    const Took took = OnCursorExecute(portal);
    if (took == Took::kWait || dropping_) {
      return took;
    }
  } else if (MustReadmit(*portal)) {
    // Its rows are masked as it was judged; what its text names is known when earlier rounds have ended.
    if (IsExecuting(*portal->run) || (!portal->run->targets.empty() && expected_.has_open_rounds())) {
      PauseForAnswers();
      return Took::kWait;
    }
    if (!Readmit(*portal)) {
      return Took::kYes;
    }
  }
  DescribeRows(execute.portal, portal->statement);
  Expectation& entry = PassAndExpect(frame, Kind::kExecute);
  entry.run = portal->run;
  entry.statement = portal->statement;
  executed_since_sync_ = true;
  const Judged& judged = *portal->run->judged;
  if (judged.has_session_objects || judged.copies_in || portal->run->bound) {
    PauseForAnswers();
  } else if (judged.is_barrier) {
    // A Sync has no meaning that could change: it goes along, and saves the server a question.
    pauses_at_sync_ = next_is_sync_;
    if (!pauses_at_sync_) {
      PauseForAnswers();
    }
  }
  return Took::kYes;
}

bool Conversation::IsExecuting(const Run& run) {
  for (size_t i = 0; i < expected_.size(); ++i) {
    if (expected_[i].kind == Kind::kExecute && expected_[i].run.get() == &run) {
      return true;
    }
  }
  return false;
}

// A cursor made by DECLARE that is read through the protocol: each time is an attempt of its own.
Conversation::Took Conversation::OnCursorExecute(const PortalPtr& portal) {
  Refresh(*portal->statement);
  Admission admission = Admit(portal->statement->judged, recording::Channel::kExecute, nullptr, {});
  if (admission.outcome == Admission::Outcome::kWait) {
    return Took::kWait;
  }
  if (admission.outcome == Admission::Outcome::kRefuse) {
    Substitute(Kind::kExecute, std::move(admission));
    return Took::kYes;
  }
  portal->run = std::move(admission.run);
  // Whatever its text does besides, DECLARE is for reading.
  portal->run->bound.reset();
  portal->run->index = portal->statement->index;
  return Took::kYes;
}

Conversation::Took Conversation::OnClose(std::string_view frame) {
  pg::Close close;
  if (const absl::Status status = pg::DecodeClose(frame.substr(pg::kHeaderBytes), &close); !status.ok()) {
    EndWith(sqlstate::kProtocolViolation, status);
    return Took::kWait;
  }
  Names::UndoStep* const undo = &PassAndExpect(frame, Kind::kClose).undo;
  if (close.kind == pg::ObjectKind::kStatement) {
    names_.SetStatement(close.name, nullptr, undo);
  } else {
    names_.SetPortal(close.name, nullptr, undo);
  }
  return Took::kYes;
}

void Conversation::OnSync(std::string_view frame) {
  to_server_.Pass(frame);
  dropping_ = false;
  unsynced_ = false;
  executed_since_sync_ = false;
  expected_.Push(Kind::kSync);
  if (std::exchange(pauses_at_sync_, false)) {
    PauseForAnswers();
  }
}

void Conversation::OnFunctionCall() {
  Admission refused;
  refused.denial = std::make_unique<pg::ErrorMessage>();
  refused.denial->sqlstate = sqlstate::kDenied;
  refused.denial->message = "denied: function calls outside of SQL (fast path) are not supported";
  DenialDetail detail;
  detail.decision = "deny";
  detail.action = "execute";
  refused.denial->detail = FormatDetail(detail);
  refused.denial->hint = "Call the function in a SELECT, where policy allows it; large objects cannot be used.";
  CountDenied();
  Substitute(Kind::kFunctionCall, std::move(refused));
}

Expectation& Conversation::PassAndExpect(std::string_view frame, Kind kind) {
  to_server_.Pass(frame);
  unsynced_ = true;
  return expected_.Push(kind);
}

void Conversation::EndWith(std::string_view state, const absl::Status& status) {
  ending_ = std::make_unique<Ending>(Ending{Fatal(state, std::string(base::Message(status))), "protocol_error"});
}

// The name was given its meaning in an earlier round that the server has not answered yet: if that round fails, the
// server goes by another meaning than we do. Within one round it cannot: an error there skips what is behind it.
bool Conversation::IsUncertain(Names::UndoStep::Kind kind, std::string_view name) {
  if (!expected_.has_open_rounds()) {
    return false;
  }
  bool is_earlier = false;
  for (size_t i = expected_.size(); i-- > 0;) {
    is_earlier = is_earlier || ExpectationQueue::EndsRound(expected_[i].kind);
    if (expected_[i].undo.kind == kind && expected_[i].undo.name() == name) {
      return is_earlier;
    }
  }
  return false;
}

// The next message waits until the server has answered everything before it, or reads COPY data.
void Conversation::PauseForAnswers() {
  if (expected_.empty()) {
    return;
  }
  pause_ = Pause::kBarrier;
  if (unsynced_) {
    // In the extended protocol the server may keep its answers to itself until it is asked for them.
    pg::AppendFlush(to_server_.own());
    to_server_.Added();
  }
}

// In a failed transaction nothing but its end can run, and the server answers no questions.
bool Conversation::NeedsFreshNames() const {
  return !copy_in_ && !dropping_ && transaction_ != pg::TransactionStatus::kFailed;
}

}  // namespace chaperone::session
