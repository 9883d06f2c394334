// `chaperone sessions list|show|kill`.
#include "tools/chaperone/commands/session_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "chaperone/v1/session.grpc.pb.h"
#include "tools/chaperone/commands/approval_view.h"
#include "tools/chaperone/display/cell.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/display/table.h"
#include "tools/chaperone/proto_time.h"

namespace chaperone::cli {

namespace {

using v1::SessionService;

// What the server gives at once.
constexpr int kPageMax = 1000;

struct ListOptions {
  bool live = false;
  std::string subject, database, sidecar, after;
  int limit = 100;
};

// As many as asked for, page by page.
absl::StatusOr<v1::ListSessionsResponse> ListPages(const ListOptions& options, Context& context) {
  v1::ListSessionsRequest request;
  request.set_live_only(options.live);
  request.set_subject(options.subject);
  request.set_database(options.database);
  request.set_sidecar(options.sidecar);
  request.set_after(options.after);
  v1::ListSessionsResponse all;
  while (all.sessions_size() < options.limit) {
    request.set_limit(std::min(options.limit - all.sessions_size(), kPageMax));
    CHAPERONE_ASSIGN_OR_RETURN(const auto page,
                               context.Call<SessionService>(&SessionService::Stub::ListSessions, request));
    all.mutable_sessions()->MergeFrom(page.sessions());
    if (page.sessions_size() < request.limit()) {
      break;
    }
    request.set_after(page.sessions(page.sessions_size() - 1).id());
  }
  return all;
}

absl::Status List(const ListOptions& options, Context& context) {
  CHAPERONE_ASSIGN_OR_RETURN(const auto response, ListPages(options, context));
  if (context.json()) {
    context.PrintJson(response);
    return absl::OkStatus();
  }
  display::Table table({{.title = "ID"},
                        {.title = "STATE", .width_max = 24},
                        {.title = "AGENT", .width_max = 40},
                        {.title = "DATABASE", .width_max = 40},
                        {.title = "STARTED"},
                        {.title = "STATEMENTS", .right = true},
                        {.title = "DENIED", .right = true},
                        {.title = "ROWS", .right = true},
                        {.title = "MASKED", .right = true}});
  const display::WallTime now = context.world().clock.Wall();
  for (const v1::Session& session : response.sessions()) {
    table.Add({session.id(), session.state() == v1::Session::LIVE ? "live" : session.end_reason(),
               PrincipalText(session.principal()), fmt::format("{}/{}", session.endpoint(), session.database()),
               display::Relative(FromProto(session.started_at()), now), display::Grouped(session.statements()),
               display::Grouped(session.denied()), display::Grouped(session.rows()),
               display::Grouped(session.masked_cells())});
  }
  context.out() << (table.empty() ? "no sessions\n" : table.Text());
  if (response.sessions_size() == options.limit) {
    const std::string& last = response.sessions(response.sessions_size() - 1).id();
    context.out() << fmt::format("\nOlder ones: --after {}\n", display::Line(last));
  }
  return absl::OkStatus();
}

std::string SessionText(const v1::Session& session, display::WallTime now) {
  const v1::Principal& principal = session.principal();
  std::string groups;
  for (const std::string& group : principal.groups()) {
    groups += (groups.empty() ? "" : ", ") + group;
  }
  display::Fields fields;
  fields.Add("id", session.id());
  fields.Add("state", session.state() == v1::Session::LIVE ? "live" : "ended: " + session.end_reason());
  fields.Add("agent", principal.subject());
  fields.Add("for", principal.human());
  fields.Add("task", principal.task());
  fields.Add("groups", groups);
  fields.Add("client", principal.client());
  fields.Add("issuer", principal.issuer());
  fields.Add("token", principal.token_id());
  if (principal.has_expires_at()) {
    fields.Add("token expires", fmt::format("{} ({})", display::Moment(FromProto(principal.expires_at())),
                                            display::Relative(FromProto(principal.expires_at()), now)));
  }
  fields.Add("database", fmt::format("{}/{} as {}", session.endpoint(), session.database(), session.role()));
  fields.Add("from", session.client_address());
  fields.Add("application", session.application_name());
  fields.Add("sidecar", session.sidecar());
  fields.Add("started", fmt::format("{} ({})", display::Moment(FromProto(session.started_at())),
                                    display::Relative(FromProto(session.started_at()), now)));
  if (session.has_ended_at()) {
    fields.Add("ended", display::Moment(FromProto(session.ended_at())));
  }
  fields.Add("statements", fmt::format("{} ({} denied)", display::Grouped(session.statements()), session.denied()));
  fields.Add("rows", fmt::format("{} ({} cells masked)", display::Grouped(session.rows()),
                                 display::Grouped(session.masked_cells())));
  fields.Add("recording", fmt::format("{} in {}", display::Counted(session.recorded_records(), "record"),
                                      display::ByteCount(session.recorded_bytes())));
  if (!session.chain_head().empty()) {
    fields.Add("head", display::Hex(session.chain_head()).substr(2));
  }
  return fields.Text();
}

absl::Status Show(const std::string& id, Context& context) {
  v1::GetSessionRequest request;
  request.set_id(id);
  CHAPERONE_ASSIGN_OR_RETURN(const auto session,
                             context.Call<SessionService>(&SessionService::Stub::GetSession, request));
  if (context.json()) {
    context.PrintJson(session);
  } else {
    context.out() << SessionText(session, context.world().clock.Wall());
  }
  return absl::OkStatus();
}

absl::Status Kill(const std::string& id, const std::string& reason, Context& context) {
  v1::KillSessionRequest request;
  request.set_id(id);
  request.set_reason(reason);
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<SessionService>(&SessionService::Stub::KillSession, request));
  if (context.json()) {
    context.PrintJson(response);
  } else {
    context.out() << fmt::format("{} is closed, since {}\n", display::Line(id),
                                 display::Moment(FromProto(response.closed_at())));
  }
  return absl::OkStatus();
}

void AddKill(Registry& registry, CLI::App* group) {
  struct Options {
    std::string id, reason;
  };
  auto options = std::make_shared<Options>();
  CLI::App* kill =
      registry.Command(group,
                       {.name = "kill",
                        .summary = "close a live session; returns once its connection is closed",
                        .examples = "  chaperone sessions kill ses_01JD... --reason \"runaway loop\"\n"
                                    "  chaperone revoke --subject agent-7     # and keep it out",
                        .roles = "admin",
                        .listing = "chaperone sessions list --live"},
                       [options](Context& context) { return Kill(options->id, options->reason, context); });
  kill->add_option("id", options->id, "the session's id")->required();
  kill->add_option("--reason", options->reason, "shown to the agent and kept in the audit log");
}

}  // namespace

