// `chaperone revoke` and `chaperone revocations …`: identities that may no longer act.
#include <fmt/format.h>

#include <memory>

#include "chaperone/v1/revocation.grpc.pb.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/display/table.h"
#include "tools/chaperone/proto_time.h"
#include "tools/chaperone/registry.h"
#include "tools/chaperone/usage.h"

namespace chaperone::cli {

namespace {

using v1::RevocationService;

struct RevokeOptions {
  std::string issuer, subject, group, client, human, task, token_id;
  std::string reason;
  std::chrono::milliseconds duration{0};
};

std::string SelectorText(const v1::RevocationSelector& selector) {
  std::string out;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      out += fmt::format("{}{}={}", out.empty() ? "" : " ", name, value);
    }
  };
  add("issuer", selector.issuer());
  add("subject", selector.subject());
  add("group", selector.group());
  add("client", selector.client());
  add("human", selector.human());
  add("task", selector.task());
  add("token-id", selector.token_id());
  return out;
}

absl::Status Revoke(const RevokeOptions& options, Context& context) {
  v1::RevokeRequest request;
  v1::RevocationSelector& selector = *request.mutable_selector();
  selector.set_issuer(options.issuer);
  selector.set_subject(options.subject);
  selector.set_group(options.group);
  selector.set_client(options.client);
  selector.set_human(options.human);
  selector.set_task(options.task);
  selector.set_token_id(options.token_id);
  if (SelectorText(selector).empty()) {
    return UsageError("say whom: one of --subject, --group, --human, --task, --client, --token-id, --issuer");
  }
  request.set_reason(options.reason);
  if (options.duration.count() > 0) {
    *request.mutable_expires_at() = ToProto(context.world().clock.Wall() + options.duration);
  }
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<RevocationService>(&RevocationService::Stub::Revoke, request));
  if (context.json()) {
    context.PrintJson(response);
  } else {
    context.out() << fmt::format("{}: {} revoked; {} ended, confirmed by {} of {}\n",
                                 display::Line(response.revocation().id()), display::Line(SelectorText(selector)),
                                 display::Counted(static_cast<uint64_t>(response.sessions_ended()), "session"),
                                 response.confirmed(),
                                 display::Counted(static_cast<uint64_t>(response.sidecars()), "connected sidecar"));
  }
  if (response.confirmed() < response.sidecars()) {
    return base::FailedPrecondition("{} of {} sidecars have not confirmed yet; see `chaperone sidecars list`",
                                    response.sidecars() - response.confirmed(), response.sidecars());
  }
  return absl::OkStatus();
}

absl::Status List(Context& context) {
  const v1::ListRevocationsRequest request;
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<RevocationService>(&RevocationService::Stub::ListRevocations, request));
  if (context.json()) {
    context.PrintJson(response);
    return absl::OkStatus();
  }
  display::Table table({{.title = "ID"},
                        {.title = "WHO", .width_max = 80},
                        {.title = "REASON", .width_max = 60},
                        {.title = "BY"},
                        {.title = "SINCE"},
                        {.title = "EXPIRES"}});
  const display::WallTime now = context.world().clock.Wall();
  for (const v1::Revocation& revocation : response.revocations()) {
    table.Add({revocation.id(), SelectorText(revocation.selector()), revocation.reason(), revocation.created_by(),
               display::Relative(FromProto(revocation.created_at()), now),
               revocation.has_expires_at() ? display::Relative(FromProto(revocation.expires_at()), now) : "never"});
  }
  context.out() << (table.empty() ? "nothing is revoked\n" : table.Text());
  return absl::OkStatus();
}

absl::Status Lift(const std::string& id, Context& context) {
  v1::LiftRevocationRequest request;
  request.set_id(id);
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<RevocationService>(&RevocationService::Stub::LiftRevocation, request));
  if (context.json()) {
    context.PrintJson(response);
  } else {
    context.out() << fmt::format("{}: {} may act again\n", display::Line(response.revocation().id()),
                                 display::Line(SelectorText(response.revocation().selector())));
  }
  return absl::OkStatus();
}

}  // namespace

void AddRevocationCommands(Registry& registry) {
  auto options = std::make_shared<RevokeOptions>();
  CLI::App* revoke =
      registry.Command(nullptr,
                       {.name = "revoke",
                        .summary = "end an identity's sessions now and refuse new ones",
                        .examples = "  chaperone revoke --subject agent-7 --reason \"loops\"\n"
                                    "  chaperone revoke --human alice@example.com --for 1h\n"
                                    "  chaperone revoke --group coding-agents --task T-42      # both must match\n"
                                    "  chaperone revoke --token-id 0b5c...                     # one token alone",
                        .roles = "admin",
                        .listing = "chaperone sessions list"},
                       [options](Context& context) { return Revoke(*options, context); });
  revoke->add_option("--subject", options->subject, "the token's subject");
  revoke->add_option("--group", options->group, "a group in the token");
  revoke->add_option("--human", options->human, "the human that the agent acts for");
  revoke->add_option("--task", options->task, "the task");
  revoke->add_option("--client", options->client, "the OAuth client");
  revoke->add_option("--token-id", options->token_id, "the token's jti");
  revoke->add_option("--issuer", options->issuer, "the token's issuer");
  revoke->add_option("--reason", options->reason, "shown to the agent and kept in the audit log");
  AddDurationOption(revoke, "--for", &options->duration, "lift it by itself after so long, e.g. 1h (default: never)");

  CLI::App* group = registry.Group("revocations", "identities that may not act");
  registry.Command(group,
                   {.name = "list",
                    .summary = "what is revoked now",
                    .examples = "  chaperone revocations list\n  chaperone revocations list -o json",
                    .roles = "admin or auditor",
                    .listing = ""},
                   List);
  auto id = std::make_shared<std::string>();
  CLI::App* lift = registry.Command(group,
                                    {.name = "lift",
                                     .summary = "let the identity act again",
                                     .examples = "  chaperone revocations lift rev_01JD...",
                                     .roles = "admin",
                                     .listing = "chaperone revocations list"},
                                    [id](Context& context) { return Lift(*id, context); });
  lift->add_option("id", *id, "the revocation's id")->required();
}

}  // namespace chaperone::cli
