// `chaperone policy apply|rollback|delete`: what makes a new revision of the bundle.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "chaperone/v1/policy.grpc.pb.h"
#include "tools/chaperone/commands/policy_commands.h"
#include "tools/chaperone/commands/policy_files.h"
#include "tools/chaperone/display/moment.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/proto_time.h"
#include "tools/chaperone/usage.h"

namespace chaperone::cli {

namespace {

using v1::PolicyService;

struct ChangeOptions {
  std::vector<std::string> files;
  std::string name;
  uint64_t revision = 0;
  uint64_t expected_revision = 0;
  std::string comment;
  bool dry_run = false;
  bool wait = false;
  std::chrono::milliseconds wait_limit{60'000};
};

absl::Status Finish(const v1::ApplyPoliciesResponse& response, const ChangeOptions& options, Context& context) {
  CHAPERONE_RETURN_IF_ERROR(PrintApplied(response, options.dry_run, context));
  return options.wait ? WaitForRollout(response.revision(), options.wait_limit, context) : absl::OkStatus();
}

absl::Status Apply(const ChangeOptions& options, Context& context) {
  if (options.wait && options.dry_run) {
    return UsageError("--dry-run changes nothing, so there is nothing to --wait for");
  }
  CHAPERONE_ASSIGN_OR_RETURN(const std::vector<PolicyDocument> documents,
                             ReadPolicyDocuments(options.files, context.world().in));
  v1::ApplyPoliciesRequest request;
  for (const PolicyDocument& document : documents) {
    request.add_documents(document.text);
  }
  request.set_expected_revision(options.expected_revision);
  request.set_comment(options.comment);
  request.set_dry_run(options.dry_run);
  const auto response = context.Call<PolicyService>(&PolicyService::Stub::ApplyPolicies, request);
  if (response.status().code() == absl::StatusCode::kInvalidArgument) {
    const std::string legend = DocumentLegend(documents);
    return legend.empty() ? response.status()
                          : base::InvalidArgument("{} (document {})", base::Message(response.status()), legend);
  }
  CHAPERONE_RETURN_IF_ERROR(response.status());
  return Finish(*response, options, context);
}

absl::Status Delete(const ChangeOptions& options, Context& context) {
  v1::DeletePolicyRequest request;
  request.set_name(options.name);
  request.set_expected_revision(options.expected_revision);
  request.set_comment(options.comment);
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<PolicyService>(&PolicyService::Stub::DeletePolicy, request));
  return Finish(response, options, context);
}

absl::Status Rollback(const ChangeOptions& options, Context& context) {
  v1::RollbackPoliciesRequest request;
  request.set_revision(options.revision);
  request.set_expected_revision(options.expected_revision);
  request.set_comment(options.comment);
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<PolicyService>(&PolicyService::Stub::RollbackPolicies, request));
  return Finish(response, options, context);
}

void AddCommonOptions(CLI::App* command, const std::shared_ptr<ChangeOptions>& options) {
  command->add_option("--expected-revision", options->expected_revision,
                      "change nothing unless the bundle is at this revision");
  command->add_option("--comment", options->comment, "kept in the history");
  command->add_flag("--wait", options->wait, "until every connected sidecar enforces it; prints each answer");
  AddDurationOption(command, "--wait-limit", &options->wait_limit, "how long --wait may take (default 60s)");
}

}  // namespace

absl::Status PrintApplied(const v1::ApplyPoliciesResponse& response, bool dry_run, Context& context) {
  if (context.json()) {
    context.PrintJson(response);
  } else {
    context.out() << FindingsText(response.findings());
    for (const std::string& change : response.changes()) {
      context.out() << fmt::format("{}{}\n", dry_run ? "would: " : "", display::Line(change));
    }
    if (response.changes().empty()) {
      context.out() << "nothing changes\n";
    }
    context.out() << fmt::format("revision {}{}\n", response.revision(), dry_run ? " stays (dry run)" : "")
                  << std::flush;
  }
  if (HasErrors(response.findings())) {
    return base::FailedPrecondition("the bundle has errors; nothing was applied");
  }
  return absl::OkStatus();
}

