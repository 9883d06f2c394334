// `chaperone sidecars …`: the fleet as the control plane knows it.
#include "tools/chaperone/commands/sidecar_commands.h"

#include <fmt/format.h>

#include <memory>

#include "chaperone/v1/fleet.grpc.pb.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/display/table.h"
#include "tools/chaperone/proto_time.h"
#include "tools/chaperone/registry.h"

namespace chaperone::cli {

namespace {

using v1::FleetService;

absl::Status List(Context& context) {
  const v1::ListSidecarsRequest request;
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<FleetService>(&FleetService::Stub::ListSidecars, request));
  if (context.json()) {
    context.PrintJson(response);
    return absl::OkStatus();
  }
  display::Table table({{.title = "NAME", .width_max = 40},
                        {.title = "ENDPOINT", .width_max = 40},
                        {.title = "STATE"},
                        {.title = "SESSIONS", .right = true},
                        {.title = "POLICY", .right = true},
                        {.title = "SPOOL", .right = true},
                        {.title = "DATABASE", .width_max = 30},
                        {.title = "VERSION"},
                        {.title = "REMARKS", .width_max = 80}});
  for (const v1::Sidecar& sidecar : response.sidecars()) {
    std::string remarks =
        sidecar.rejected_reason().empty() ? "" : "refused the newest policy: " + sidecar.rejected_reason();
    if (remarks.empty() && sidecar.findings_size() > 0) {
      remarks = display::Counted(static_cast<uint64_t>(sidecar.findings_size()), "finding") + "; see chaperone doctor";
    }
    table.Add({sidecar.name(), sidecar.endpoint(), SidecarStateText(sidecar, context.world().clock.Wall()),
               std::to_string(sidecar.live_sessions()), std::to_string(sidecar.policy_revision()),
               display::ByteCount(sidecar.spool_bytes()), sidecar.database_version(), sidecar.version(), remarks});
  }
  context.out() << (table.empty() ? "no sidecar has connected yet\n" : table.Text());
  return absl::OkStatus();
}

std::string SidecarText(const v1::Sidecar& sidecar, display::WallTime now) {
  display::Fields fields;
  fields.Add("name", sidecar.name());
  fields.Add("endpoint", sidecar.endpoint());
  fields.Add("state", SidecarStateText(sidecar, now));
  fields.Add("version", sidecar.version());
  fields.Add("database", sidecar.database_version());
  fields.Add("policy", fmt::format("revision {}", sidecar.policy_revision()));
  fields.Add("refused", sidecar.rejected_reason());
  fields.Add("sessions", std::to_string(sidecar.live_sessions()));
  fields.Add("spool", display::ByteCount(sidecar.spool_bytes()));
  for (const auto& [key, value] : sidecar.labels()) {
    fields.Add("label", fmt::format("{}={}", key, value));
  }
  std::string out = fields.Text();
  for (const v1::DatabaseCatalog& database : sidecar.databases()) {
    out +=
        fmt::format("\ndatabase {} (catalog version {}): {}\n", display::Line(database.database()), database.version(),
                    display::Counted(static_cast<uint64_t>(database.relations_size()), "relation"));
    for (const v1::RelationInfo& relation : database.relations()) {
      out += fmt::format("  {}.{} ({})\n", display::Line(relation.schema()), display::Line(relation.name()),
                         display::Counted(static_cast<uint64_t>(relation.columns_size()), "column"));
    }
  }
  if (sidecar.findings_size() > 0) {
    out += "\nfindings:\n";
  }
  for (const v1::DoctorFinding& finding : sidecar.findings()) {
    out += fmt::format("  {} {}: {}\n", display::Line(finding.severity()), display::Line(finding.code()),
                       display::Line(finding.message()));
  }
  return out;
}

absl::Status Show(const std::string& name, Context& context) {
  v1::GetSidecarRequest request;
  request.set_name(name);
  CHAPERONE_ASSIGN_OR_RETURN(const auto sidecar, context.Call<FleetService>(&FleetService::Stub::GetSidecar, request));
  if (context.json()) {
    context.PrintJson(sidecar);
  } else {
    context.out() << SidecarText(sidecar, context.world().clock.Wall());
  }
  return absl::OkStatus();
}

}  // namespace

std::string SidecarStateText(const v1::Sidecar& sidecar, display::WallTime now) {
  if (sidecar.connected()) {
    return "connected";
  }
  return sidecar.has_last_seen_at() ? "gone, seen " + display::Relative(FromProto(sidecar.last_seen_at()), now)
                                    : "gone";
}

void AddSidecarCommands(Registry& registry) {
  CLI::App* group = registry.Group("sidecars", "the sidecars and the databases behind them");
  registry.Command(group,
                   {.name = "list",
                    .summary = "every sidecar, whether it is connected, and the policy it enforces",
                    .examples = "  chaperone sidecars list\n  chaperone sidecars list -o json",
                    .roles = "admin or auditor",
                    .listing = ""},
                   List);
  auto name = std::make_shared<std::string>();
  CLI::App* show = registry.Command(group,
                                    {.name = "show",
                                     .summary = "one sidecar with the relations of its databases and its findings",
                                     .examples = "  chaperone sidecars show shop-prod-1",
                                     .roles = "admin or auditor",
                                     .listing = "chaperone sidecars list"},
                                    [name](Context& context) { return Show(*name, context); });
  show->add_option("name", *name, "the name in its certificate")->required();
}

}  // namespace chaperone::cli
