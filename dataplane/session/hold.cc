// A statement that waits for a human: the notice to the client, the time that it may be held, the answer.
#include <algorithm>
#include <utility>

#include "dataplane/session/denial.h"
#include "dataplane/session/session.h"

namespace chaperone::session {

namespace pg = wire::postgres;
using events::Count;

namespace {

constexpr size_t kParameterShownMax = 1024;
constexpr std::chrono::seconds kRetryAfter{10};

std::string AsHex(std::string_view bytes) {
  std::string text = "\\x";
  for (const char c : bytes) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return text;
}

approval::Parameter Shown(const recording::DigestParameter& parameter) {
  approval::Parameter shown;
  shown.type_oid = parameter.type_oid;
  shown.is_null = parameter.is_null;
  shown.truncated = parameter.value.size() > kParameterShownMax;
  const std::string_view part = parameter.value.substr(0, kParameterShownMax);
  shown.value = parameter.binary ? AsHex(part) : std::string(part);
  return shown;
}

std::vector<std::string> NeedsOf(const sql::Facts& facts) {
  std::vector<std::string> needs;
  for (const sql::Statement& statement : facts.statements) {
    for (const sql::Need& need : statement.needs) {
      needs.push_back(fmt::format("{} {}{}", sql::ActionName(need.action), need.resource,
                                  need.where_absent ? " (without WHERE)" : ""));
    }
  }
  return needs;
}

// The relation that the statement changes; what it is about otherwise.
std::string ChangedRelation(const sql::Facts& facts) {
  std::string first;
  for (const sql::Statement& statement : facts.statements) {
    for (const sql::Need& need : statement.needs) {
      if (need.action == sql::Action::kInsert || need.action == sql::Action::kUpdate ||
          need.action == sql::Action::kDelete) {
        return need.resource;
      }
      first = first.empty() ? need.resource : first;
    }
  }
  return first;
}

// Puts the EXPLAIN of the held statement into `explain`, or says why there is none.
std::string WhyNoEstimate(JudgeContext& context, const ApprovalAsk& ask, std::chrono::system_clock::time_point now,
                          std::string* explain) {
  const auto& statements = ask.judged->facts.statements;
  if (statements.size() != 1) {
    return "a text of several statements has no plan of its own";
  }
  const sql::Statement& statement = statements[0];
  const bool has_plan = statement.tag == "INSERT" || statement.tag == "UPDATE" || statement.tag == "DELETE" ||
                        statement.tag == "MERGE" || statement.tag == "SELECT";
  if (!has_plan || statement.is_explain || statement.object_verb != sql::SessionObjectVerb::kNone) {
    return fmt::format("{} has no plan", statement.tag);
  }
  *explain = "EXPLAIN " + ask.judged->text;
  // Looked at again as what it is now: it must explain, and run nothing.
  const JudgedPtr judged = context.Judge(*explain, ask.judged->parameter_types, now);
  const auto& explained = judged->facts.statements;
  if (explained.size() != 1 || !explained[0].is_explain || explained[0].explain_runs) {
    return "the statement cannot be explained safely";
  }
  return "";
}

}  // namespace

void Session::AskForApproval() {
  const ApprovalAsk& ask = conversation_->ask();
  approval::Request request;
  request.digest.assign(reinterpret_cast<const char*>(ask.digest.data()), ask.digest.size());
  request.principal = principal_;
  request.token_id = identity_->token_id;
  request.token_expires_at = identity_->expires_at;
  request.endpoint = services_.options.endpoint;
  request.database = database_;
  request.role = names_.role;
  request.session_id = id_.ToString();
  request.statement = ask.text;
  for (const recording::DigestParameter& parameter : ask.parameters) {
    request.parameters.push_back(Shown(parameter));
  }
  request.needs = NeedsOf(ask.judged->facts);
  request.search_path = names_.search_path;
  request.policy = ask.verdict.policy;
  request.rule = ask.verdict.rule;
  request.reason = ask.verdict.reason;
  request.demand = ask.verdict.approval;
  may_hold_ = ask.may_hold;
  hold_deadline_.reset();
  if (ask.verdict.approval.estimate_blast_radius) {
    EstimateAndOpen(std::move(request));
  } else {
    OpenApproval(std::move(request));
  }
}

// Asks the database first what the statement would touch. Whatever comes of it, the request is opened.
void Session::EstimateAndOpen(approval::Request request) {
  const ApprovalAsk& ask = conversation_->ask();
  upstream::EstimateInput input;
  request.blast_radius.emplace();
  request.blast_radius->relation = ChangedRelation(ask.judged->facts);
  request.blast_radius->unavailable =
      WhyNoEstimate(*conversation_->context(), ask, services_.clock.Wall(), &input.text);
  if (names_.role != services_.connector.address().user && request.blast_radius->unavailable.empty()) {
    request.blast_radius->unavailable = "the session runs under another role than the sidecar's";
  }
  if (!request.blast_radius->unavailable.empty()) {
    return OpenApproval(std::move(request));
  }
  input.database = database_;
  input.search_path = names_.search_path;
  for (const recording::DigestParameter& parameter : ask.parameters) {
    input.parameters.push_back({parameter.type_oid, parameter.binary,
                                parameter.is_null ? std::nullopt : std::optional(std::string(parameter.value))});
  }
  const uint64_t number = ++estimate_;
  const std::shared_ptr<Session*> self = self_;
  table_.Estimate(std::move(input), [self, number, request](const absl::StatusOr<double>& rows) {
    if (*self == nullptr || (*self)->over_ || (*self)->estimate_ != number) {
      return;
    }
    approval::Request estimated = request;
    if (rows.ok()) {
      estimated.blast_radius->estimated_rows = *rows;
    } else {
      estimated.blast_radius->unavailable = base::Message(rows.status());
    }
    (*self)->OpenApproval(std::move(estimated));
  });
  is_estimating_ = approval_ == nullptr;
}

void Session::OpenApproval(approval::Request request) {
  is_estimating_ = false;
  approval_ = std::make_unique<ApprovalWait>(services_.approvals, services_.approval_board, loop_,
                                             [this] { waiter_.Raise(kReply); });
  approval_->Open(std::move(request));
}

// Moves on from where the approval stands. Called on every answer and when a hold ends.
void Session::StepApproval() {
  if (approval_ == nullptr || over_) {
    return;
  }
  ApprovalAnswer answer;
  answer.id = approval_->id();
  answer.comment = approval_->comment();
  switch (approval_->state()) {
    case ApprovalWait::State::kOpening:
    case ApprovalWait::State::kConsuming:
      return;
    case ApprovalWait::State::kPending:
      if (may_hold_ && !hold_deadline_) {
        BeginHold();
      }
      if (may_hold_ && loop_.Now() < *hold_deadline_) {
        return;
      }
      answer.state = ApprovalAnswer::State::kPending;
      answer.retry_after = kRetryAfter;
      break;
    case ApprovalWait::State::kApproved:
      // Time has passed: policy and catalog are looked at again before the approval is spent.
      UpdateContext();
      if (conversation_->StillNeedsApproval()) {
        approval_->Consume();
        return;
      }
      approval_ = nullptr;
      conversation_->WithdrawAsk();
      return;
    case ApprovalWait::State::kConsumed:
      answer.state = ApprovalAnswer::State::kConsumed;
      break;
    case ApprovalWait::State::kRejected:
      answer.state = ApprovalAnswer::State::kRejected;
      break;
    case ApprovalWait::State::kExpired:
      answer.state = ApprovalAnswer::State::kExpired;
      break;
    case ApprovalWait::State::kFailed:
      answer.state = ApprovalAnswer::State::kUnavailable;
      break;
  }
  FinishApproval(std::move(answer));
}

void Session::BeginHold() {
  hold_deadline_ = loop_.Now() + services_.options.hold_timeout;
  table_.metrics().Add(Count::kHeld);
  pg::ErrorMessage notice;
  notice.severity = "NOTICE";
  notice.sqlstate = pg::sqlstate::kSuccess;
  notice.message = fmt::format("waiting for approval {}", approval_->id());
  notice.detail =
      FormatDetail({"require_approval", conversation_->ask().verdict.rule, conversation_->ask().verdict.action,
                    conversation_->ask().verdict.resource, approval_->id(), "", kRetryAfter});
  notice.hint = fmt::format("The statement is held for up to {} s.",
                            std::chrono::duration_cast<std::chrono::seconds>(services_.options.hold_timeout).count());
  conversation_->SendNotice(notice);
  Flush();
}

void Session::FinishApproval(ApprovalAnswer answer) {
  approval_ = nullptr;
  hold_deadline_.reset();
  conversation_->AnswerApproval(std::move(answer));
  Wake();
}

}  // namespace chaperone::session
