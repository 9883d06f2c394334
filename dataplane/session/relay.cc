// The main part of a session: bytes of either side go through the conversation, one read at a time; what comes of them
// goes out together with that of other sessions. A side that does not take its bytes stops the other side from being
// read, so that nothing grows.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "dataplane/session/denial.h"
#include "dataplane/session/session.h"

namespace chaperone::session {

namespace pg = wire::postgres;
namespace sqlstate = wire::postgres::sqlstate;
using events::Count;
using runtime::IoState;
using runtime::Task;

namespace {

// Bytes of a kept message are moved to the front of the scratch buffer up to this many; a larger one gets a buffer of
// its own.
constexpr size_t kScratchCarryMax = 16 << 10;
constexpr size_t kReadBytes = 64 << 10;
// Input up to this many bytes is held until other sessions have been looked at; more goes on at once.
constexpr size_t kHoldBytesMax = 4 << 10;
constexpr std::chrono::seconds kGoodbyeTimeout{2};
constexpr size_t kLingerBytesMax = 64 << 20;
constexpr std::chrono::hours kFarAway{24};

}  // namespace

Task<void> Session::Relay() {
  last_client_input_ = loop_.Now();
  client_watched_.TellOnce(!client_.is_tls());
  server_watched_.TellOnce(!server_->stream.is_tls());
  Flush();
  uint32_t bits = kClientReady | kServerReady;
  while (!over_) {
    if ((bits & runtime::Waiter::kTimeout) != 0 || table_.drain_deadline()) {
      CheckDeadlines();
    }
    if ((bits & kReply) != 0) {
      StepApproval();
    }
    if (conversation_->has_backlog() && (bits & kFlushed) == 0) {
      Flush();  // one of them may take more now
    }
    if ((bits & kServerReady) != 0) {
      PumpServer();
    }
    if ((bits & kClientReady) != 0 || !client_in_.empty() || client_gone_ || conversation_->ending()) {
      PumpClient((bits & kClientReady) != 0);
    }
    CheckPause();
    if (over_) {
      break;
    }
    SetInterest();
    bits = co_await waiter_.Wait(NextDeadline());
  }
  co_await SayGoodbye();
}

// Reads once. `in` is what there is now, `carry` included; false when nothing new came.
bool Session::Read(runtime::Stream& stream, std::string* carry, size_t frame_bytes, std::string_view* in) {
  // What the input will need comes while the kernel copies it.
  conversation_->Prefetch(&stream == &client_);
  const std::span<char> scratch = table_.scratch().free();
  runtime::IoResult result;
  size_t room = 0;
  if (carry->size() <= kScratchCarryMax && frame_bytes <= scratch.size()) {
    if (!carry->empty()) {
      std::memcpy(scratch.data(), carry->data(), carry->size());
    }
    room = scratch.size() - carry->size();
    result = stream.Read(scratch.data() + carry->size(), room);
    *in = std::string_view(scratch.data(), carry->size() + result.bytes);
  } else {
    // A large message is gathered where it stays.
    const size_t before = carry->size();
    carry->resize(before +
                  std::max(kReadBytes, std::min<size_t>(frame_bytes - std::min(frame_bytes, before), 1 << 20)));
    room = carry->size() - before;
    result = stream.Read(carry->data() + before, room);
    carry->resize(before + result.bytes);
    *in = *carry;
  }
  if (result.bytes < room && !stream.is_tls()) {
    (&stream == &client_ ? client_watched_ : server_watched_).Exhausted();
  }
  if (result.state == IoState::kOk) {
    return true;
  }
  if (result.state != IoState::kWouldBlock) {
    (&stream == &client_ ? client_gone_ : server_gone_) = true;
  }
  return false;
}

// Keeps what was not used of `in`, which is in the scratch buffer or in `carry` itself.
void Session::Retain(std::string_view in, size_t used, std::string* carry) {
  if (used == in.size()) {  // mostly
    if (!carry->empty()) {
      carry->clear();
    }
  } else if (in.data() == carry->data()) {
    carry->erase(0, used);
  } else {
    carry->assign(in.substr(used));
  }
  if (carry->empty() && carry->capacity() > kScratchCarryMax) {
    std::string().swap(*carry);
  }
}

// How long the server's message is that has not come whole; 0 when it is not known.
size_t Session::server_frame_bytes() const {
  pg::Header header;
  absl::Status error;
  const bool known = pg::ReadBackendHeader(server_in_, &header, &error) == pg::FrameState::kHeader;
  return known ? header.frame_bytes() : 0;
}

void Session::PumpServer() {
  if (conversation_->to_client().backlog_size() > 0) {
    return;
  }
  do {
    std::string_view in;
    const size_t frame_bytes = server_in_.empty() ? 0 : server_frame_bytes();
    const bool got = Read(server_->stream, &server_in_, frame_bytes, &in);
    if (got) {
      const size_t used = conversation_->OnServerBytes(in);
      const bool flushed = FlushSoon(in, server_in_);
      Retain(in, used, &server_in_);
      if (!flushed) {
        break;
      }
    }
    if (server_gone_ && !conversation_->ending()) {
      EndRelay(Fatal(sqlstate::kConnectionFailure, "the database closed the connection"), "server_closed");
      return;
    }
    if (!got) {
      break;
    }
  } while (server_->stream.has_buffered_input() && !conversation_->ending());
  if (conversation_->ending()) {
    EndRelay(conversation_->ending()->error, conversation_->ending()->reason);
  }
}

void Session::PumpClient(bool may_read) {
  do {
    if (over_ || conversation_->to_server().backlog_size() > 0) {
      break;
    }
    const bool paused = is_paused();
    std::string_view in = client_in_;
    bool got = false;
    if (may_read && !(paused && client_in_.size() >= services_.options.read_ahead_bytes)) {
      const size_t frame_bytes = client_in_.empty() ? 0 : conversation_->client_frame_bytes(client_in_);
      got = Read(client_, &client_in_, frame_bytes, &in);
      last_client_input_ = got ? loop_.Now() : last_client_input_;
    }
    size_t used = 0;
    if (!paused && !in.empty()) {
      UpdateContext();
      used = conversation_->OnClientBytes(in);
      FlushSoon(in, client_in_);
    }
    if (got || used > 0) {
      Retain(in, used, &client_in_);
    }
    if (client_gone_ || conversation_->client_terminated()) {
      return EndRelay(std::nullopt, "client_closed");
    }
    if (conversation_->ending()) {
      table_.metrics().Add(Count::kProtocolErrors);
      return EndRelay(conversation_->ending()->error, conversation_->ending()->reason);
    }
    may_read = got && client_.has_buffered_input();
  } while (may_read);
}

// Sends what both sides can take, of input that is kept in `carry` or is long at once, else with that of other
// sessions, if there are any: so each of them finds the code of the one before in the processor's caches, and the
// kernel's sends its own. False when the client did not take everything.
bool Session::FlushSoon(std::string_view in, const std::string& carry) {
  if (!loop_.IsWorthDeferring() || in.data() == carry.data() || in.size() > kHoldBytesMax ||
      !table_.scratch().Hold(in.size())) {
    return Flush();
  }
  ++input_holds_;
  loop_.Defer(*this);
  return true;
}

void Session::RunDeferred() {
  if (over_) {
    return ReleaseInput();  // what there is to say is said with the end
  }
  Flush();
  if (conversation_->has_backlog() || client_gone_) {
    waiter_.Raise(kFlushed);
  }
}

void Session::ReleaseInput() { table_.scratch().Release(std::exchange(input_holds_, 0)); }

// Sends what both sides can take. False when the client does not take everything.
bool Session::Flush() {
  recorder_.Commit();
  bool all_to_client = true;
  if (!conversation_->to_client().empty()) {
    const auto result = conversation_->to_client().Flush(client_);
    all_to_client = result.state == IoState::kOk;
    client_gone_ = client_gone_ || result.state == IoState::kClosed || result.state == IoState::kError;
  }
  if (!conversation_->to_server().empty()) {
    const auto result = conversation_->to_server().Flush(server_->stream);
    // A server that takes no more has said why, or will: what it has sent is read first.
    (void)result;
  }
  ReleaseInput();
  return all_to_client;
}

void Session::SetInterest() {
  const bool client_backlog = conversation_->to_client().backlog_size() > 0;
  const bool server_backlog = conversation_->to_server().backlog_size() > 0;
  const bool may_read_client =
      !server_backlog && !(is_paused() && client_in_.size() >= services_.options.read_ahead_bytes);
  client_watched_.Want(may_read_client, client_backlog);
  server_watched_.Want(!client_backlog, server_backlog);
}

runtime::SteadyTime Session::NextDeadline() {
  const runtime::SteadyTime now = loop_.Now();
  runtime::SteadyTime next = now + kFarAway;
  const auto token_left = expires_at_ - Wall();
  if (token_left < kFarAway) {
    next = std::min(next, now + std::chrono::duration_cast<std::chrono::nanoseconds>(token_left));
  }
  if (services_.options.idle_timeout.count() > 0) {
    next = std::min(next, last_client_input_ + services_.options.idle_timeout);
  }
  if (const auto running = conversation_->running_since()) {
    const auto limit = view_->limits().statement_timeout;
    if (limit.count() > 0 && !cancel_sent_) {
      next = std::min(next, *running + limit);
    }
  } else {
    cancel_sent_ = false;
  }
  if (approval_ != nullptr && hold_deadline_) {
    next = std::min(next, *hold_deadline_);
  }
  if (table_.drain_deadline()) {
    next = std::min(next, *table_.drain_deadline());
  }
  return next;
}

void Session::CheckDeadlines() {
  const runtime::SteadyTime now = loop_.Now();
  if (Wall() >= expires_at_) {
    return EndRelay(
        Fatal(sqlstate::kInvalidAuthorization, "the session's token has expired", "Connect again with a fresh token."),
        "token_expired");
  }
  if (table_.drain_deadline() && (now >= *table_.drain_deadline() || !conversation_->busy())) {
    return EndRelay(Fatal(sqlstate::kAdminShutdown, "the sidecar is shutting down", "Connect again."), "shutdown");
  }
  const auto idle_timeout = services_.options.idle_timeout;
  if (idle_timeout.count() > 0 && !conversation_->busy() && approval_ == nullptr &&
      now >= last_client_input_ + idle_timeout) {
    return EndRelay(Fatal(sqlstate::kIdleSessionTimeout, "terminating connection due to idle-session timeout"),
                    "idle_timeout");
  }
  const auto running = conversation_->running_since();
  const auto limit = view_->limits().statement_timeout;
  if (running && limit.count() > 0 && now >= *running + limit) {
    table_.metrics().Add(Count::kLimitsReached);
    conversation_->OnStatementTimeout(fmt::format("statement_timeout = {} ms", limit.count()));
  }
  StepApproval();
}

// What keeps the client's next message waiting, if it is something that the session has to see to.
void Session::CheckPause() {
  if (over_) {
    return;
  }
  if (conversation_->pause() == Pause::kApproval && approval_ == nullptr && !is_estimating_) {
    AskForApproval();
  }
  if ((conversation_->pause() == Pause::kCatalog || catalog_wanted_) && !catalog_asked_) {
    RefreshCatalog();
  }
}

void Session::RefreshCatalog() {
  catalog_asked_ = true;
  catalog_wanted_ = false;
  const std::shared_ptr<Session*> self = self_;
  services_.catalogs.Refresh(database_, loop_, [self](absl::StatusOr<upstream::CatalogInUse> catalog) {
    if (*self == nullptr) {
      return;
    }
    Session& session = **self;
    session.catalog_asked_ = false;
    if (catalog.ok()) {
      session.table_.SetCatalog(session.database_, *std::move(catalog));
    }
    session.UpdateContext();
    // A name that is still not known is refused now.
    session.conversation_->CatalogRefreshed();
    session.Wake();
  });
}

void Session::UpdateContext() {
  if (context_generation_ == table_.generation() && !names_changed_) {
    return;
  }
  context_generation_ = table_.generation();
  names_changed_ = false;
  const upstream::CatalogPtr catalog = table_.CatalogOf(database_);
  const bool same = conversation_->context() != nullptr && snapshot_ == table_.snapshot() && catalog_ == catalog &&
                    conversation_->context()->names().search_path == names_.search_path &&
                    conversation_->context()->names().role == names_.role &&
                    conversation_->context()->names().temp_schema == names_.temp_schema;
  if (same) {
    return;
  }
  if (snapshot_ != table_.snapshot() || view_ == nullptr) {
    snapshot_ = table_.snapshot();
    view_ = table_.ViewFor(principal_, database_);
    recorder_.SetOptions(view_->recording());
    AdoptLimits();
  }
  catalog_ = catalog;
  conversation_->SetContext(table_.ContextFor(view_, snapshot_->policy_revision, catalog_, names_));
}

void Session::AdoptLimits() {
  const std::string task =
      principal_.task.empty() ? std::string() : fmt::format("{}\n{}", principal_.issuer, principal_.task);
  quota_.SetLimits(view_->limits(), services_.quotas, principal_key_, task, loop_.Now());
  bounded_by_ = quota_.empty() ? nullptr : &quota_;
}

void Session::OnCatalogChanged() { catalog_wanted_ = true; }
bool Session::CatalogMayBeStale() { return true; }

std::optional<std::string> Session::CheckFreshness(bool is_write) {
  return policy::CheckFreshness(view_->degraded(), is_write, services_.link.LostFor(loop_.Now()));
}

void Session::CancelStatement() {
  cancel_sent_ = true;
  table_.CancelUpstream(server_->process_id, server_->cancel_key);
}

void Session::OnCancelRequest(const CancelRegistry::Done& done) {
  if (approval_ != nullptr && conversation_->pause() == Pause::kApproval) {
    ApprovalAnswer answer;
    answer.state = ApprovalAnswer::State::kCancelled;
    answer.id = approval_->id();
    FinishApproval(std::move(answer));
    return done();
  }
  if (is_estimating_) {
    is_estimating_ = false;
    ++estimate_;
    ApprovalAnswer answer;
    answer.state = ApprovalAnswer::State::kCancelled;
    FinishApproval(std::move(answer));
    return done();
  }
  if (!conversation_->busy()) {
    return done();
  }
  table_.CancelUpstream(server_->process_id, server_->cancel_key, done);
}

void Session::EndRelay(std::optional<pg::ErrorMessage> error, std::string reason) {
  if (over_) {
    return;
  }
  Flush();  // what came before the end was meant to go on
  over_ = true;
  end_error_ = std::move(error);
  end_reason_ = std::move(reason);
}

// Takes what the client is still sending. A socket that is closed with unread input resets the connection, and the
// client may lose the error that says why.
Task<void> Session::Linger(runtime::SteadyTime deadline) {
  size_t taken = 0;
  bool finished = false;
  while (!waiter_.interrupted() && taken < kLingerBytesMax) {
    const std::span<char> scratch = table_.scratch().free();
    const runtime::IoResult read = client_.Read(scratch.data(), scratch.size());
    if (read.state == IoState::kOk) {
      taken += read.bytes;
      continue;
    }
    if (read.state != IoState::kWouldBlock || (taken == 0 && client_in_.empty())) {
      break;
    }
    if (!std::exchange(finished, true)) {
      client_.FinishWrites();
    }
    client_watched_.Want(true, false);
    const uint32_t bits = co_await waiter_.Wait(deadline);
    if ((bits & runtime::Waiter::kTimeout) != 0) {
      break;
    }
  }
  client_watched_.Want(false, false);
}

// Tells the client why, if it listens, and the server that nobody will ask any more.
Task<void> Session::SayGoodbye() {
  const runtime::SteadyTime deadline = loop_.clock().Steady() + kGoodbyeTimeout;
  recorder_.Commit();
  std::string out = conversation_->to_client().TakeAll();
  if (end_error_) {
    pg::AppendError(*end_error_, &out);
  }
  client_watched_.Want(false, false);
  server_watched_.Want(false, false);
  if (!client_gone_ && !out.empty()) {
    // The waiter may be interrupted for good: what the socket takes at once has to do then.
    const iovec part{out.data(), out.size()};
    const runtime::IoResult written = client_.Write({&part, 1});
    if (written.state == IoState::kOk && written.bytes < out.size() && !waiter_.interrupted()) {
      const runtime::Channel channel(client_, client_watched_, waiter_);
      (void)co_await runtime::WriteAll(channel, deadline, out.substr(written.bytes));
    }
  }
  if (end_error_ && !client_gone_) {
    co_await Linger(deadline);
  }
  if (end_error_ && conversation_->busy()) {
    // The session is taken away from its client, and what runs in its name ends too. A client that goes by itself
    // leaves its statement running, as it does without the sidecar.
    table_.CancelUpstream(server_->process_id, server_->cancel_key);
  }
  if (!server_gone_ && !conversation_->client_terminated()) {
    std::string terminate = conversation_->busy() ? std::string() : conversation_->to_server().TakeAll();
    pg::AppendTerminate(&terminate);
    const iovec part{terminate.data(), terminate.size()};
    (void)server_->stream.Write({&part, 1});
  }
}

}  // namespace chaperone::session
