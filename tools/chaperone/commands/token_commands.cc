// `chaperone token …` and `chaperone whoami`: tokens of the development issuer, and who the caller is.
#include <fmt/format.h>

#include <memory>

#include "chaperone/v1/identity.grpc.pb.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/display/table.h"
#include "tools/chaperone/proto_time.h"
#include "tools/chaperone/registry.h"
#include "tools/chaperone/usage.h"

namespace chaperone::cli {

namespace {

using v1::IdentityService;

struct MintOptions {
  std::string subject, human, task, client, audience;
  std::vector<std::string> groups;
  std::chrono::milliseconds ttl{0};
};

absl::Status Mint(const MintOptions& options, Context& context) {
  v1::MintTokenRequest request;
  request.set_subject(options.subject);
  for (const std::string& group : options.groups) {
    request.add_groups(group);
  }
  request.set_human(options.human);
  request.set_task(options.task);
  request.set_client(options.client);
  request.set_audience(options.audience);
  if (options.ttl.count() > 0) {
    *request.mutable_ttl() = ToProto(options.ttl);
  }
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<IdentityService>(&IdentityService::Stub::MintToken, request));
  if (context.json()) {
    context.PrintJson(response);
  } else {
    // The token alone, so that it can be taken by $(...).
    context.out() << display::Line(response.token()) << "\n";
  }
  return absl::OkStatus();
}

absl::Status Exchange(Context&) { return base::Unimplemented("token exchange (RFC 8693)"); }

absl::Status WhoAmI(Context& context) {
  const v1::WhoAmIRequest request;
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<IdentityService>(&IdentityService::Stub::WhoAmI, request));
  if (context.json()) {
    context.PrintJson(response);
    return absl::OkStatus();
  }
  const auto joined = [](const auto& items) {
    std::string out;
    for (const std::string& item : items) {
      out += (out.empty() ? "" : ", ") + item;
    }
    return out.empty() ? std::string("none") : out;
  };
  display::Fields fields;
  fields.Add("name", response.name());
  fields.Add("roles", joined(response.roles()));
  fields.Add("groups", joined(response.groups()));
  context.out() << fields.Text();
  return absl::OkStatus();
}

}  // namespace

void AddTokenCommands(Registry& registry) {
  CLI::App* group = registry.Group("token", "tokens for agents");
  auto options = std::make_shared<MintOptions>();
  CLI::App* mint = registry.Command(
      group,
      {.name = "mint",
       .summary = "a token of the development issuer; prints the token alone",
       .examples = "  PGPASSWORD=$(chaperone token mint --subject agent-7 --groups coding-agents) psql ...\n"
                   "  chaperone token mint --subject agent-7 --human alice@example.com --task T-1 --ttl 1h",
       .roles = "admin",
       .listing = ""},
      [options](Context& context) { return Mint(*options, context); });
  mint->add_option("--subject", options->subject, "who the agent is")->required();
  AddListOption(mint, "--groups", &options->groups, "its groups");
  mint->add_option("--human", options->human, "the human it acts for");
  mint->add_option("--task", options->task, "the task it works on");
  mint->add_option("--client", options->client, "the OAuth client");
  mint->add_option("--audience", options->audience, "instead of the issuer's first audience");
  AddDurationOption(mint, "--ttl", &options->ttl, "how long it is valid (default 10m, at most 24h)");
  registry.Command(group,
                   {.name = "exchange",
                    .summary = "a human's token for an agent's (not available yet)",
                    .examples = "  chaperone token exchange",
                    .roles = "",
                    .listing = ""},
                   Exchange);
  registry.Command(nullptr,
                   {.name = "whoami",
                    .summary = "who you are to the control plane, and your roles",
                    .examples = "  chaperone whoami\n  chaperone whoami --cert other.crt --key other.key",
                    .roles = "",
                    .listing = ""},
                   WhoAmI);
}

}  // namespace chaperone::cli
