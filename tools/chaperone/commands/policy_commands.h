// What the policy commands share: findings, changes, the group's registration in parts.
#ifndef CHAPERONE_TOOLS_CHAPERONE_COMMANDS_POLICY_COMMANDS_H_
#define CHAPERONE_TOOLS_CHAPERONE_COMMANDS_POLICY_COMMANDS_H_

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "chaperone/v1/policy.pb.h"
#include "tools/chaperone/registry.h"

namespace chaperone::cli {

inline constexpr const char* kPolicyListing = "chaperone policy list";

using Findings = google::protobuf::RepeatedPtrField<v1::PolicyFinding>;

// A line for each finding: "error shop/no-bulk-delete line 12 shadowed-rule: …".
std::string FindingsText(const Findings& findings);
bool HasErrors(const Findings& findings);

// A document as it is, ready to be edited and applied: neutralised line by line. One without control characters, which
// is every one that YAML allows, comes out byte for byte.
std::string PrintableLines(std::string_view text);

// Prints what a call that makes a revision answered. Errors: FailedPrecondition when a finding is an error.
absl::Status PrintApplied(const v1::ApplyPoliciesResponse& response, bool dry_run, Context& context);

// Follows a revision until every connected sidecar has answered, and prints each answer with its time.
// Errors: FailedPrecondition when a sidecar refused it, DeadlineExceeded when one did not answer in time.
absl::Status WaitForRollout(uint64_t revision, std::chrono::milliseconds limit, Context& context);

// -f FILE|DIR|-, several times.
CLI::Option* AddFileOption(CLI::App* command, std::vector<std::string>* files);

// policy apply, rollback, delete.
void AddPolicyChangeCommands(Registry& registry, CLI::App* group);
// policy lint, diff.
void AddPolicyCheckCommands(Registry& registry, CLI::App* group);
// policy simulate, explain-mask, suggest.
void AddPolicyAskCommands(Registry& registry, CLI::App* group);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_COMMANDS_POLICY_COMMANDS_H_
