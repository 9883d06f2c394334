#include "controlplane/simulation/simulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "api/judgement/judge.h"
#include "api/policy/explain.h"
#include "api/sql/analyze.h"
#include "api/sql/describe.h"
#include "controlplane/simulation/suggestion.h"

namespace chaperone::simulation {

namespace {

// Past these an answer is cut, and says so.
constexpr size_t kFactLinesMax = 5000;
constexpr int kColumnsMax = 5000;
constexpr size_t kSqlBytesMax = judgement::kTextBytesMax;

std::string RuleName(const policy::MaskingRule& rule) { return fmt::format("{}/{}", rule.policy, rule.id); }

sql::SessionContext NamesFor(const Scene& scene, const std::string& role,
                             const google::protobuf::RepeatedPtrField<std::string>& search_path) {
  sql::SessionContext names;
  const v1::DatabaseCatalog& reported = *scene.reported.catalog;
  names.role = role.empty() ? reported.role() : role;
  const auto& path = search_path.empty() ? reported.search_path() : search_path;
  names.search_path.assign(path.begin(), path.end());
  return names;
}

// The rules whose detectors look at a value: those of the tables that it comes from, all when that is not certain.
std::set<std::string> DetectorsOf(const sql::OutputColumn& output, const Scene& scene) {
  std::set<std::string> names;
  bool certain = !output.unknown && !output.sources.empty();
  for (const sql::ColumnId& source : output.sources) {
    sql::Catalog::ColumnParts parts;
    certain = certain && scene.catalog->FindColumnParts(source, &parts);
    if (certain) {
      for (const policy::MaskingRule* rule : scene.view->DetectorsFor(parts.schema, parts.relation)) {
        names.insert(RuleName(*rule));
      }
    }
  }
  if (!certain) {
    for (const policy::MaskingRule& rule : scene.view->detectors()) {
      names.insert(RuleName(rule));
    }
  }
  return names;
}

v1::SimulatedColumn Describe(const sql::OutputColumn& output, const masking::OutputMask& mask, const Scene& scene) {
  v1::SimulatedColumn column;
  column.set_name(output.name);
  for (const sql::ColumnId& source : output.sources) {
    column.add_sources(scene.catalog->ColumnName(source));
  }
  if (output.unknown) {
    column.add_sources("*");
  }
  if (mask.rule != nullptr) {
    column.set_rule(RuleName(*mask.rule));
  }
  switch (mask.kind) {
    case masking::OutputMask::Kind::kColumn:
      column.set_method(policy::MaskMethodName(mask.rule->method, mask.rule->argument));
      break;
    case masking::OutputMask::Kind::kPaths:
      column.set_method(
          fmt::format("{} of parts of it", policy::MaskMethodName(mask.rule->method, mask.rule->argument)));
      break;
    case masking::OutputMask::Kind::kOpaque:
      column.set_method("hidden");
      break;
    case masking::OutputMask::Kind::kNone:
      for (const std::string& detector : DetectorsOf(output, scene)) {
        column.add_detectors(detector);
      }
      break;
  }
  return column;
}

void AddColumns(const judgement::Judgement& judgement, const Scene& scene, v1::SimulatePolicyResponse* response) {
  for (size_t i = 0; i < judgement.plans.size(); ++i) {
    const sql::Statement& statement = judgement.facts.statements[i];
    const masking::StatementPlan& plan = judgement.plans[i];
    for (size_t j = 0; j < statement.outputs.size() && j < plan.outputs.size(); ++j) {
      if (response->columns_size() == kColumnsMax) {
        return;
      }
      v1::SimulatedColumn& column = *response->add_columns();
      column = Describe(statement.outputs[j], plan.outputs[j], scene);
      column.set_statement(static_cast<int32_t>(i));
    }
  }
}

void AddVerdict(const policy::Verdict& verdict, v1::SimulatePolicyResponse* response) {
  response->set_decision(std::string(policy::DecisionName(verdict.decision)));
  response->set_policy(verdict.policy);
  response->set_rule(verdict.rule);
  response->set_reason(verdict.reason);
  response->set_hint(verdict.hint);
  response->set_action(verdict.action);
  response->set_resource(verdict.resource);
  if (verdict.decision == policy::Decision::kRequireApproval) {
    response->mutable_approvers()->Assign(verdict.approval.approvers.begin(), verdict.approval.approvers.end());
    response->set_approvals_required(verdict.approval.count);
  }
  response->set_max_affected_rows(verdict.max_affected_rows.value_or(0));
  if (verdict.observed) {
    response->set_observed_decision(std::string(policy::DecisionName(*verdict.observed)));
    response->set_observed_rule(
        verdict.observed_rule.empty() ? "" : fmt::format("{}/{}", verdict.observed_policy, verdict.observed_rule));
  }
}

std::string_view PredicatesName(policy::InPredicates in_predicates) {
  switch (in_predicates) {
    case policy::InPredicates::kDeny:
      return "deny";
    case policy::InPredicates::kEquality:
      return "equality";
    case policy::InPredicates::kAllow:
      return "allow";
  }
  return "deny";
}

std::string Because(const policy::MaskReason& reason, const std::string& column) {
  std::string words = fmt::format("{} is named by {} of {}/{} (line {})", column, reason.pattern, reason.policy,
                                  reason.rule, reason.line);
  return reason.except.empty() ? fmt::format("{}: {}", words, reason.method)
                               : fmt::format("{}, but spared by its exception {}", words, reason.except);
}

// The relation that a name means; "schema.table" or "table".
const sql::Relation* FindTable(const std::string& name, const sql::SessionContext& names, const sql::Catalog& catalog) {
  // A name may have dots of its own: every place to cut is tried.
  for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    const sql::Oid schema = catalog.FindSchema(std::string_view(name).substr(0, dot));
    if (const sql::Relation* found = catalog.FindRelation(schema, std::string_view(name).substr(dot + 1))) {
      return found;
    }
  }
  for (const std::string& entry : names.search_path) {
    const sql::Oid schema = catalog.FindSchema(entry == "$user" ? names.role : entry);
    if (const sql::Relation* found = schema != 0 ? catalog.FindRelation(schema, name) : nullptr) {
      return found;
    }
  }
  return nullptr;
}

std::string Quoted(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

void AddReasons(const sql::OutputColumn& output, const Documents& documents, const sql::Catalog& catalog,
                v1::ExplainedColumn* explained) {
  for (const sql::ColumnId& source : output.sources) {
    sql::Catalog::ColumnParts parts;
    if (!catalog.FindColumnParts(source, &parts)) {
      continue;
    }
    for (const policy::MaskReason& reason :
         policy::ExplainMask(documents, parts.schema, parts.relation, parts.column)) {
      explained->add_because(Because(reason, catalog.ColumnName(source)));
    }
  }
  if (output.unknown) {
    explained->add_because("what it derives from is not known, so it is treated as if it came from a masked column");
  }
  if (explained->because().empty()) {
    explained->add_because("no masking rule names it");
  }
}

}  // namespace

absl::StatusOr<v1::SimulatePolicyResponse> Simulator::Simulate(const v1::SimulatePolicyRequest& request) {
  if (request.sql().empty() || request.sql().size() > kSqlBytesMax) {
    return base::InvalidArgument("the statement must have 1 to {} bytes; it has {}", kSqlBytesMax,
                                 request.sql().size());
  }
  CHAPERONE_ASSIGN_OR_RETURN(const Scene scene, scenes_.Make(request.scope()));
  const sql::SessionContext names = NamesFor(scene, request.role(), request.search_path());
  const judgement::Judgement judgement = judgement::Judge(
      {.text = request.sql(), .catalog = *scene.catalog, .names = names, .view = *scene.view, .now = clock_->Wall()});
  v1::SimulatePolicyResponse response;
  AddVerdict(judgement.verdict, &response);
  response.set_session_refused(!scene.view->Applies());
  const std::vector<std::string> facts = sql::DescribeFacts(judgement.facts, *scene.catalog);
  for (const std::string& line : facts) {
    if (static_cast<size_t>(response.facts_size()) == kFactLinesMax) {
      response.add_facts(fmt::format("… and {} lines more", facts.size() - kFactLinesMax));
      break;
    }
    response.add_facts(line);
  }
  AddColumns(judgement, scene, &response);
  response.set_revision(scene.revision);
  response.set_sidecar(scene.reported.sidecar);
  *response.mutable_catalog_reported_at() = scene.reported.catalog->reported_at();
  response.set_role(names.role);
  response.mutable_search_path()->Assign(names.search_path.begin(), names.search_path.end());
  return response;
}

absl::StatusOr<v1::ExplainMaskResponse> Simulator::ExplainMask(const v1::ExplainMaskRequest& request) {
  const v1::Principal& principal = request.scope().principal();
  const bool for_everybody = principal.ByteSizeLong() == 0;
  CHAPERONE_ASSIGN_OR_RETURN(const Scene scene, scenes_.Make(request.scope(), for_everybody));
  const sql::SessionContext names = NamesFor(scene, "", {});
  const sql::Relation* const table = FindTable(request.table(), names, *scene.catalog);
  if (table == nullptr || table->columns.empty()) {
    return base::NotFound("there is no table or view \"{}\" in {}, as sidecar {} last reported it; give schema.table",
                          request.table(), request.scope().database(), scene.reported.sidecar);
  }
  // What a plain read of it would show: the mask that is really applied.
  const std::string text =
      fmt::format("TABLE {}.{}", Quoted(scene.catalog->SchemaName(table->schema)), Quoted(table->name));
  const judgement::Judgement judgement = judgement::Judge(
      {.text = text, .catalog = *scene.catalog, .names = names, .view = *scene.view, .now = clock_->Wall()});
  const sql::Statement& statement = judgement.facts.statements.at(0);
  if (!statement.outputs_known || statement.outputs.size() != table->columns.size()) {
    return base::Internal("the columns of {} could not be worked out", request.table());
  }
  const Documents documents = policy::DocumentsFor(scene.documents, scene.principal, scene.target);
  v1::ExplainMaskResponse response;
  response.set_table(scene.catalog->RelationName(table->oid));
  response.set_kind(std::string(1, static_cast<char>(table->kind)));
  response.set_revision(scene.revision);
  *response.mutable_catalog_reported_at() = scene.reported.catalog->reported_at();
  for (size_t i = 0; i < statement.outputs.size(); ++i) {
    const masking::OutputMask& mask = judgement.plans.at(0).outputs.at(i);
    v1::ExplainedColumn& explained = *response.add_columns();
    *explained.mutable_column() = Describe(statement.outputs[i], mask, scene);
    const sql::Type* const type = scene.catalog->TypeByOid(table->columns[i].type);
    explained.set_type(type == nullptr ? "" : std::string(type->name));
    explained.set_in_predicates(mask.rule == nullptr ? "" : std::string(PredicatesName(mask.rule->in_predicates)));
    AddReasons(statement.outputs[i], documents, *scene.catalog, &explained);
  }
  return response;
}

absl::StatusOr<v1::SuggestPolicyResponse> Simulator::Suggest(const v1::SuggestPolicyRequest& request) const {
  CHAPERONE_ASSIGN_OR_RETURN(const policy::Target target, ParseDatabase(request.database()));
  CHAPERONE_ASSIGN_OR_RETURN(const ReportedCatalog reported, scenes_.Reported(request.database()));
  SuggestionRequest wanted{.endpoint = target.endpoint,
                           .database = target.database,
                           .name = request.name(),
                           .groups = {request.groups().begin(), request.groups().end()},
                           .approvers = {request.approvers().begin(), request.approvers().end()}};
  v1::SuggestPolicyResponse response;
  CHAPERONE_ASSIGN_OR_RETURN(*response.mutable_document(), SuggestPolicy(wanted, *reported.catalog));
  return response;
}

}  // namespace chaperone::simulation
