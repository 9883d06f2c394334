// The beginning of a session: encryption, the StartupMessage, the token. PostgreSQL 15 manual, sections 55.2.1
// and 55.2.10.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "dataplane/session/denial.h"
#include "dataplane/session/session.h"
#include "dataplane/session/startup_settings.h"

namespace chaperone::session {

namespace pg = wire::postgres;
namespace sqlstate = wire::postgres::sqlstate;
using events::Count;
using runtime::Task;

namespace {

// For a cancellation to reach the database; a little more than it is given there (session_table.cc).
constexpr std::chrono::seconds kCancelWait{6};

// The first byte of a TLS handshake record (RFC 8446 section 5.1).
constexpr char kTlsHandshake = 0x16;

}  // namespace

// Ends the startup with a FATAL error.
Task<void> Session::Refuse(std::string_view state, std::string message, std::string hint) {
  return Refuse(Fatal(state, std::move(message), std::move(hint)));
}

Task<void> Session::Refuse(pg::ErrorMessage error) {
  std::string out;
  pg::AppendError(error, &out);
  const runtime::Channel channel(client_, client_watched_, waiter_);
  // The client may have gone: nothing is left to do about it.
  (void)co_await runtime::WriteAll(channel, startup_deadline_, std::move(out));
  if (end_reason_.empty()) {
    end_reason_ = "refused";
  }
}

// Reads until client_in_ holds a whole startup packet.
Task<bool> Session::ReadStartupPacket(size_t* packet_bytes) {
  for (;;) {
    uint32_t length = 0;
    absl::Status error;
    const pg::FrameState state = pg::ReadStartupLength(client_in_, &length, &error);
    if (state == pg::FrameState::kError) {
      table_.metrics().Add(Count::kProtocolErrors);
      co_await Refuse(sqlstate::kProtocolViolation, std::string(base::Message(error)), "");
      co_return false;
    }
    if (state == pg::FrameState::kHeader && client_in_.size() >= length) {
      *packet_bytes = length;
      co_return true;
    }
    const runtime::Channel channel(client_, client_watched_, waiter_);
    const absl::Status status = co_await runtime::ReadSome(channel, startup_deadline_, &client_in_);
    if (!status.ok()) {
      // A silent peer, or one that went away: nobody to talk to.
      end_reason_ = status.code() == absl::StatusCode::kDeadlineExceeded ? "startup_timeout" : "client_closed";
      co_return false;
    }
  }
}

Task<bool> Session::AcceptTls(bool direct) {
  const std::shared_ptr<SSL_CTX> context = services_.client_tls.Get();
  absl::Status status = context == nullptr ? base::Unavailable("TLS is not configured") : absl::OkStatus();
  if (status.ok()) {
    status = client_.StartTlsServer(context.get());
  }
  if (status.ok()) {
    const runtime::Channel channel(client_, client_watched_, waiter_);
    status = co_await runtime::FinishHandshake(channel, startup_deadline_);
  }
  if (!status.ok() || (direct && client_.alpn() != runtime::kAlpnPostgres)) {
    table_.metrics().Add(Count::kProtocolErrors);
    end_reason_ = "tls_failed";
    co_return false;
  }
  co_return true;
}

Task<bool> Session::OnSslRequest(size_t packet_bytes) {
  // Whatever stands behind the request was sent before encryption began, by whoever (CVE-2021-23214).
  if (client_in_.size() != packet_bytes) {
    table_.metrics().Add(Count::kProtocolErrors);
    co_await Refuse(sqlstate::kProtocolViolation, "received unencrypted data after SSL request",
                    "This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.");
    co_return false;
  }
  client_in_.clear();
  const bool offered = services_.client_tls.Get() != nullptr;
  const runtime::Channel channel(client_, client_watched_, waiter_);
  const absl::Status status = co_await runtime::WriteAll(channel, startup_deadline_, offered ? "S" : "N");
  if (!status.ok()) {
    end_reason_ = "client_closed";
    co_return false;
  }
  if (offered) {
    const bool accepted = co_await AcceptTls(false);
    co_return accepted;
  }
  co_return true;
}

// Keeps the parameters, and what there is to say of a newer minor version or of options that are not known.
void Session::TakeStartup(const pg::Startup& startup) {
  for (const auto& [name, value] : startup.parameters) {
    startup_parameters_.emplace_back(name, value);
  }
  std::vector<std::string_view> unknown_options;
  for (const auto& [name, value] : startup_parameters_) {
    if (name.substr(0, 5) == "_pq_.") {
      unknown_options.push_back(name);
    }
  }
  if (startup.protocol > pg::kProtocol30 || !unknown_options.empty()) {
    pg::AppendNegotiateProtocolVersion(unknown_options, &negotiation_);
  }
}

Task<bool> Session::Negotiate() {
  // Direct TLS shows in the first byte, which must stay in the socket for TLS to read.
  client_watched_.Want(true, false);
  char first = 0;
  while (recv(client_.fd(), &first, 1, MSG_PEEK) < 0) {
    const uint32_t bits = co_await waiter_.Wait(startup_deadline_);
    if ((bits & (runtime::Waiter::kTimeout | runtime::Waiter::kInterrupt)) != 0) {
      end_reason_ = "startup_timeout";
      co_return false;
    }
  }
  client_watched_.Want(false, false);
  if (first == kTlsHandshake && !co_await AcceptTls(true)) {
    co_return false;
  }
  bool ssl_asked = client_.is_tls();
  bool gss_asked = false;
  for (;;) {
    size_t packet_bytes = 0;
    if (!co_await ReadStartupPacket(&packet_bytes)) {
      co_return false;
    }
    const auto packet = pg::DecodeStartupPacket(std::string_view(client_in_).substr(0, packet_bytes));
    if (!packet.ok()) {
      table_.metrics().Add(Count::kProtocolErrors);
      const bool version = packet.status().code() == absl::StatusCode::kUnimplemented;
      co_await Refuse(version ? sqlstate::kFeatureNotSupported : sqlstate::kProtocolViolation,
                      std::string(base::Message(packet.status())), "");
      co_return false;
    }
    if (const auto* cancel = std::get_if<pg::CancelRequest>(&*packet)) {
      end_reason_ = "cancel_request";
      co_await PassCancelRequest(*cancel);
      co_return false;
    }
    if (const auto* startup = std::get_if<pg::Startup>(&*packet)) {
      TakeStartup(*startup);
      client_in_.erase(0, packet_bytes);
      co_return true;
    }
    const bool is_ssl = std::holds_alternative<pg::SslRequest>(*packet);
    if (std::exchange(is_ssl ? ssl_asked : gss_asked, true)) {
      table_.metrics().Add(Count::kProtocolErrors);
      co_await Refuse(sqlstate::kProtocolViolation, "encryption was asked for a second time", "");
      co_return false;
    }
    if (is_ssl) {
      if (!co_await OnSslRequest(packet_bytes)) {
        co_return false;
      }
      continue;
    }
    client_in_.erase(0, packet_bytes);
    const runtime::Channel channel(client_, client_watched_, waiter_);
    // GSSAPI encryption is not supported.
    if (!(co_await runtime::WriteAll(channel, startup_deadline_, "N")).ok()) {
      end_reason_ = "client_closed";
      co_return false;
    }
  }
}

// Closing the connection tells the client that the cancellation has got where it can get: what it sends next must not
// be what is cancelled (libpq's PQcancel waits for that).
Task<void> Session::PassCancelRequest(const pg::CancelRequest& request) {
  const std::shared_ptr<Session*> self = self_;
  runtime::Loop* const loop = &loop_;
  services_.cancels.Cancel(request.process_id, request.key, [self, loop] {
    loop->Post([self] {
      if (*self != nullptr) {
        (*self)->waiter_.Raise(kReply);
      }
    });
  });
  client_watched_.Want(false, false);
  const runtime::SteadyTime deadline = loop_.clock().Steady() + kCancelWait;
  uint32_t bits = 0;
  while ((bits & (kReply | runtime::Waiter::kTimeout | runtime::Waiter::kInterrupt)) == 0) {
    bits = co_await waiter_.Wait(deadline);
  }
}

bool Session::CheckStartupParameters(std::string* state, std::string* message) {
  const absl::Status status = ReadStartupSettings(startup_parameters_, &database_, &application_name_, &settings_);
  if (status.ok()) {
    return true;
  }
  *state = status.code() == absl::StatusCode::kUnimplemented ? sqlstate::kFeatureNotSupported
                                                             : sqlstate::kInvalidAuthorization;
  *message = base::Message(status);
  return false;
}

Task<absl::StatusOr<std::string>> Session::ReadPassword() {
  std::string out = negotiation_;
  pg::AppendAuthenticationCleartextPassword(&out);
  const runtime::Channel channel(client_, client_watched_, waiter_);
  absl::Status status = co_await runtime::WriteAll(channel, startup_deadline_, std::move(out));
  for (;;) {
    if (!status.ok()) {
      co_return status;
    }
    pg::Header header;
    absl::Status error;
    const pg::FrameState state = pg::ReadFrontendHeader(client_in_, pg::FrameLimits{}, &header, &error);
    if (state == pg::FrameState::kError && client_in_[0] == 'p') {
      co_return base::Unauthenticated("token refused: it is longer than {} bytes", auth::kTokenBytesMax);
    }
    if (state == pg::FrameState::kError || (state == pg::FrameState::kHeader && header.type != 'p')) {
      co_return base::InvalidArgument("expected password response");
    }
    if (state == pg::FrameState::kHeader && client_in_.size() >= header.frame_bytes()) {
      std::string_view password;
      const std::string_view body = std::string_view(client_in_).substr(pg::kHeaderBytes, header.body_bytes);
      status = pg::DecodePassword(body, &password);
      std::string token(password);
      client_in_.erase(0, header.frame_bytes());
      if (!status.ok()) {
        co_return status;
      }
      co_return token;
    }
    status = co_await runtime::ReadSome(channel, startup_deadline_, &client_in_);
  }
}

Task<bool> Session::Authenticate() {
  std::string state, message;
  if (!CheckStartupParameters(&state, &message)) {
    co_await Refuse(state, message, "");
    co_return false;
  }
  if (!client_.is_tls() && !is_local_) {
    co_await Refuse(sqlstate::kInvalidAuthorization, "a token is taken over TLS, loopback or a Unix socket only",
                    "Connect with sslmode=require or stronger.");
    co_return false;
  }
  if (table_.drain_deadline()) {
    co_await Refuse("57P03", "the sidecar is shutting down", "Connect again.");
    co_return false;
  }
  auto token = co_await ReadPassword();
  if (!token.ok()) {
    const absl::Status& status = token.status();
    end_reason_ = status.code() == absl::StatusCode::kDeadlineExceeded ? "startup_timeout" : "client_closed";
    if (status.code() == absl::StatusCode::kInvalidArgument) {
      table_.metrics().Add(Count::kProtocolErrors);
      co_await Refuse(sqlstate::kProtocolViolation, std::string(base::Message(status)), "");
    } else if (status.code() == absl::StatusCode::kUnauthenticated) {
      table_.metrics().Add(Count::kAuthenticationFailures);
      co_await Refuse(sqlstate::kInvalidAuthorization, std::string(base::Message(status)), "");
    }
    co_return false;
  }
  const bool admitted = co_await Admit(*std::move(token));
  co_return admitted;
}

// The first setting of the startup that the policy does not let the session begin with, and why.
std::optional<std::pair<std::string, policy::Verdict>> Session::FindRefusedSetting() {
  for (const auto& [name, value] : settings_) {
    if (const auto facts = FactsOfSetting(name)) {
      policy::Verdict verdict = view_->Judge(*facts, Wall());
      if (verdict.decision != policy::Decision::kAllow) {
        return std::make_pair(name, std::move(verdict));
      }
    }
  }
  return std::nullopt;
}

Task<bool> Session::Admit(std::string token) {
  snapshot_ = table_.snapshot();
  if (snapshot_ == nullptr) {
    co_await Refuse("57P03", "the sidecar has no policy yet: it has not reached the control plane", "Try again later.");
    co_return false;
  }
  auto identity = auth::VerifyToken(token, *snapshot_->keys, services_.clock.Wall());
  if (!identity.ok()) {
    table_.metrics().Add(Count::kAuthenticationFailures);
    co_await Refuse(sqlstate::kInvalidAuthorization, std::string(base::Message(identity.status())),
                    "Get a fresh token from the issuer and send it as the password.");
    co_return false;
  }
  identity_ = *std::move(identity);
  expires_at_ = identity_->expires_at;
  principal_ = {identity_->issuer, identity_->subject, identity_->groups,
                identity_->client, identity_->human,   identity_->task};
  const policy::Revocation* revocation = nullptr;
  if (IsRevokedBy(&revocation)) {
    table_.metrics().Add(Count::kAuthenticationFailures);
    co_await Refuse(sqlstate::kInvalidAuthorization, fmt::format("access was revoked ({})", revocation->id),
                    "Ask the operators who revoked it.");
    co_return false;
  }
  view_ = table_.ViewFor(principal_, database_);
  if (!view_->Applies()) {
    table_.metrics().Add(Count::kAuthenticationFailures);
    co_await Refuse(sqlstate::kDenied,
                    fmt::format("no policy lets this identity use {}/{}", services_.options.endpoint, database_),
                    "Ask for a policy that names your subject or one of your groups, and this database.");
    co_return false;
  }
  if (const auto refused = FindRefusedSetting()) {
    table_.metrics().Add(Count::kSettingsRefused);
    pg::ErrorMessage error = StartupSettingRefused(refused->first, refused->second);
    co_await Refuse(std::move(error));
    co_return false;
  }
  principal_key_ = fmt::format("{}\n{}", principal_.issuer, principal_.subject);
  const uint32_t limit = view_->limits().sessions;
  if (!services_.counter.EnterAs(principal_key_, limit)) {
    table_.metrics().Add(Count::kLimitsReached);
    co_await Refuse(sqlstate::kTooManyConnections, fmt::format("this identity has {} sessions already", limit),
                    "Close sessions that are not needed any more.");
    co_return false;
  }
  counted_as_principal_ = true;
  co_return true;
}

}  // namespace chaperone::session
