// `chaperone policy simulate|explain-mask|suggest`: what policies come to, and one to start from. Nothing is changed.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "chaperone/v1/policy.grpc.pb.h"
#include "tools/chaperone/commands/policy_commands.h"
#include "tools/chaperone/commands/policy_files.h"
#include "tools/chaperone/display/moment.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/display/table.h"
#include "tools/chaperone/file.h"
#include "tools/chaperone/proto_time.h"
#include "tools/chaperone/usage.h"

namespace chaperone::cli {

namespace {

using v1::PolicyService;

constexpr size_t kSqlBytesMax = 4 << 20;
constexpr const char* kDatabases = "chaperone sidecars list";

// Of which policies is asked, for whom and where.
struct ScopeOptions {
  std::string database;
  std::string issuer, subject, client, human, task;
  std::vector<std::string> groups;
  uint64_t revision = 0;
  std::vector<std::string> files;
};

struct SimulateOptions {
  ScopeOptions scope;
  std::string sql, sql_file, role;
  std::vector<std::string> search_path;
};

struct ExplainOptions {
  ScopeOptions scope;
  std::string table;
};

struct SuggestOptions {
  std::string database, name;
  std::vector<std::string> groups, approvers;
};

void AddScope(CLI::App* command, ScopeOptions* scope) {
  command->add_option("--database", scope->database, "<endpoint>/<database>")->required();
  command->add_option("--subject", scope->subject, "the agent");
  AddListOption(command, "--groups", &scope->groups, "its groups");
  command->add_option("--issuer", scope->issuer, "its token's issuer");
  command->add_option("--client", scope->client, "its OAuth client");
  command->add_option("--human", scope->human, "the human it acts for");
  command->add_option("--task", scope->task, "the task it works on");
  CLI::Option* revision =
      command->add_option("--revision", scope->revision, "a stored revision (default: the current)");
  AddFileOption(command, &scope->files)->excludes(revision)->description("judge these documents instead");
}

absl::Status Fill(const ScopeOptions& options, Context& context, v1::PolicyScope* scope, std::string* legend) {
  scope->set_database(options.database);
  scope->set_revision(options.revision);
  v1::Principal principal;
  principal.set_issuer(options.issuer);
  principal.set_subject(options.subject);
  principal.set_client(options.client);
  principal.set_human(options.human);
  principal.set_task(options.task);
  principal.mutable_groups()->Assign(options.groups.begin(), options.groups.end());
  if (principal.ByteSizeLong() > 0) {
    *scope->mutable_principal() = principal;
  }
  if (!options.files.empty()) {
    CHAPERONE_ASSIGN_OR_RETURN(const auto documents, ReadPolicyDocuments(options.files, context.world().in));
    for (const PolicyDocument& document : documents) {
      scope->add_documents(document.text);
    }
    *legend = DocumentLegend(documents);
  }
  return absl::OkStatus();
}

// An error about a document says which of the files it is.
absl::Status WithLegend(const absl::Status& status, const std::string& legend) {
  return status.code() == absl::StatusCode::kInvalidArgument && !legend.empty()
             ? base::InvalidArgument("{} (document {})", base::Message(status), legend)
             : status;
}

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& items) {
  return fmt::format("{}", fmt::join(items, ", "));
}

std::string MaskText(const v1::SimulatedColumn& column) {
  if (!column.method().empty()) {
    return column.method();
  }
  return column.detectors().empty() ? "none" : "none, but searched";
}

std::string RuleText(const v1::SimulatedColumn& column) {
  return column.rule().empty() ? Joined(column.detectors()) : column.rule();
}

std::string RuleName(const v1::SimulatePolicyResponse& response) {
  if (response.rule().empty()) {
    return "no rule matches";
  }
  return response.policy().empty() ? response.rule() : response.policy() + "/" + response.rule();
}

std::string ApprovalText(const v1::SimulatePolicyResponse& response) {
  if (response.approvals_required() == 0) {
    return "";
  }
  return fmt::format("{} of {}", response.approvals_required(), Joined(response.approvers()));
}

std::string SimulationText(const v1::SimulatePolicyResponse& response, display::WallTime now) {
  display::Fields fields;
  fields.Add("decision", response.decision());
  fields.Add("rule", RuleName(response));
  fields.Add("about", response.action().empty() ? "" : response.action() + " " + response.resource());
  fields.Add("reason", response.reason());
  fields.Add("hint", response.hint());
  fields.Add("approval", ApprovalText(response));
  fields.Add("rows", response.max_affected_rows() == 0 ? "" : fmt::format("at most {}", response.max_affected_rows()));
  fields.Add("observed", response.observed_decision().empty()
                             ? ""
                             : fmt::format("{} {}", response.observed_decision(), response.observed_rule()));
  fields.Add("session", response.session_refused() ? "refused: no policy grants this principal anything there" : "");
  if (response.has_catalog_reported_at()) {
    fields.Add("as", fmt::format("role {}, search_path {}", response.role(), Joined(response.search_path())));
    fields.Add("catalog", fmt::format("of {}, reported {}", response.sidecar(),
                                      display::Relative(FromProto(response.catalog_reported_at()), now)));
  }
  std::string out = fields.Text();
  if (!response.facts().empty()) {
    out += "\nfacts:\n";
  }
  for (const std::string& fact : response.facts()) {
    out += fmt::format("  {}\n", display::Line(fact));
  }
  if (!response.columns().empty()) {
    display::Table table(
        {{.title = "COLUMN"}, {.title = "FROM", .width_max = 80}, {.title = "MASK"}, {.title = "RULE"}});
    for (const v1::SimulatedColumn& column : response.columns()) {
      table.Add({column.name(), Joined(column.sources()), MaskText(column), RuleText(column)});
    }
    out += "\n" + table.Text();
  }
  return out;
}

absl::Status ReadSql(const SimulateOptions& options, Context& context, std::string* sql) {
  *sql = options.sql;
  if (options.sql_file == "-") {
    if (std::ranges::find(options.scope.files, "-") != options.scope.files.end()) {
      return UsageError("the standard input can be the statement or the policy, not both");
    }
    sql->assign(std::istreambuf_iterator<char>(context.world().in), {});
  } else if (!options.sql_file.empty()) {
    CHAPERONE_ASSIGN_OR_RETURN(*sql, ReadFile(options.sql_file, kSqlBytesMax));
  }
  return sql->empty() ? UsageError("give a statement with --sql or --sql-file") : absl::OkStatus();
}

absl::Status Simulate(const SimulateOptions& options, Context& context) {
  v1::SimulatePolicyRequest request;
  CHAPERONE_RETURN_IF_ERROR(ReadSql(options, context, request.mutable_sql()));
  std::string legend;
  CHAPERONE_RETURN_IF_ERROR(Fill(options.scope, context, request.mutable_scope(), &legend));
  request.set_role(options.role);
  request.mutable_search_path()->Assign(options.search_path.begin(), options.search_path.end());
  const auto response = context.Call<PolicyService>(&PolicyService::Stub::SimulatePolicy, request);
  CHAPERONE_RETURN_IF_ERROR(WithLegend(response.status(), legend));
  if (context.json()) {
    context.PrintJson(*response);
  } else {
    context.out() << SimulationText(*response, context.world().clock.Wall());
  }
  return absl::OkStatus();
}

absl::Status ExplainMask(const ExplainOptions& options, Context& context) {
  v1::ExplainMaskRequest request;
  request.set_table(options.table);
  std::string legend;
  CHAPERONE_RETURN_IF_ERROR(Fill(options.scope, context, request.mutable_scope(), &legend));
  const auto response = context.Call<PolicyService>(&PolicyService::Stub::ExplainMask, request);
  CHAPERONE_RETURN_IF_ERROR(WithLegend(response.status(), legend));
  if (context.json()) {
    context.PrintJson(*response);
    return absl::OkStatus();
  }
  display::Table table({{.title = "COLUMN"},
                        {.title = "TYPE"},
                        {.title = "MASK"},
                        {.title = "RULE"},
                        {.title = "IN PREDICATES"},
                        {.title = "BECAUSE", .width_max = 160}});
  for (const v1::ExplainedColumn& explained : response->columns()) {
    const v1::SimulatedColumn& column = explained.column();
    for (int i = 0; i < std::max(1, explained.because_size()); ++i) {
      const std::string because = i < explained.because_size() ? explained.because(i) : "";
      table.Add(i > 0 ? std::vector<std::string>{"", "", "", "", "", because}
                      : std::vector<std::string>{column.name(), explained.type(), MaskText(column), RuleText(column),
                                                 explained.in_predicates(), because});
    }
  }
  context.out() << display::Line(response->table()) << "\n\n" << table.Text();
  return absl::OkStatus();
}

absl::Status Suggest(const SuggestOptions& options, Context& context) {
  v1::SuggestPolicyRequest request;
  request.set_database(options.database);
  request.set_name(options.name);
  request.mutable_groups()->Assign(options.groups.begin(), options.groups.end());
  request.mutable_approvers()->Assign(options.approvers.begin(), options.approvers.end());
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<PolicyService>(&PolicyService::Stub::SuggestPolicy, request));
  if (context.json()) {
    context.PrintJson(response);
  } else {
    context.out() << PrintableLines(response.document());
  }
  return absl::OkStatus();
}

