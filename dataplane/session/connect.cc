// From the verified token to the first ReadyForQuery: the connection to the database, what its names mean, its catalog.
#include <spdlog/spdlog.h>

#include <utility>

#include "api/sql/analyze.h"
#include "dataplane/session/denial.h"
#include "dataplane/session/session.h"

namespace chaperone::session {

namespace pg = wire::postgres;
namespace sqlstate = wire::postgres::sqlstate;
using events::Count;
using runtime::Task;

Task<bool> Session::Connect() {
  recorder_.SetOptions(view_->recording());
  AdoptLimits();
  if (!RecordStart()) {
    co_await Refuse(sqlstate::kLimitReached, "the sidecar's recording spool is full", "Try again later.");
    co_return false;
  }
  upstream::Connector::Parameters parameters = settings_;
  parameters.emplace_back("database", database_);
  // Pinned: the sidecar reads statements with these, and so must the server. They go before settings of the role.
  parameters.emplace_back("client_encoding", "UTF8");
  parameters.emplace_back("standard_conforming_strings", "on");
  const runtime::SteadyTime deadline = loop_.clock().Steady() + services_.options.connect_timeout;
  startup_deadline_ = deadline;
  upstream::ConnectResult result = co_await services_.connector.Connect(waiter_, std::move(parameters), deadline);
  if (result.failure) {
    table_.metrics().Add(Count::kUpstreamFailures);
    spdlog::warn("session {}: cannot connect to the database: {}", id_.ToString(), result.failure->cause);
    end_reason_ = "upstream_failed";
    co_await Refuse(result.failure->sqlstate, result.failure->message, "");
    co_return false;
  }
  server_ = std::move(result.connection);
  server_in_ = std::move(server_->input);
  if (!server_watched_.Attach(server_->stream.fd(), needs()).ok()) {
    co_await Refuse(sqlstate::kInternalError, "the sidecar is out of descriptors", "");
    co_return false;
  }
  conversation_.emplace(*this, recorder_, conversation_identity_, services_.options.conversation);
  bool ready = co_await LearnNames();
  if (ready) {
    ready = co_await LearnCatalog();
  }
  if (ready) {
    UpdateContext();
    table_.metrics().Add(Count::kSessions);
    Greet();
  }
  co_return ready;
}

bool Session::RecordStart() {
  recording::SessionStarted started;
  started.issuer = identity_->issuer;
  started.subject = identity_->subject;
  started.client = identity_->client;
  started.human = identity_->human;
  started.task = identity_->task;
  started.token_id = identity_->token_id;
  for (const std::string& group : identity_->groups) {
    started.groups.push_back(group);
  }
  started.sidecar = services_.options.sidecar;
  started.endpoint = services_.options.endpoint;
  started.database = database_;
  started.role = services_.connector.address().user;
  started.client_address = peer_address_;
  started.application_name = application_name_;
  started.policy_revision = snapshot_->policy_revision;
  started.token_expires_us = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(identity_->expires_at.time_since_epoch()).count());
  recording_ = table_.spool().HasRoom() && recorder_.Start(started);
  recorder_.Commit();
  conversation_identity_ = {id_.ToString(),  identity_->issuer,          identity_->subject, identity_->human,
                            identity_->task, services_.options.endpoint, database_,          started.role.data()};
  table_.Add(id_, this);
  return recording_;
}

// Asks the server what names mean, over the client's own connection: search_path and role may be set for the role or
// database.
Task<bool> Session::LearnNames() {
  conversation_->ProbeNames();
  const runtime::Channel channel(server_->stream, server_watched_, waiter_);
  absl::Status status = co_await runtime::WriteAll(channel, startup_deadline_, conversation_->to_server().TakeAll());
  while (status.ok() && !conversation_->ending() && conversation_->pause() != Pause::kNone) {
    status = co_await runtime::ReadSome(channel, startup_deadline_, &server_in_);
    if (status.ok()) {
      server_in_.erase(0, conversation_->OnServerBytes(server_in_));
    }
  }
  if (!status.ok() || conversation_->ending() || !names_known_) {
    table_.metrics().Add(Count::kUpstreamFailures);
    end_reason_ = "upstream_failed";
    co_await Refuse(sqlstate::kCannotConnect, "the database did not answer the sidecar", "Try again later.");
    co_return false;
  }
  co_return true;
}

Task<bool> Session::LearnCatalog() {
  table_.EnterDatabase(database_);
  in_database_ = true;
  catalog_ = table_.CatalogOf(database_);
  if (catalog_ != nullptr) {
    co_return true;
  }
  absl::Status failure = absl::UnknownError("");
  bool answered = false;
  const std::shared_ptr<Session*> self = self_;
  services_.catalogs.Get(database_, loop_, [self, &failure, &answered](absl::StatusOr<upstream::CatalogInUse> catalog) {
    if (*self == nullptr) {
      return;
    }
    answered = true;
    failure = catalog.status();
    if (catalog.ok()) {
      (*self)->table_.SetCatalog((*self)->database_, *std::move(catalog));
    }
    (*self)->waiter_.Raise(kReply);
  });
  while (!answered) {
    const uint32_t bits = co_await waiter_.Wait(startup_deadline_);
    if ((bits & (runtime::Waiter::kTimeout | runtime::Waiter::kInterrupt)) != 0 && !answered) {
      failure = base::DeadlineExceeded("the catalog was not read in time");
      *self_ = nullptr;  // the answer would write into this frame
      self_ = std::make_shared<Session*>(this);
      break;
    }
  }
  catalog_ = table_.CatalogOf(database_);
  if (!failure.ok() || catalog_ == nullptr) {
    table_.metrics().Add(Count::kUpstreamFailures);
    spdlog::warn("session {}: cannot read the catalog: {}", id_.ToString(), base::Message(failure));
    end_reason_ = "upstream_failed";
    co_await Refuse(sqlstate::kCannotConnect, "the sidecar cannot read the database's catalog",
                    "The sidecar's operator has to look at its log.");
    co_return false;
  }
  co_return true;
}

// The end of the startup, as the client sees it: a cancel key of ours, the server's parameters.
void Session::Greet() {
  const std::shared_ptr<Session*> self = self_;
  runtime::Loop* const loop = &loop_;
  cancel_key_ = services_.cancels.Register(server_->process_id, [self, loop](CancelRegistry::Done done) {
    loop->Post([self, done = std::move(done)] { *self != nullptr ? (*self)->OnCancelRequest(done) : done(); });
  });
  Outbox& out = conversation_->to_client();
  pg::AppendAuthenticationOk(out.own());
  for (const auto& [name, value] : server_->parameters) {
    pg::AppendParameterStatus(name, value, out.own());
  }
  pg::AppendBackendKeyData(cancel_key_->process_id, cancel_key_->secret, out.own());
  pg::AppendReadyForQuery(pg::TransactionStatus::kIdle, out.own());
  out.Added();
}

void Session::OnNames(std::string_view search_path, std::string_view role, std::string_view temp_schema) {
  names_changed_ = true;
  names_ = sql::SessionContext();
  names_.role = role;
  names_.search_path.clear();
  if (temp_schema != "-") {
    names_.temp_schema = temp_schema;
  }
  // A path that does not parse resolves no unqualified name.
  names_known_ = sql::ParseSearchPath(search_path, &names_.search_path);
  if (!names_known_) {
    names_.search_path.clear();
    names_known_ = search_path.empty();
  }
  conversation_identity_.role = role;
  if (conversation_ && conversation_->context() != nullptr) {
    UpdateContext();
  }
}

}  // namespace chaperone::session
