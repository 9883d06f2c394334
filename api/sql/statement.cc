// A statement by its family: queries, and statements with a statement inside. The other families: statement_session.cc,
// statement_copy.cc, statement_ddl.cc.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/node_role.h"
#include "api/sql/oids.h"

namespace chaperone::sql {

void Analyzer::Dispatch(const Node& statement) {
  out_->tag = CommandTag(statement);
  switch (RoleOf(statement.tag())) {
    case NodeRole::kQuery:
      AnalyzeOptimizable(statement);
      return;
    case NodeRole::kTransaction:
      AnalyzeTransaction(statement);
      return;
    case NodeRole::kHarmless:
      AnalyzeHarmless(statement);
      return;
    case NodeRole::kWrapper:
      AnalyzeWrapper(statement);
      return;
    case NodeRole::kSession:
      AnalyzeSession(statement);
      return;
    case NodeRole::kNotify:
      AnalyzeNotify(statement);
      return;
    case NodeRole::kMaintain:
      AnalyzeMaintenance(statement);
      return;
    case NodeRole::kLock:
      AnalyzeLock(statement);
      return;
    case NodeRole::kTruncate:
      AnalyzeTruncate(statement);
      return;
    case NodeRole::kCall:
      AnalyzeCall(statement);
      return;
    case NodeRole::kOpaque:
      out_->is_barrier = true;
      out_->runs_triggers = true;
      out_->write_unknown = true;
      Unknown(fmt::format("{} runs code that is not checked", out_->tag), -1);
      return;
    case NodeRole::kDdl:
      AnalyzeDdl(statement);
      return;
    case NodeRole::kDrop:
      AnalyzeDrop(statement);
      return;
    case NodeRole::kAdmin:
      AnalyzeAdmin(statement);
      return;
    case NodeRole::kExpression:
    case NodeRole::kClause:
    case NodeRole::kPlanned:
    case NodeRole::kUnclassified:
      break;
  }
  Unknown(fmt::format("{} is not a statement that is understood", NodeName(statement.tag())), statement.location());
}

void Analyzer::AnalyzeOptimizable(const Node& statement) {
  const QueryResult result = AnalyzeQuery(statement, nullptr, nullptr);
  const Node* into = FindInto(statement);
  if (into != nullptr) {
    RequireCreation(*into->Get(pg::IntoClause::kRel));
    KeepResult(result);
    return;
  }
  FillOutputs(result, out_);
  out_->returns_rows = statement.Is<pg::SelectStmt>() || !result.columns.empty() || !result.complete;
}

// SELECT … INTO: the clause stands in the leftmost arm of a set operation.
const Node* Analyzer::FindInto(const Node& statement) {
  const Node* select = &statement;
  while (select->Is<pg::SelectStmt>()) {
    if (const Node* into = select->Get(pg::SelectStmt::kIntoClause)) {
      return into;
    }
    select = select->Get(pg::SelectStmt::kLarg);
    if (select == nullptr) {
      return nullptr;
    }
  }
  return nullptr;
}

void Analyzer::AnalyzeHarmless(const Node& statement) {
  if (!statement.Is<pg::VariableShowStmt>()) {
    return;
  }
  out_->returns_rows = true;
  out_->outputs_known = true;
  const std::string_view name = statement.Get(pg::VariableShowStmt::kName);
  if (name == "all") {
    for (const char* column : {"name", "setting", "description"}) {
      out_->outputs.push_back({.name = column, .origin_known = true});
    }
    return;
  }
  // The server spells some settings with capitals.
  out_->outputs.push_back({.name = std::string(name), .origin_known = true});
}

void Analyzer::AnalyzeWrapper(const Node& statement) {
  switch (statement.tag()) {
    case NodeTag::kExplainStmt:
      AnalyzeExplain(statement);
      return;
    case NodeTag::kPrepareStmt:
      AnalyzePrepare(statement);
      return;
    case NodeTag::kDeclareCursorStmt:
      AnalyzeDeclareCursor(statement);
      return;
    case NodeTag::kCopyStmt:
      AnalyzeCopy(statement);
      return;
    default:
      AnalyzeCreateTableAs(statement);
      return;
  }
}

// A statement inside another one: only those that the grammar lets stand there.
void Analyzer::AnalyzeInner(const Node& statement) {
  switch (RoleOf(statement.tag())) {
    case NodeRole::kQuery:
      AnalyzeOptimizable(statement);
      return;
    case NodeRole::kSession:
      AnalyzeSession(statement);
      return;
    case NodeRole::kWrapper:
      AnalyzeWrapper(statement);
      return;
    case NodeRole::kMaintain:
      AnalyzeMaintenance(statement);
      return;
    default:
      Unknown(fmt::format("{} inside {} is not understood", NodeName(statement.tag()), out_->tag),
              statement.location());
      return;
  }
}

void Analyzer::AnalyzeExplain(const Node& statement) {
  out_->is_explain = true;
  for (const Node* option : statement.Get(pg::ExplainStmt::kOptions)) {
    if (option->Get(pg::DefElem::kDefname) == "analyze") {
      out_->explain_runs = OptionIsOn(option->Get(pg::DefElem::kArg));
    }
  }
  const Node& inner = *statement.Get(pg::ExplainStmt::kQuery);
  if (++depth_ > limits_.query_depth_max) {
    Unknown("EXPLAIN nests too deep", -1);
  } else {
    AnalyzeInner(inner);
  }
  --depth_;
  if (out_->explain_runs) {
    const auto changes_rows = [](const Need& need) {
      return need.action == Action::kInsert || need.action == Action::kUpdate || need.action == Action::kDelete;
    };
    // EXECUTE may name any statement.
    out_->writes_uncounted = out_->object_verb == SessionObjectVerb::kExecute ||
                             std::any_of(out_->needs.begin(), out_->needs.end(), changes_rows);
  }
  if (out_->object_verb != SessionObjectVerb::kExecute) {
    // EXPLAIN DECLARE declares nothing.
    out_->object_verb = SessionObjectVerb::kNone;
    out_->object_name.clear();
  }
  // The plan shows constants, estimates and counts: whatever the statement inside touches.
  Value value;
  value.flows = referenced_;
  value.unknown = out_->object_verb == SessionObjectVerb::kExecute;
  QueryResult plan;
  plan.columns.push_back({"QUERY PLAN", std::move(value)});
  out_->outputs.clear();
  FillOutputs(plan, out_);
  out_->returns_rows = true;
}

bool Analyzer::OptionIsOn(const Node* argument) {
  if (argument == nullptr) {
    return true;
  }
  switch (argument->tag()) {
    case NodeTag::kString: {
      const std::string_view text = argument->Get(pg::String::kSval);
      return text != "off" && text != "false" && text != "no";
    }
    case NodeTag::kInteger:
      return argument->Get(pg::Integer::kIval) != 0;
    case NodeTag::kBoolean:
      return argument->Get(pg::Boolean::kBoolval);
    default:
      return true;
  }
}

void Analyzer::AnalyzePrepare(const Node& statement) {
  for (const Node* type_name : statement.Get(pg::PrepareStmt::kArgtypes)) {
    prepared_types_.push_back(TypeOf(*type_name));
  }
  parameter_types_ = prepared_types_;
  AnalyzeInner(*statement.Get(pg::PrepareStmt::kQuery));
  out_->returns_rows = false;
  out_->object_verb = SessionObjectVerb::kPrepare;
  out_->object_name = statement.Get(pg::PrepareStmt::kName);
}

void Analyzer::AnalyzeDeclareCursor(const Node& statement) {
  AnalyzeInner(*statement.Get(pg::DeclareCursorStmt::kQuery));
  out_->returns_rows = false;
  out_->object_verb = SessionObjectVerb::kDeclareCursor;
  out_->object_name = statement.Get(pg::DeclareCursorStmt::kPortalname);
}

void Analyzer::AnalyzeCreateTableAs(const Node& statement) {
  const Node& into = *statement.Get(pg::CreateTableAsStmt::kInto);
  RequireCreation(*into.Get(pg::IntoClause::kRel));
  const Node& query = *statement.Get(pg::CreateTableAsStmt::kQuery);
  if (query.Is<pg::ExecuteStmt>()) {
    // What flows into the table is what the prepared statement returns.
    AnalyzeExecute(query);
    out_->write_unknown = true;
    out_->returns_rows = false;
    return;
  }
  KeepResult(AnalyzeQuery(query, nullptr, nullptr));
}

void Analyzer::AnalyzeCall(const Node& statement) {
  const Node* call = statement.Get(pg::CallStmt::kFunccall);
  const Scope scope;
  Evaluate(call, scope);
  // A procedure may set anything, commit, and return a row of its OUT parameters.
  out_->is_barrier = true;
  out_->runs_triggers = true;
  out_->write_unknown = true;
  out_->returns_rows = called_ == nullptr || !called_->out_types.empty();
  out_->outputs_known = !out_->returns_rows;
}

}  // namespace chaperone::sql