void AddSimulate(Registry& registry, CLI::App* group) {
  auto options = std::make_shared<SimulateOptions>();
  CLI::App* simulate = registry.Command(
      group,
      {.name = "simulate",
       .summary = "what would be decided about a statement, and why",
       .examples =
           "  chaperone policy simulate --sql \"DELETE FROM orders\" --database shop-prod/shop \\\n"
           "      --subject agent-7 --groups coding-agents\n"
           "  chaperone policy simulate --sql-file report.sql --database shop-prod/shop --subject a -f new.yaml",
       .roles = "admin or auditor",
       .listing = kDatabases},
      [options](Context& context) { return Simulate(*options, context); });
  CLI::Option* sql_file =
      simulate->add_option("--sql-file", options->sql_file, "a file that holds the statement; - is the input");
  simulate->add_option("--sql", options->sql, "the statement")->excludes(sql_file);
  AddScope(simulate, &options->scope);
  simulate->add_option("--role", options->role, "the database role of the session (default: the sidecar's)");
  AddListOption(simulate, "--search-path", &options->search_path,
                "schemas of the session's search_path (default: the database's)");
}

void AddExplainMask(Registry& registry, CLI::App* group) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* explain = registry.Command(
      group,
      {.name = "explain-mask",
       .summary = "for each column of a table whether and why it is masked",
       .examples = "  chaperone policy explain-mask public.customers --database shop-prod/shop\n"
                   "  chaperone policy explain-mask customers --database shop-prod/shop --groups coding-agents",
       .roles = "admin or auditor",
       .listing = kDatabases},
      [options](Context& context) { return ExplainMask(*options, context); });
  explain->add_option("table", options->table, "schema.table, or a table of the search_path")->required();
  AddScope(explain, &options->scope);
}

void AddSuggest(Registry& registry, CLI::App* group) {
  auto options = std::make_shared<SuggestOptions>();
  CLI::App* suggest = registry.Command(
      group,
      {.name = "suggest",
       .summary = "a policy to start from, made of what a database holds",
       .examples = "  chaperone policy suggest --database shop-prod/shop > shop.yaml   # then edit it\n"
                   "  chaperone policy suggest --database shop-prod/shop --groups agents --approvers db-owners",
       .roles = "admin or auditor",
       .listing = kDatabases},
      [options](Context& context) { return Suggest(*options, context); });
  suggest->add_option("--database", options->database, "<endpoint>/<database>")->required();
  AddListOption(suggest, "--groups", &options->groups, "whom it is for (default: coding-agents)");
  AddListOption(suggest, "--approvers", &options->approvers, "the groups that approve writes (default: db-owners)");
  suggest->add_option("--name", options->name, "the policy's name (default: after the database)");
}

}  // namespace

void AddPolicyAskCommands(Registry& registry, CLI::App* group) {
  AddSimulate(registry, group);
  AddExplainMask(registry, group);
  AddSuggest(registry, group);
}

}  // namespace chaperone::cli
