// `chaperone approvals …`: what waits for a human, and the human's answer.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "chaperone/v1/approval.grpc.pb.h"
#include "tools/chaperone/commands/approval_view.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/display/table.h"
#include "tools/chaperone/proto_time.h"
#include "tools/chaperone/registry.h"

namespace chaperone::cli {

namespace {

using v1::ApprovalService;

constexpr const char* kListing = "chaperone approvals list --all";

struct ListOptions {
  std::vector<std::string> states;
  bool all = false;
  int limit = 100;
  std::string after;
};

struct DecideOptions {
  std::string id;
  std::string comment;
  bool full = false;
};

const std::map<std::string, v1::Approval::State>& States() {
  static const std::map<std::string, v1::Approval::State> kStates = {{"pending", v1::Approval::PENDING},
                                                                     {"approved", v1::Approval::APPROVED},
                                                                     {"rejected", v1::Approval::REJECTED},
                                                                     {"expired", v1::Approval::EXPIRED},
                                                                     {"consumed", v1::Approval::CONSUMED}};
  return kStates;
}

display::Table ApprovalTable() {
  return display::Table({{.title = "ID"},
                         {.title = "STATE"},
                         {.title = "AGENT", .width_max = 40},
                         {.title = "DATABASE", .width_max = 40},
                         {.title = "EXPIRES"},
                         {.title = "TOUCHES", .width_max = 40},
                         {.title = "STATEMENT", .width_max = 60}});
}

void AddRow(const v1::Approval& approval, display::WallTime now, display::Table* table) {
  const v1::ApprovalSubject& subject = approval.subject();
  const bool open = approval.state() == v1::Approval::PENDING || approval.state() == v1::Approval::APPROVED;
  table->Add({approval.id(), ApprovalStateName(approval.state()), PrincipalText(subject.principal()),
              fmt::format("{}/{}", subject.endpoint(), subject.database()),
              open ? display::Relative(FromProto(approval.expires_at()), now) : "", BlastRadiusText(subject),
              subject.statement()});
}

absl::Status List(const ListOptions& options, Context& context) {
  v1::ListApprovalsRequest request;
  request.set_limit(options.limit);
  request.set_after(options.after);
  for (const std::string& state : options.states) {
    request.add_states(States().at(state));
  }
  if (options.states.empty() && !options.all) {
    request.add_states(v1::Approval::PENDING);
  }
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<ApprovalService>(&ApprovalService::Stub::ListApprovals, request));
  if (context.json()) {
    context.PrintJson(response);
    return absl::OkStatus();
  }
  if (response.approvals().empty()) {
    context.out() << (options.all ? "no approvals\n" : "nothing waits for approval\n");
    return absl::OkStatus();
  }
  display::Table table = ApprovalTable();
  for (const v1::Approval& approval : response.approvals()) {
    AddRow(approval, context.world().clock.Wall(), &table);
  }
  context.out() << table.Text();
  if (options.states.empty() && !options.all) {
    context.out() << "\nDecide with: chaperone approvals show ID\n";
  }
  return absl::OkStatus();
}

absl::Status Show(const DecideOptions& options, Context& context) {
  v1::GetApprovalRequest request;
  request.set_id(options.id);
  CHAPERONE_ASSIGN_OR_RETURN(const auto approval,
                             context.Call<ApprovalService>(&ApprovalService::Stub::GetApproval, request));
  if (context.json()) {
    context.PrintJson(approval);
  } else {
    context.out() << ApprovalText(approval, context.world().clock.Wall(), options.full);
  }
  return absl::OkStatus();
}

absl::Status Decide(const DecideOptions& options, bool approve, Context& context) {
  v1::DecideApprovalRequest request;
  request.set_id(options.id);
  request.set_comment(options.comment);
  const auto method = approve ? &ApprovalService::Stub::Approve : &ApprovalService::Stub::Reject;
  CHAPERONE_ASSIGN_OR_RETURN(const auto approval, context.Call<ApprovalService>(method, request));
  if (context.json()) {
    context.PrintJson(approval);
    return absl::OkStatus();
  }
  const std::string id = display::Line(approval.id());
  if (approval.state() == v1::Approval::PENDING) {
    context.out() << fmt::format("{}: your vote counts; {} of {} votes so far\n", id, approval.votes_size(),
                                 approval.required_count());
  } else if (approval.state() == v1::Approval::APPROVED) {
    context.out() << fmt::format(
        "{} is approved; it may run once, {}\n", id,
        display::Relative(FromProto(approval.expires_at()), context.world().clock.Wall()) + " at the latest");
  } else {
    context.out() << fmt::format("{} is {}\n", id, ApprovalStateName(approval.state()));
  }
  return absl::OkStatus();
}

absl::Status Watch(Context& context) {
  const v1::WatchApprovalsRequest request;
  return context.Stream<ApprovalService>(
      &ApprovalService::Stub::WatchApprovals, request, std::nullopt, [&](const v1::Approval& approval) {
        if (context.json()) {
          context.PrintJsonLine(approval);
          return absl::OkStatus();
        }
        const v1::ApprovalSubject& subject = approval.subject();
        context.out() << fmt::format("{}  {}  {}  {}  {}/{}  {}\n", display::TimeOfDay(context.world().clock.Wall()),
                                     display::Line(approval.id()), ApprovalStateName(approval.state()),
                                     display::CutLine(PrincipalText(subject.principal()), 60),
                                     display::Line(subject.endpoint()), display::Line(subject.database()),
                                     display::CutLine(subject.statement(), 80))
                      << std::flush;
        return absl::OkStatus();
      });
}

void AddDecision(Registry& registry, CLI::App* group, bool approve) {
  const std::string name = approve ? "approve" : "reject";
  auto options = std::make_shared<DecideOptions>();
  CLI::App* command = registry.Command(
      group,
      {.name = name,
       .summary = approve ? "vote for a statement" : "refuse a statement; one vote against is final",
       .examples = approve ? "  chaperone approvals approve apr_01JD...\n"
                             "  chaperone approvals approve apr_01JD... --comment \"checked with billing\""
                           : "  chaperone approvals reject apr_01JD... --comment \"use the refund job\"",
       .roles = "approver (and membership in a group that the rule names)",
       .listing = kListing},
      [options, approve](Context& context) { return Decide(*options, approve, context); });
  command->add_option("id", options->id, "the approval's id")->required();
  command->add_option("--comment", options->comment, "kept with the vote and shown to the agent's operator");
}

}  // namespace

