// Server -> client: each message is matched with what is expected, and passed on, changed or swallowed. A message that
// fits nothing ends the session: from then on nobody knows what a row belongs to.
#include <algorithm>
#include <utility>

#include "dataplane/session/conversation.h"
#include "dataplane/session/denial.h"

namespace chaperone::session {

namespace pg = wire::postgres;
namespace sqlstate = wire::postgres::sqlstate;

size_t Conversation::OnServerBytes(std::string_view in) {
  size_t used = 0;
  pg::Header header;
  absl::Status error;
  while (used < in.size() && !ending_) {
    const std::string_view rest(in.data() + used, in.size() - used);
    if (server_pass_ > 0) {
      const size_t taken = std::min(server_pass_, rest.size());
      if (!server_pass_dropped_) {
        to_client_.Pass(rest.substr(0, taken));
      }
      server_pass_ -= taken;
      used += taken;
      continue;
    }
    const pg::FrameState state = pg::ReadBackendHeader(rest, &header, &error);
    if (state == pg::FrameState::kNeedMore) {
      break;
    }
    if (state == pg::FrameState::kError) {
      EndWith(sqlstate::kConnectionFailure, error);
      break;
    }
    if (rest.size() < header.frame_bytes()) {
      if ((header.type == 'D' || header.type == 'd') && StartsLongRow(header)) {
        continue;
      }
      if (header.body_bytes > limits_.row_bytes_max) {
        EndWith(sqlstate::kProgramLimitExceeded,
                base::ResourceExhausted("a row of {} bytes has to be masked, and at most {} can be; read it in parts",
                                        header.body_bytes, limits_.row_bytes_max));
      }
      break;
    }
    const std::string_view frame(rest.data(), header.frame_bytes());
    const std::string_view body(rest.data() + pg::kHeaderBytes, header.body_bytes);
    if (!OnServerMessage(header.type, frame, body)) {
      break;
    }
    used += frame.size();
  }
  metrics_.Add(events::Count::kServerBytes, used);
  MaybeResume();
  return used;
}

bool Conversation::OnServerMessage(char type, std::string_view frame, std::string_view body) {
  switch (type) {
    case 'D':
      return OnDataRow(frame, body);
    case 'C':
    case 'I':
    case 's':
      return OnCompletion(type, frame, body);
    case 'Z':
      return OnReadyForQuery(frame, body);
    case '1':
      return OnSimpleAnswer(Kind::kParse, frame);
    case '2':
      return OnSimpleAnswer(Kind::kBind, frame);
    case '3':
      return OnSimpleAnswer(Kind::kClose, frame);
    case 'T':
      return OnRowDescription(frame, body);
    case 'n':
      return OnNoData(frame);
    case 't':
      if (expected_.empty() || expected_.front().kind != Kind::kDescribeStatement) {
        return Unexpected(type);
      }
      PassToClient(frame);
      return true;
    case 'E':
      return OnErrorResponse(frame, body);
    case 'N':
      return OnNotice(frame, body);
    case 'S':
      return OnParameterStatus(frame, body);
    case 'A':
      return OnNotification(frame, body);
    case 'G':
    case 'H':
      return OnCopyResponse(type, frame, body);
    case 'd':
      return OnServerCopyData(frame, body);
    case 'c':
      if (Run* const run = CurrentRun(); run == nullptr) {
        return Unexpected(type);
      } else if (run->copy != nullptr && !run->limit_reached) {
        if (const absl::Status status = run->copy->Finish(); !status.ok()) {
          EndWith(sqlstate::kConnectionFailure, status);
          return false;
        }
      }
      PassToClient(frame);
      return true;
    default:
      return Unexpected(type);
  }
}

void Conversation::PassToClient(std::string_view frame) {
  if (expected_.empty() || !(expected_.front().injected || expected_.front().suppressed)) {
    to_client_.Pass(frame);
  }
}

bool Conversation::Unexpected(char type) {
  EndWith(sqlstate::kConnectionFailure, base::DataLoss("the database sent message '{}' where it makes no sense", type));
  return false;
}

bool Conversation::OnSimpleAnswer(Kind kind, std::string_view frame) {
  if (kind == Kind::kClose && !expected_.empty() && expected_.front().kind == Kind::kResync) {
    expected_.PopFront();
    resync_ready_.clear();
    return true;
  }
  // A refused message cannot have succeeded.
  if (expected_.empty() || expected_.front().kind != kind || expected_.front().is_denied()) {
    return Unexpected(frame[0]);
  }
  PassToClient(frame);
  const bool ends_probe = expected_.front().injected && kind == Kind::kClose && probing_;
  expected_.PopFront();
  if (ends_probe) {
    FinishProbe();
  }
  return !ending_;
}

bool Conversation::OnCompletion(char type, std::string_view frame, std::string_view body) {
  if (expected_.empty() || expected_.front().is_denied()) {
    return Unexpected(type);
  }
  Expectation& entry = expected_.front();
  const bool is_query = entry.kind == Kind::kQuery;
  if ((!is_query && entry.kind != Kind::kExecute) || (is_query && type == 's')) {
    return Unexpected(type);
  }
  std::string_view tag;
  if (type == 'C') {
    if (const absl::Status status = pg::DecodeCommandComplete(body, &tag); !status.ok()) {
      EndWith(sqlstate::kConnectionFailure, status);
      return false;
    }
  }
  const RunPtr run = entry.run;
  if (entry.injected && is_query) {
    return OnGuardCompletion(tag);
  }
  if (run == nullptr) {  // the probe's own Execute
    expected_.PopFront();
    return true;
  }
  if (run->bound) {
    return OnBoundedCompletion(type, frame, tag);
  }
  if (run->limit_reached) {
    return FailLimited(*run);
  }
  PassToClient(frame);
  loose_syncs_ = 0;
  const bool suspended = type == 's';
  FinishStatement(*run, suspended ? "(suspended)" : tag, !suspended);
  if (!is_query) {
    expected_.PopFront();
  }
  return !ending_;
}

bool Conversation::OnErrorResponse(std::string_view frame, std::string_view body) {
  const auto fields = pg::ErrorFields::Decode(body);
  if (!fields.ok()) {
    EndWith(sqlstate::kConnectionFailure, fields.status());
    return false;
  }
  const bool is_fatal = fields->severity() == "FATAL" || fields->severity() == "PANIC";
  if (is_fatal || expected_.empty()) {
    // The server ends the connection; what it says is for the client.
    to_client_.Pass(frame);
    if (is_fatal) {
      ending_ = std::make_unique<Ending>(Ending{std::nullopt, "server_closed"});
    }
    return !is_fatal;
  }
  Expectation& entry = expected_.front();
  if (entry.injected && probing_) {
    EndWith(sqlstate::kConnectionFailure, base::Internal("the database did not answer the sidecar's own question"));
    return false;
  }
  copy_in_ = false;
  if (entry.kind == Kind::kQuery && entry.injected) {
    return OnGuardError(*fields, frame);
  }
  if (guard_ != nullptr && guard_->excess) {
    return true;  // the client will be told of what came before
  }
  SendError(entry, *fields, frame);
  const Kind kind = entry.kind;
  if (kind == Kind::kQuery || kind == Kind::kFunctionCall) {
    return true;  // ReadyForQuery follows
  }
  SkipToSync();
  if (loose_syncs_ > 0) {
    Resync();
  }
  return true;
}

// The error as the client gets it: a denial in place of what the substitute ran into, a limit in place of its
// cancellation, and nothing that could quote a masked value.
void Conversation::SendError(Expectation& entry, const pg::ErrorFields& fields, std::string_view frame) {
  const RunPtr run = entry.run;
  Expectation::Errors errors = entry.errors != nullptr ? std::move(*entry.errors) : Expectation::Errors();
  entry.errors = nullptr;
  const bool missing = errors.missing != nullptr && IsMissing(fields);
  if (missing) {
    errors.denial = std::move(errors.missing);
  }
  const bool violated = errors.violation != nullptr && IsViolation(fields);
  const bool denied = errors.denial != nullptr;
  const bool limited = run != nullptr && run->passed != nullptr;
  const bool scrubbed = run != nullptr && MayQuote(*run, fields);
  pg::ErrorMessage error;
  if (denied) {
    error = std::move(*errors.denial);
  } else if (violated) {
    error = std::move(*errors.violation);
    violation_consumed_ = entry.kind == Kind::kQuery;  // in the extended protocol it is among what is skipped
  } else if (limited) {
    error = LimitError(*run);
  } else if (scrubbed) {
    error = Scrub(fields);
    metrics_.Add(events::Count::kScrubbedMessages);
  } else {
    error.sqlstate = fields.sqlstate();
    error.message = fields.message();
  }
  if (!entry.suppressed && !entry.injected) {
    if (missing) {
      // The server's own error, but for the name.
      pg::AppendError(fields, error.message, to_client_.own());
      to_client_.Added();
    } else if (denied || violated || limited || scrubbed) {
      pg::AppendError(error, to_client_.own());
      to_client_.Added();
    } else {
      to_client_.Pass(frame);
    }
  }
  if (run != nullptr) {
    if (!recorder_.Outcome(*run, "", error.sqlstate, error.message, host_.Steady())) {
      EndUnrecorded();
    }
    run->is_recorded = true;
    run->ResetResult();
  }
}

// What a discarded message did to a name is undone. A later round may have given the name another meaning, which stays:
// then that step remembers what was before both.
void Conversation::TakeBack(size_t i, size_t skipped) {
  Names::UndoStep step = std::move(expected_[i].undo);
  if (step.kind == Names::UndoStep::Kind::kNone) {
    return;
  }
  // A Parse that fails drops the unnamed statement before it does anything else (exec_parse_message, postgres.c).
  if (i == 0 && expected_[i].kind == Kind::kParse && step.name().empty()) {
    step.statement = nullptr;
  }
  for (size_t later = skipped; later < expected_.size(); ++later) {
    Names::UndoStep& next = expected_[later].undo;
    if (next.kind == step.kind && next.name() == step.name()) {
      next.statement = std::move(step.statement);
      next.portal = std::move(step.portal);
      return;
    }
  }
  names_.TakeBack(std::move(step));
}

// The server discards everything up to the next Sync: so do the expectations, and what the discarded messages changed
// is taken back, last first.
void Conversation::SkipToSync() {
  size_t count = 0;
  while (count < expected_.size() && expected_[count].kind != Kind::kSync) {
    ++count;
  }
  for (size_t i = count; i-- > 0;) {
    Expectation& entry = expected_[i];
    TakeBack(i, count);
    if (entry.run != nullptr && !entry.run->is_recorded) {
      RecordSkipped(*entry.run);
    }
  }
  if (count == expected_.size()) {
    dropping_ = true;
  }
  for (size_t i = 0; i < count; ++i) {
    rounds_done_ += ExpectationQueue::EndsRound(expected_.front().kind) ? 1 : 0;  // a Query among what is skipped
    expected_.PopFront();
  }
}

bool Conversation::OnReadyForQuery(std::string_view frame, std::string_view body) {
  pg::TransactionStatus status;
  if (expected_.empty() || !pg::DecodeReadyForQuery(body, &status).ok()) {
    return Unexpected('Z');
  }
  const Kind kind = expected_.front().kind;
  if (kind == Kind::kResync) {
    OnResyncReady(frame, status);
    return true;
  }
  if (kind != Kind::kSync && kind != Kind::kQuery && kind != Kind::kFunctionCall) {
    return Unexpected('Z');
  }
  if (expected_.front().is_denied()) {
    return Unexpected('Z');  // a refused message must fail before this
  }
  const bool is_guarded = kind == Kind::kQuery && guard_ != nullptr;
  if (!expected_.front().injected && !expected_.front().skipped && !is_guarded) {
    to_client_.Pass(frame);
  }
  expected_.PopFront();
  EndRound(status);
  if (loose_syncs_ > 0) {
    Resync();
  }
  return !is_guarded || OnGuardReady(status, frame);
}

// All but the last answer Syncs of the client's.
void Conversation::OnResyncReady(std::string_view frame, pg::TransactionStatus status) {
  if (!resync_ready_.empty()) {
    to_client_.own()->append(resync_ready_);
    to_client_.Added();
    dropping_ = false;
    unsynced_ = false;
    executed_since_sync_ = false;
    expected_.AddRound();
    EndRound(status);
  }
  resync_ready_ = frame;
}

void Conversation::EndRound(pg::TransactionStatus status) {
  const bool ended = transaction_ != pg::TransactionStatus::kIdle && status == pg::TransactionStatus::kIdle;
  transaction_ = status;
  ++rounds_done_;
  if (QuotaMeter* const quota = host_.quota()) {
    quota->Settle();
  }
  if (status == pg::TransactionStatus::kIdle) {
    names_.EndTransaction(rounds_done_);
    OnTransactionEnd(ended);
  } else if (status == pg::TransactionStatus::kFailed && names_changed_in_transaction_) {
    names_stale_ = true;
  }
}

bool Conversation::OnNotice(std::string_view frame, std::string_view body) {
  const auto fields = pg::ErrorFields::Decode(body);
  if (!fields.ok()) {
    EndWith(sqlstate::kConnectionFailure, fields.status());
    return false;
  }
  const Run* const run = CurrentRun();
  if (!expected_.empty() && (expected_.front().injected || expected_.front().is_denied())) {
    return true;
  }
  if (run != nullptr && MayQuote(*run, *fields)) {
    metrics_.Add(events::Count::kScrubbedMessages);
    pg::AppendNotice(Scrub(*fields), to_client_.own());
    to_client_.Added();
    return true;
  }
  to_client_.Pass(frame);
  if (!recorder_.Notice(run != nullptr ? run->statement : 0, fields->severity(), fields->sqlstate(),
                        fields->message())) {
    EndUnrecorded();
  }
  return !ending_;
}

// What NOTIFY carries is whatever somebody put there, a trigger with a masked column's value among others: where values
// are masked at all, only that something happened on the channel is told.
bool Conversation::OnNotification(std::string_view frame, std::string_view body) {
  uint32_t process_id = 0;
  std::string_view channel, payload;
  if (const absl::Status status = pg::DecodeNotification(body, &process_id, &channel, &payload); !status.ok()) {
    EndWith(sqlstate::kConnectionFailure, status);
    return false;
  }
  if (payload.empty() || (context_ != nullptr && !context_->view().MasksAnything())) {
    to_client_.Pass(frame);
    return true;
  }
  metrics_.Add(events::Count::kScrubbedMessages);
  pg::AppendNotification(process_id, channel, "", to_client_.own());
  to_client_.Added();
  return true;
}

bool Conversation::OnParameterStatus(std::string_view frame, std::string_view body) {
  std::string_view name, value;
  if (const absl::Status status = pg::DecodeParameterStatus(body, &name, &value); !status.ok()) {
    EndWith(sqlstate::kConnectionFailure, status);
    return false;
  }
  // Text is read here as UTF-8 with standard strings; a server that reads it otherwise sees other statements than we
  // do.
  const bool differs =
      (name == "client_encoding" && value != "UTF8") || (name == "standard_conforming_strings" && value != "on");
  if (differs) {
    EndWith(sqlstate::kFeatureNotSupported,
            base::FailedPrecondition("{} was changed to something else than the sidecar reads statements with", name));
    return false;
  }
  to_client_.Pass(frame);
  return true;
}

bool Conversation::OnCopyResponse(char type, std::string_view frame, std::string_view body) {
  pg::CopyResponse response;
  const auto direction = type == 'G' ? sql::CopyDirection::kFromStdin : sql::CopyDirection::kToStdout;
  if (CurrentRun() == nullptr || expected_.front().is_denied() || CopyOf(*CurrentRun()) != direction ||
      !pg::DecodeCopyResponse(body, &response).ok()) {
    return Unexpected(type);
  }
  if (type == 'H' && !OpenCopy(*CurrentRun(), response)) {
    return false;
  }
  if (type == 'G' && expected_.front().skipped) {
    // The client knows nothing of it and sends no data: the server would wait for them.
    pg::AppendCopyFail("chaperone: an error stands before it", to_server_.own());
    to_server_.Added();
    return true;
  }
  PassToClient(frame);
  if (type == 'H') {
    return true;
  }
  copy_in_ = true;
  return true;
}

void Conversation::MaybeResume() {
  if (pause_ == Pause::kBarrier && (expected_.empty() || copy_in_) && !probing_) {
    pause_ = Pause::kNone;
  }
}

}  // namespace chaperone::session
