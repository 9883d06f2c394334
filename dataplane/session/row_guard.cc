// `max_affected_rows`: how many rows a statement may change is known, who keeps to it is seen at CommandComplete, and
// what does not is undone before it stands. See row_guard.h.
#include "dataplane/session/row_guard.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "api/policy/row_bound.h"
#include "dataplane/session/conversation.h"
#include "dataplane/session/denial.h"

namespace chaperone::session {

namespace pg = wire::postgres;
namespace sqlstate = wire::postgres::sqlstate;

namespace {

bool ChangesRows(const sql::Statement& statement) {
  return std::any_of(statement.needs.begin(), statement.needs.end(), [](const sql::Need& need) {
    return need.action == sql::Action::kInsert || need.action == sql::Action::kUpdate ||
           need.action == sql::Action::kDelete;
  });
}

// It runs now, and its tag has to say how many rows it changes.
bool MustCount(const sql::Statement& statement) {
  const bool only_prepares = statement.object_verb == sql::SessionObjectVerb::kPrepare;
  const bool only_explains = statement.is_explain && !statement.explain_runs;
  return !only_prepares && !only_explains && ChangesRows(statement);
}

// The count at the end of a command tag. None for tags whose count is not one of changed rows.
std::optional<uint64_t> CountOf(std::string_view tag) {
  constexpr std::string_view kCounting[] = {"INSERT ", "UPDATE ", "DELETE ", "MERGE ", "COPY "};
  const bool counts = std::any_of(std::begin(kCounting), std::end(kCounting),
                                  [tag](std::string_view word) { return tag.starts_with(word); });
  uint64_t count = 0;
  const std::string_view digits = tag.substr(tag.rfind(' ') + 1);
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size();
  return counts && is_number ? std::optional(count) : std::nullopt;
}

void Tighten(const policy::Verdict& verdict, std::optional<RowBound>* bound) {
  if (verdict.max_affected_rows && (!*bound || *verdict.max_affected_rows < (*bound)->rows_max)) {
    *bound = RowBound{*verdict.max_affected_rows, verdict.max_affected_rows_rule};
  }
}

}  // namespace

// Of the text, and of what its EXECUTE and FETCH name. `uncountable` gets why it cannot be kept, if it cannot.
std::optional<RowBound> Conversation::BoundOf(const Judged& judged, std::optional<policy::Uncountable>* uncountable) {
  std::optional<RowBound> bound;
  Tighten(judged.verdict, &bound);
  for (size_t i = 0; judged.has_session_objects && i < judged.facts.statements.size(); ++i) {
    const sql::Statement& statement = judged.facts.statements[i];
    StatementPtr target;
    if (statement.object_verb == sql::SessionObjectVerb::kExecute) {
      target = names_.FindStatement(statement.object_name);
    } else if (statement.object_verb == sql::SessionObjectVerb::kFetch) {
      const PortalPtr portal = names_.FindPortal(statement.object_name);
      target = portal == nullptr ? nullptr : portal->statement;
    }
    if (target == nullptr) {
      continue;
    }
    Refresh(*target);
    const auto& statements = target->judged->facts.statements;
    if (target->index < statements.size() && !ChangesRows(statements[target->index])) {
      continue;
    }
    Tighten(target->judged->verdict, &bound);
    if (statement.object_verb == sql::SessionObjectVerb::kFetch && target->judged->verdict.max_affected_rows) {
      *uncountable = policy::Uncountable{"FETCH runs the portal's statement without saying how many rows it changes",
                                         "Execute the portal through the protocol, or send the statement by itself."};
    }
  }
  if (bound && !*uncountable) {
    *uncountable = policy::WhyUncountable(judged.facts);
  }
  return bound;
}

policy::Verdict Conversation::DenyUncountable(const RowBound& bound, const policy::Uncountable& why) {
  policy::Verdict verdict;
  const size_t slash = bound.rule.find('/');
  verdict.policy = bound.rule.substr(0, slash);
  verdict.rule = bound.rule.substr(slash + 1);
  verdict.reason = fmt::format("at most {} rows may be changed, and {}", bound.rows_max, why.reason);
  verdict.hint = why.hint;
  return verdict;
}

// REQUIRES: nothing is in flight, so that the transaction's state is known.
void Conversation::StartGuarded(std::string_view frame, RunPtr run) {
  guard_ = std::make_unique<RowGuard>();
  guard_->run = std::move(run);
  guard_->own_block = transaction_ == pg::TransactionStatus::kIdle;
  if (guard_->own_block) {
    guard_->stage = RowGuard::Stage::kOpening;
    guard_->frame = frame;
    SendOfOwn("BEGIN");
  } else {
    guard_->stage = RowGuard::Stage::kRunning;
    PassAndExpect(frame, Kind::kQuery).run = guard_->run;
  }
  unsynced_ = false;
  executed_since_sync_ = false;
  PauseForAnswers();
}

void Conversation::SendOfOwn(std::string_view text) {
  pg::AppendQuery(text, to_server_.own());
  to_server_.Added();
  expected_.Push(Kind::kQuery).injected = true;
}

std::optional<pg::ErrorMessage> Conversation::ExcessOf(const Run& run, bool is_suspended, std::string_view tag) const {
  const auto& statements = run.judged->facts.statements;
  const sql::Statement* const statement = run.index < statements.size() ? &statements[run.index] : nullptr;
  bool must_count = is_suspended || (statement != nullptr && MustCount(*statement));
  if (statement != nullptr && statement->object_verb == sql::SessionObjectVerb::kExecute) {
    const StatementPtr target = names_.FindStatement(statement->object_name);
    must_count = target == nullptr || target->index >= target->judged->facts.statements.size() ||
                 ChangesRows(target->judged->facts.statements[target->index]);
  }
  if (run.limit_reached) {
    return LimitError(run);
  }
  std::optional<uint64_t> count = CountOf(tag);
  if (count && !must_count && tag.starts_with("COPY ")) {
    count = std::nullopt;  // rows that were copied out
  }
  if (count ? *count <= run.bound->rows_max : !must_count) {
    return std::nullopt;
  }
  const std::string limit = fmt::format("max_affected_rows = {}", run.bound->rows_max);
  pg::ErrorMessage error =
      LimitReached(limit, "Narrow the WHERE clause, so that fewer rows change; what this statement did is undone.",
                   AuditId(run.statement), run.bound->rule.substr(run.bound->rule.find('/') + 1));
  error.message +=
      count ? fmt::format(" (rule {}): {} would change {} rows; nothing was changed", run.bound->rule,
                          tag.substr(0, tag.find(' ')), *count)
            : fmt::format(" (rule {}): how many rows it changed cannot be told; nothing was changed", run.bound->rule);
  return error;
}

bool Conversation::OnBoundedCompletion(char type, std::string_view frame, std::string_view tag) {
  const RunPtr run = expected_.front().run;
  const bool is_query = expected_.front().kind == Kind::kQuery;
  if (is_query && guard_ == nullptr) {
    return Unexpected(type);
  }
  if (is_query && guard_->excess) {
    return true;  // the statements behind the one that did too much
  }
  std::optional<pg::ErrorMessage> excess = ExcessOf(*run, type == 's', tag);
  metrics_.Add(events::Count::kLimitsReached, excess ? 1 : 0);
  if (excess && !is_query) {
    expected_.PopFront();
    Admission failed;
    failed.denial = std::make_unique<pg::ErrorMessage>(*std::move(excess));
    failed.run = run;
    Substitute(Kind::kBind, std::move(failed));
    pg::AppendFlush(to_server_.own());
    to_server_.Added();
    return true;
  }
  if (excess) {
    guard_->excess = std::move(excess);
    expected_.front().suppressed = true;
    return true;
  }
  if (is_query && guard_->own_block && run->index + 1 >= run->judged->facts.statements.size()) {
    guard_->completion = frame;
    guard_->tag = tag;
    return true;
  }
  PassToClient(frame);
  FinishStatement(*run, tag, true);
  if (!is_query) {
    expected_.PopFront();
  }
  return !ending_;
}

// CommandComplete of a BEGIN, COMMIT or ROLLBACK of our own.
bool Conversation::OnGuardCompletion(std::string_view tag) {
  if (guard_ == nullptr || guard_->stage == RowGuard::Stage::kRunning) {
    return Unexpected('C');
  }
  if (guard_->stage != RowGuard::Stage::kCommitting || tag != "COMMIT") {
    return true;  // ReadyForQuery tells what it came to
  }
  to_client_.own()->append(guard_->completion);
  to_client_.Added();
  guard_->is_told = true;
  FinishStatement(*guard_->run, guard_->tag, true);
  return !ending_;
}

// The client gets it as the error of its statement.
bool Conversation::OnGuardError(const pg::ErrorFields& fields, std::string_view frame) {
  if (guard_ == nullptr) {
    return Unexpected('E');
  }
  if (guard_->is_told || guard_->excess) {
    return true;  // a ROLLBACK that was cancelled
  }
  Expectation entry;
  entry.run = guard_->run;
  SendError(entry, fields, frame);
  guard_->is_told = true;
  return !ending_;
}

bool Conversation::OnGuardReady(pg::TransactionStatus status, std::string_view frame) {
  const bool is_idle = status == pg::TransactionStatus::kIdle;
  switch (guard_->stage) {
    case RowGuard::Stage::kOpening:
      if (status == pg::TransactionStatus::kInBlock && !guard_->is_told) {
        guard_->stage = RowGuard::Stage::kRunning;
        to_server_.own()->append(std::exchange(guard_->frame, std::string()));
        to_server_.Added();
        expected_.Push(Kind::kQuery).run = guard_->run;
        return true;
      }
      break;
    case RowGuard::Stage::kRunning:
      if (!guard_->own_block) {
        return EndInClientBlock(status, frame);
      }
      if (is_idle) {
        return Unexpected('Z');  // it ended our block: nobody knows what stands
      }
      if (status == pg::TransactionStatus::kInBlock && !guard_->excess && !guard_->completion.empty()) {
        guard_->stage = RowGuard::Stage::kCommitting;
        SendOfOwn("COMMIT");
        return true;
      }
      // The statement's own error was passed on.
      guard_->is_told = !guard_->excess && status == pg::TransactionStatus::kFailed;
      break;
    default:
      break;
  }
  if (!is_idle) {
    if (++guard_->rollbacks > RowGuard::kRollbacksMax) {
      EndWith(sqlstate::kConnectionFailure, base::Internal("a transaction cannot be rolled back"));
      return false;
    }
    guard_->stage = RowGuard::Stage::kRollingBack;
    SendOfOwn("ROLLBACK");
    return true;
  }
  return EndGuard(frame);
}

// Everything is undone, or stands.
bool Conversation::EndGuard(std::string_view frame) {
  const std::unique_ptr<RowGuard> guard = std::move(guard_);
  if (!guard->is_told) {
    pg::ErrorMessage error;
    if (guard->excess) {
      error = *guard->excess;
    } else {
      error.sqlstate = sqlstate::kInternalError;
      error.message = "the statement was undone";
    }
    TellExcess(*guard->run, error);
  }
  to_client_.Pass(frame);
  return !ending_;
}

// The client's own block goes on, or is made to fail: then it can only be rolled back, to a savepoint before this
// statement at the latest.
bool Conversation::EndInClientBlock(pg::TransactionStatus status, std::string_view frame) {
  const std::unique_ptr<RowGuard> guard = std::move(guard_);
  if (!guard->excess) {
    to_client_.Pass(frame);
    return true;
  }
  if (status == pg::TransactionStatus::kIdle) {
    return Unexpected('Z');
  }
  guard->excess->hint += " The transaction has failed: roll it back, to a savepoint or as a whole.";
  if (status == pg::TransactionStatus::kFailed) {
    TellExcess(*guard->run, *guard->excess);
    to_client_.Pass(frame);
    return !ending_;
  }
  Admission failed;
  failed.denial = std::make_unique<pg::ErrorMessage>(*std::move(guard->excess));
  failed.run = guard->run;
  Substitute(Kind::kQuery, std::move(failed));
  return true;
}

void Conversation::TellExcess(Run& run, const pg::ErrorMessage& error) {
  pg::AppendError(error, to_client_.own());
  to_client_.Added();
  if (!recorder_.Outcome(run, "", error.sqlstate, error.message, host_.Steady())) {
    EndUnrecorded();
  }
  run.is_recorded = true;
  run.ResetResult();
}

}  // namespace chaperone::session