void AddApprovalCommands(Registry& registry) {
  CLI::App* group = registry.Group("approvals", "statements that wait for a human");
  auto list_options = std::make_shared<ListOptions>();
  CLI::App* list = registry.Command(group,
                                    {.name = "list",
                                     .summary = "what waits for a decision",
                                     .examples = "  chaperone approvals list\n"
                                                 "  chaperone approvals list --all           # decided ones too\n"
                                                 "  chaperone approvals list --state rejected -o json",
                                     .roles = "admin, approver or auditor",
                                     .listing = ""},
                                    [list_options](Context& context) { return List(*list_options, context); });
  std::vector<std::string> names;
  for (const auto& [name, state] : States()) {
    names.push_back(name);
  }
  list->add_option("--state", list_options->states, "only these states")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(names));
  list->add_flag("--all", list_options->all, "every state");
  list->add_option("--limit", list_options->limit, "at most so many")->check(CLI::Range(1, 1000));
  list->add_option("--after", list_options->after, "continue after this id");

  auto show_options = std::make_shared<DecideOptions>();
  CLI::App* show =
      registry.Command(group,
                       {.name = "show",
                        .summary = "everything one needs to decide",
                        .examples = "  chaperone approvals show apr_01JD...\n"
                                    "  chaperone approvals show apr_01JD... --full   # a long statement to its end",
                        .roles = "admin, approver or auditor",
                        .listing = kListing},
                       [show_options](Context& context) { return Show(*show_options, context); });
  show->add_option("id", show_options->id, "the approval's id")->required();
  show->add_flag("--full", show_options->full, "show a long statement to its end");

  AddDecision(registry, group, true);
  AddDecision(registry, group, false);
  registry.Command(group,
                   {.name = "watch",
                    .summary = "what is pending now, then every change; until interrupted",
                    .examples = "  chaperone approvals watch\n"
                                "  chaperone approvals watch -o json | while read -r line; do notify \"$line\"; done",
                    .roles = "admin, approver or auditor",
                    .listing = ""},
                   Watch);
}

}  // namespace chaperone::cli