void AddSessionCommands(Registry& registry) {
  CLI::App* group = registry.Group("sessions", "what agents do and did");
  auto options = std::make_shared<ListOptions>();
  CLI::App* list = registry.Command(group,
                                    {.name = "list",
                                     .summary = "sessions, newest first",
                                     .examples = "  chaperone sessions list --live\n"
                                                 "  chaperone sessions list --subject agent-7 --limit 20\n"
                                                 "  chaperone sessions list --database shop -o json",
                                     .roles = "admin or auditor",
                                     .listing = ""},
                                    [options](Context& context) { return List(*options, context); });
  list->add_flag("--live", options->live, "only sessions that are connected now");
  list->add_option("--subject", options->subject, "only this agent");
  list->add_option("--database", options->database, "only this database");
  list->add_option("--sidecar", options->sidecar, "only this sidecar");
  list->add_option("--limit", options->limit, "at most so many")->check(CLI::Range(1, 100'000));
  list->add_option("--after", options->after, "continue after (older than) this id");

  auto id = std::make_shared<std::string>();
  CLI::App* show = registry.Command(group,
                                    {.name = "show",
                                     .summary = "one session: who, where, how much, how it ended",
                                     .examples = "  chaperone sessions show ses_01JD...",
                                     .roles = "admin or auditor",
                                     .listing = kSessionListing},
                                    [id](Context& context) { return Show(*id, context); });
  show->add_option("id", *id, "the session's id")->required();
  AddRecordingCommands(registry, group);
  AddKill(registry, group);
}

}  // namespace chaperone::cli
