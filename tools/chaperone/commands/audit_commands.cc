// `chaperone audit …`: what operators did, and what they were refused.
#include <fmt/format.h>

#include <memory>

#include "chaperone/v1/audit.grpc.pb.h"
#include "tools/chaperone/display/table.h"
#include "tools/chaperone/proto_time.h"
#include "tools/chaperone/registry.h"

namespace chaperone::cli {

namespace {

struct ListOptions {
  std::string actor;
  int limit = 100;
  std::string after;
};

absl::Status List(const ListOptions& options, Context& context) {
  v1::ListAuditEntriesRequest request;
  request.set_actor(options.actor);
  request.set_limit(options.limit);
  request.set_after(options.after);
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<v1::AuditService>(&v1::AuditService::Stub::ListAuditEntries, request));
  if (context.json()) {
    context.PrintJson(response);
    return absl::OkStatus();
  }
  display::Table table({{.title = "TIME"},
                        {.title = "ACTOR", .width_max = 40},
                        {.title = "METHOD"},
                        {.title = "RESOURCE", .width_max = 50},
                        {.title = "OUTCOME"},
                        {.title = "FROM"},
                        {.title = "DETAIL", .width_max = 80}});
  for (const v1::AuditEntry& entry : response.entries()) {
    table.Add({display::Moment(FromProto(entry.at())), entry.actor(), entry.method(), entry.resource(), entry.outcome(),
               entry.peer_address(), entry.detail()});
  }
  context.out() << (table.empty() ? "no audit entries\n" : table.Text());
  if (response.entries_size() == options.limit) {
    const std::string& last = response.entries(response.entries_size() - 1).id();
    context.out() << fmt::format("\nOlder ones: --after {}\n", last);
  }
  return absl::OkStatus();
}

}  // namespace

void AddAuditCommands(Registry& registry) {
  CLI::App* group = registry.Group("audit", "what operators did");
  auto options = std::make_shared<ListOptions>();
  CLI::App* list = registry.Command(group,
                                    {.name = "list",
                                     .summary = "calls to the control plane, newest first",
                                     .examples = "  chaperone audit list\n"
                                                 "  chaperone audit list --actor bob --limit 20 -o json",
                                     .roles = "admin or auditor",
                                     .listing = ""},
                                    [options](Context& context) { return List(*options, context); });
  list->add_option("--actor", options->actor, "only calls of this certificate name");
  list->add_option("--limit", options->limit, "at most so many")->check(CLI::Range(1, 1000));
  list->add_option("--after", options->after, "continue after (older than) this id");
}

}  // namespace chaperone::cli
