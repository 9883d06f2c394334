// `chaperone policy lint|diff`: looks at policies without changing them.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "api/yaml/yaml.h"
#include "chaperone/v1/policy.grpc.pb.h"
#include "tools/chaperone/commands/line_diff.h"
#include "tools/chaperone/commands/policy_commands.h"
#include "tools/chaperone/commands/policy_files.h"
#include "tools/chaperone/display/json.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/usage.h"

namespace chaperone::cli {

namespace {

using v1::PolicyService;

struct DiffOptions {
  std::string name;
  uint64_t from = 0;
  uint64_t to = 0;
  std::vector<std::string> files;
};

absl::Status Lint(const std::vector<std::string>& files, Context& context) {
  CHAPERONE_ASSIGN_OR_RETURN(const auto documents, ReadPolicyDocuments(files, context.world().in));
  v1::LintPoliciesRequest request;
  for (const PolicyDocument& document : documents) {
    request.add_documents(document.text);
  }
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<PolicyService>(&PolicyService::Stub::LintPolicies, request));
  if (context.json()) {
    context.PrintJson(response);
  } else {
    context.out() << (response.findings().empty() ? "no findings\n" : FindingsText(response.findings()));
  }
  return HasErrors(response.findings()) ? base::FailedPrecondition("the documents have errors") : absl::OkStatus();
}

// Documents by policy name.
using ByName = std::map<std::string, std::string>;

struct Side {
  std::string title;
  ByName documents;
};

absl::StatusOr<Side> StoredSide(uint64_t revision, Context& context) {
  v1::ListPoliciesRequest request;
  request.set_revision(revision);
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<PolicyService>(&PolicyService::Stub::ListPolicies, request));
  Side side{.title = fmt::format("revision {}", response.revision()), .documents = {}};
  for (const v1::Policy& policy : response.policies()) {
    side.documents[policy.name()] = policy.document();
  }
  return side;
}

// The document's metadata.name, or its place when it has none.
std::string NameOf(const PolicyDocument& document) {
  const auto parsed = yaml::Document::Parse(document.text, document.file);
  std::string name;
  if (parsed.ok()) {
    yaml::Mapping root = parsed->root();
    if (auto metadata = root.Child("metadata")) {
      metadata->String("name", &name);
    }
  }
  return name.empty() ? fmt::format("{}:{}", document.file, document.line) : name;
}

absl::StatusOr<Side> FileSide(const std::vector<std::string>& files, Context& context) {
  CHAPERONE_ASSIGN_OR_RETURN(const auto documents, ReadPolicyDocuments(files, context.world().in));
  Side side{.title = "files", .documents = {}};
  for (const PolicyDocument& document : documents) {
    side.documents[NameOf(document)] = document.text;
  }
  return side;
}

absl::Status Diff(const DiffOptions& options, Context& context) {
  if (!options.files.empty() && options.to != 0) {
    return UsageError("compare with files (-f) or with another revision (--to), not with both");
  }
  CHAPERONE_ASSIGN_OR_RETURN(const Side before, StoredSide(options.from, context));
  CHAPERONE_ASSIGN_OR_RETURN(
      const Side after, options.files.empty() ? StoredSide(options.to, context) : FileSide(options.files, context));
  std::map<std::string, bool> names;
  for (const auto& [name, document] : after.documents) {
    names[name] = true;
  }
  // Files hold what would be applied; policies that they do not name stay.
  for (const auto& [name, document] : before.documents) {
    if (options.files.empty()) {
      names[name] = true;
    }
  }
  std::string out;
  display::JsonArray json;
  for (const auto& [name, unused] : names) {
    const auto old_document = before.documents.find(name);
    const auto new_document = after.documents.find(name);
    if (!options.name.empty() && name != options.name) {
      continue;
    }
    const std::string diff = UnifiedDiff(
        fmt::format("{} ({})", display::Line(name), old_document == before.documents.end() ? "absent" : before.title),
        old_document == before.documents.end() ? "" : old_document->second,
        fmt::format("{} ({})", display::Line(name), new_document == after.documents.end() ? "absent" : after.title),
        new_document == after.documents.end() ? "" : new_document->second);
    if (!diff.empty()) {
      out += PrintableLines(diff);
      json.Raw(display::JsonObject().String("policy", name).String("diff", diff).Text());
    }
  }
  if (context.json()) {
    context.out() << json.Text() << "\n";
  } else {
    context.out() << (out.empty() ? "no difference\n" : out);
  }
  return absl::OkStatus();
}

}  // namespace

void AddPolicyCheckCommands(Registry& registry, CLI::App* group) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* lint = registry.Command(group,
                                    {.name = "lint",
                                     .summary = "check documents without applying them; exit 1 on errors",
                                     .examples = "  chaperone policy lint -f policy.yaml\n"
                                                 "  chaperone policy lint -f policies/ -o json",
                                     .roles = "admin or auditor",
                                     .listing = ""},
                                    [files](Context& context) { return Lint(*files, context); });
  AddFileOption(lint, files.get())->required();

  auto options = std::make_shared<DiffOptions>();
  CLI::App* diff =
      registry.Command(group,
                       {.name = "diff",
                        .summary = "what differs between revisions, or between the bundle and files",
                        .examples = "  chaperone policy diff -f policies/           # what apply would change\n"
                                    "  chaperone policy diff --from 3 --to 5\n"
                                    "  chaperone policy diff coding-agents --from 3  # against the current one",
                        .roles = "admin, approver or auditor",
                        .listing = "chaperone policy history"},
                       [options](Context& context) { return Diff(*options, context); });
  diff->add_option("name", options->name, "only this policy");
  diff->add_option("--from", options->from, "the earlier revision (default: the current)");
  diff->add_option("--to", options->to, "the later revision (default: the current)");
  AddFileOption(diff, &options->files);
}

}  // namespace chaperone::cli
