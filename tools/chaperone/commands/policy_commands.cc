// `chaperone policy get|list|history`, and what all policy commands share.
#include "tools/chaperone/commands/policy_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "chaperone/v1/policy.grpc.pb.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/display/table.h"
#include "tools/chaperone/proto_time.h"

namespace chaperone::cli {

namespace {

using v1::PolicyService;

struct GetOptions {
  std::string name;
  uint64_t revision = 0;
  int limit = 100;
};

absl::Status Get(const GetOptions& options, Context& context) {
  v1::GetPolicyRequest request;
  request.set_name(options.name);
  request.set_revision(options.revision);
  CHAPERONE_ASSIGN_OR_RETURN(const auto policy, context.Call<PolicyService>(&PolicyService::Stub::GetPolicy, request));
  if (context.json()) {
    context.PrintJson(policy);
    return absl::OkStatus();
  }
  context.out() << PrintableLines(policy.document());
  return absl::OkStatus();
}

absl::Status List(const GetOptions& options, Context& context) {
  v1::ListPoliciesRequest request;
  request.set_revision(options.revision);
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<PolicyService>(&PolicyService::Stub::ListPolicies, request));
  if (context.json()) {
    context.PrintJson(response);
    return absl::OkStatus();
  }
  display::Table table({{.title = "NAME", .width_max = 60},
                        {.title = "REVISION", .right = true},
                        {.title = "CHANGED"},
                        {.title = "BY", .width_max = 40}});
  for (const v1::Policy& policy : response.policies()) {
    table.Add({policy.name(), std::to_string(policy.revision()), display::Moment(FromProto(policy.changed_at())),
               policy.changed_by()});
  }
  if (table.empty()) {
    context.out() << "no policies: every agent is refused; apply one with `chaperone policy apply -f FILE`\n";
  } else {
    context.out() << table.Text() << fmt::format("\nThe bundle is at revision {}.\n", response.revision());
  }
  return absl::OkStatus();
}

absl::Status History(const GetOptions& options, Context& context) {
  v1::ListPolicyRevisionsRequest request;
  request.set_name(options.name);
  request.set_limit(options.limit);
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<PolicyService>(&PolicyService::Stub::ListPolicyRevisions, request));
  if (context.json()) {
    context.PrintJson(response);
    return absl::OkStatus();
  }
  display::Table table({{.title = "REVISION", .right = true},
                        {.title = "WHEN"},
                        {.title = "BY", .width_max = 40},
                        {.title = "CHANGES", .width_max = 80},
                        {.title = "COMMENT", .width_max = 60}});
  for (const v1::PolicyRevision& revision : response.revisions()) {
    table.Add({std::to_string(revision.revision()), display::Moment(FromProto(revision.created_at())),
               revision.created_by(), fmt::format("{}", fmt::join(revision.changes(), "; ")), revision.comment()});
  }
  context.out() << (table.empty() ? "no revisions\n" : table.Text());
  return absl::OkStatus();
}

}  // namespace

std::string PrintableLines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out += display::Line(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string FindingsText(const Findings& findings) {
  std::string out;
  for (const v1::PolicyFinding& finding : findings) {
    std::string place = display::Line(finding.policy());
    if (!finding.rule().empty()) {
      place += "/" + display::Line(finding.rule());
    }
    if (finding.line() > 0) {
      place += fmt::format(" line {}", finding.line());
    }
    out += fmt::format("{} {}{}{}: {}\n", finding.severity() == v1::PolicyFinding::ERROR ? "error" : "warning", place,
                       place.empty() ? "" : " ", display::Line(finding.code()), display::Line(finding.message()));
  }
  return out;
}

bool HasErrors(const Findings& findings) {
  return std::ranges::any_of(
      findings, [](const v1::PolicyFinding& finding) { return finding.severity() == v1::PolicyFinding::ERROR; });
}

CLI::Option* AddFileOption(CLI::App* command, std::vector<std::string>* files) {
  return command->add_option("-f,--file", *files, "file, folder of *.yaml files, or - for standard input")
      ->allow_extra_args(false)
      ->type_name("FILE");
}

void AddPolicyCommands(Registry& registry) {
  CLI::App* group = registry.Group("policy", "what agents may do");
  AddPolicyChangeCommands(registry, group);
  auto get_options = std::make_shared<GetOptions>();
  CLI::App* get = registry.Command(group,
                                   {.name = "get",
                                    .summary = "one policy's document",
                                    .examples = "  chaperone policy get coding-agents > policy.yaml\n"
                                                "  chaperone policy get coding-agents --revision 3",
                                    .roles = "admin, approver or auditor",
                                    .listing = kPolicyListing},
                                   [get_options](Context& context) { return Get(*get_options, context); });
  get->add_option("name", get_options->name, "metadata.name of the policy")->required();
  get->add_option("--revision", get_options->revision, "as it stood in this revision of the bundle");

  auto list_options = std::make_shared<GetOptions>();
  CLI::App* list =
      registry.Command(group,
                       {.name = "list",
                        .summary = "the policies in force",
                        .examples = "  chaperone policy list\n  chaperone policy list --revision 3 -o json",
                        .roles = "admin, approver or auditor",
                        .listing = "chaperone policy history"},
                       [list_options](Context& context) { return List(*list_options, context); });
  list->add_option("--revision", list_options->revision, "of this revision of the bundle");

  auto history_options = std::make_shared<GetOptions>();
  CLI::App* history =
      registry.Command(group,
                       {.name = "history",
                        .summary = "who changed what, newest first",
                        .examples = "  chaperone policy history\n"
                                    "  chaperone policy history coding-agents --limit 5",
                        .roles = "admin or auditor",
                        .listing = kPolicyListing},
                       [history_options](Context& context) { return History(*history_options, context); });
  history->add_option("name", history_options->name, "only revisions that changed this policy");
  history->add_option("--limit", history_options->limit, "at most so many")->check(CLI::Range(1, 1000));
  AddPolicyCheckCommands(registry, group);
  AddPolicyAskCommands(registry, group);
}

}  // namespace chaperone::cli
