#include "dataplane/session/session.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "dataplane/session/denial.h"

namespace chaperone::session {

namespace pg = wire::postgres;
using events::Count;
using runtime::Task;

Session::Session(SessionTable& table, runtime::Fd fd, std::string peer_address, bool is_local)
    : table_(table),
      services_(table.services()),
      loop_(table.loop()),
      id_(base::SessionId::New(services_.clock)),
      peer_address_(std::move(peer_address)),
      is_local_(is_local),
      waiter_(loop_),
      client_(std::move(fd)),
      client_watched_(waiter_, kClientReady),
      server_watched_(waiter_, kServerReady),
      record_(table.spool(), id_),
      recorder_(record_, loop_.event_clock()),
      self_(std::make_shared<Session*>(this)) {}

Session::~Session() = default;

Task<void> Session::Run() {
  startup_deadline_ = loop_.clock().Steady() + services_.options.startup_timeout;
  bool going_on = client_watched_.Attach(client_.fd(), needs()).ok();
  if (going_on) {
    going_on = co_await Negotiate();
  }
  if (going_on) {
    going_on = co_await Authenticate();
  }
  if (going_on) {
    going_on = co_await Connect();
  }
  if (going_on) {
    co_await Relay();
  }
  End();
}

void Session::End() {
  *self_ = nullptr;
  approval_ = nullptr;
  if (cancel_key_) {
    services_.cancels.Unregister(*cancel_key_);
  }
  if (conversation_) {
    conversation_->Abandon();
  }
  if (recording_) {
    const ConversationTotals totals = conversation_ ? conversation_->totals() : ConversationTotals();
    // Without room in the spool the record ends without this; the control plane closes it when the sidecar says that
    // the session is gone.
    (void)recorder_.End({end_reason_, totals.statements, totals.denied, totals.rows, totals.masked_cells});
    recorder_.Commit();
  }
  ReleaseInput();
  client_watched_.Release();
  server_watched_.Release();
  client_.Close();
  if (server_ != nullptr) {
    server_->stream.Close();
  }
  if (counted_as_principal_) {
    services_.counter.LeaveAs(principal_key_);
  }
  services_.counter.Leave();
  if (in_database_) {
    table_.LeaveDatabase(database_);
  }
  table_.Remove(id_);
  for (const auto& done : when_closed_) {
    done();
  }
  spdlog::debug("session {} ended: {}", id_.ToString(), end_reason_);
}

void Session::Kill(std::string reason, std::string message, std::function<void()> done) {
  if (done) {
    when_closed_.push_back(std::move(done));
  }
  if (!over_) {
    end_reason_ = std::move(reason);
    end_error_ = Fatal(pg::sqlstate::kAdminShutdown, std::move(message));
    over_ = true;
  }
  waiter_.Raise(runtime::Waiter::kInterrupt);
}

bool Session::IsRevokedBy(const policy::Revocation** revocation) const {
  if (!identity_ || table_.snapshot() == nullptr) {
    return false;
  }
  *revocation =
      policy::FindRevocation(table_.snapshot()->revocations, principal_, identity_->token_id, services_.clock.Wall());
  return *revocation != nullptr;
}

}  // namespace chaperone::session