absl::Status WaitForRollout(uint64_t revision, std::chrono::milliseconds limit, Context& context) {
  v1::WatchRolloutRequest request;
  request.set_revision(revision);
  std::map<std::string, v1::RolloutStatus> answers;
  std::chrono::microseconds slowest{0};
  const absl::Status status = context.Stream<PolicyService>(
      &PolicyService::Stub::WatchRollout, request, limit, [&](const v1::RolloutStatus& answer) {
        v1::RolloutStatus& known = answers[answer.sidecar()];
        const bool news = known.state() != answer.state();
        known = answer;
        if (context.json()) {
          context.PrintJsonLine(answer);
        } else if (news && answer.state() == v1::RolloutStatus::ACKNOWLEDGED) {
          context.out() << fmt::format("{}: in force after {}\n", display::Line(answer.sidecar()),
                                       display::Elapsed(FromProto(answer.elapsed())))
                        << std::flush;
        } else if (news && answer.state() == v1::RolloutStatus::REJECTED) {
          context.out() << fmt::format("{}: REFUSED after {}: {}\n", display::Line(answer.sidecar()),
                                       display::Elapsed(FromProto(answer.elapsed())), display::Line(answer.reason()))
                        << std::flush;
        }
        slowest = std::max(slowest, FromProto(answer.elapsed()));
        return absl::OkStatus();
      });
  std::string refused;
  std::string silent;
  for (const auto& [sidecar, answer] : answers) {
    std::string* list = answer.state() == v1::RolloutStatus::REJECTED       ? &refused
                        : answer.state() != v1::RolloutStatus::ACKNOWLEDGED ? &silent
                                                                            : nullptr;
    if (list != nullptr) {
      *list += (list->empty() ? "" : ", ") + sidecar;
    }
  }
  if (!refused.empty()) {
    return base::FailedPrecondition("revision {} was refused by: {}; they keep the last good one", revision, refused);
  }
  if (status.code() == absl::StatusCode::kDeadlineExceeded || (status.ok() && !silent.empty())) {
    return base::FailedPrecondition("revision {} is not in force everywhere after {}; no answer from: {}", revision,
                                    display::Elapsed(limit), silent.empty() ? "any sidecar" : silent);
  }
  CHAPERONE_RETURN_IF_ERROR(status);
  if (!context.json()) {
    context.out() << (answers.empty()
                          ? "no sidecar is connected; each takes it over when it connects\n"
                          : fmt::format("revision {} is in force on {}, the last after {}\n", revision,
                                        display::Counted(answers.size(), "sidecar"), display::Elapsed(slowest)));
  }
  return absl::OkStatus();
}

void AddPolicyChangeCommands(Registry& registry, CLI::App* group) {
  auto apply_options = std::make_shared<ChangeOptions>();
  CLI::App* apply = registry.Command(
      group,
      {.name = "apply",
       .summary = "make these documents part of the bundle: all of them, or none",
       .examples =
           "  chaperone policy apply -f policy.yaml --wait\n"
           "  chaperone policy apply -f policies/ --dry-run      # what would change, and what the linter says\n"
           "  generate-policy | chaperone policy apply -f - --expected-revision 7 --comment \"T-42\"",
       .roles = "admin",
       .listing = ""},
      [apply_options](Context& context) { return Apply(*apply_options, context); });
  AddFileOption(apply, &apply_options->files)->required();
  apply->add_flag("--dry-run", apply_options->dry_run, "validate and lint, change nothing");
  AddCommonOptions(apply, apply_options);

  auto delete_options = std::make_shared<ChangeOptions>();
  CLI::App* remove = registry.Command(group,
                                      {.name = "delete",
                                       .summary = "take a policy out of the bundle",
                                       .examples = "  chaperone policy delete old-agents --comment \"T-43\" --wait",
                                       .roles = "admin",
                                       .listing = kPolicyListing},
                                      [delete_options](Context& context) { return Delete(*delete_options, context); });
  remove->add_option("name", delete_options->name, "metadata.name of the policy")->required();
  AddCommonOptions(remove, delete_options);

  auto rollback_options = std::make_shared<ChangeOptions>();
  CLI::App* rollback =
      registry.Command(group,
                       {.name = "rollback",
                        .summary = "make the bundle of an earlier revision the newest one",
                        .examples = "  chaperone policy history\n"
                                    "  chaperone policy rollback 6 --wait",
                        .roles = "admin",
                        .listing = "chaperone policy history"},
                       [rollback_options](Context& context) { return Rollback(*rollback_options, context); });
  rollback->add_option("revision", rollback_options->revision, "the revision to go back to")->required();
  AddCommonOptions(rollback, rollback_options);
}

}  // namespace chaperone::cli
