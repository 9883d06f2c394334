#include "api/masking/plan.h"

#include <algorithm>
#include <utility>

#include "api/masking/copy_options.h"

namespace chaperone::masking {

namespace {

using sql::ColumnId;

// Looks rules up by column id, for one statement.
class Rules {
 public:
  Rules(const sql::Catalog& catalog, const policy::View& view) : catalog_(catalog), view_(view) {}

  // What holds for a column's own values. `*known` is false when the column is not in the catalog.
  OutputMask MaskOf(const ColumnId& column, bool* known) const {
    sql::Catalog::ColumnParts parts;
    if (!catalog_.FindColumnParts(column, &parts)) {
      *known = false;
      return {};
    }
    return MaskOfColumn(view_, parts);
  }

  // The rule for a column, or for a part of it; for the whole row, that of any masked column of the relation.
  const policy::MaskingRule* For(const ColumnId& column, bool* known) const {
    sql::Catalog::ColumnParts parts;
    if (!catalog_.FindColumnParts(column, &parts)) {
      *known = false;
      return nullptr;
    }
    if (column.attnum != 0) {
      return MaskOfColumn(view_, parts).rule;
    }
    const sql::Relation* const relation = catalog_.RelationByOid(column.relation);
    for (const sql::Column& each : relation->columns) {
      parts.column = each.name;
      if (const policy::MaskingRule* rule = MaskOfColumn(view_, parts).rule) {
        return rule;
      }
    }
    return nullptr;
  }

  // The first masked column of a list, or null.
  const ColumnId* FirstMasked(const std::vector<ColumnId>& columns, bool* known) const {
    for (const ColumnId& column : columns) {
      if (For(column, known) != nullptr) {
        return &column;
      }
    }
    return nullptr;
  }

  std::string NameOf(const ColumnId& column) const { return catalog_.ColumnName(column); }

 private:
  const sql::Catalog& catalog_;
  const policy::View& view_;
};

void AddPaths(std::vector<policy::JsonPathMask> more, std::vector<policy::JsonPathMask>* paths) {
  for (policy::JsonPathMask& mask : more) {
    if (std::none_of(paths->begin(), paths->end(), [&](const auto& known) { return known.path == mask.path; })) {
      paths->push_back(std::move(mask));
    }
  }
}

OutputMask MaskOf(const sql::OutputColumn& output, const Rules& rules) {
  bool known = !output.unknown;
  OutputMask mask;
  for (const ColumnId& source : output.sources) {
    OutputMask found = rules.MaskOf(source, &known);
    if (found.rule == nullptr) {
      continue;
    }
    // Two rules in one value: neither's method is right for the other's part.
    known = known && (mask.rule == nullptr || mask.rule == found.rule);
    mask.rule = mask.rule == nullptr ? found.rule : mask.rule;
    // A mask on the whole goes before masks on parts.
    mask.kind = mask.kind == OutputMask::Kind::kColumn ? mask.kind : found.kind;
    AddPaths(std::move(found.paths), &mask.paths);
  }
  if (!known || (mask.rule != nullptr && !output.plain)) {
    return {OutputMask::Kind::kOpaque, mask.rule, {}};
  }
  return mask;
}

MaskingRefusal Refuse(const policy::MaskingRule& rule, std::string column, std::string message, std::string hint) {
  return {rule.policy, rule.id, std::move(column), std::move(message), std::move(hint)};
}

std::optional<MaskingRefusal> CheckPredicates(const sql::Statement& statement, const Rules& rules) {
  bool known = true;
  for (const ColumnId& column : statement.predicates) {
    const policy::MaskingRule* const rule = rules.For(column, &known);
    if (rule == nullptr || rule->in_predicates == policy::InPredicates::kAllow) {
      continue;
    }
    const auto& equality = statement.equality_predicates;
    if (rule->in_predicates == policy::InPredicates::kEquality &&
        std::find(equality.begin(), equality.end(), column) != equality.end()) {
      continue;
    }
    const std::string name = rules.NameOf(column);
    const bool equality_only = rule->in_predicates == policy::InPredicates::kEquality;
    return Refuse(
        *rule, name,
        fmt::format("{} is masked and decides which rows come back, or their order{}", name,
                    equality_only ? ", in another way than by equality with a constant" : ""),
        equality_only
            ? fmt::format("Compare {} with = and a constant or parameter only, or leave it out of WHERE, JOIN, "
                          "GROUP BY and ORDER BY.",
                          name)
            : fmt::format("Leave {} out of WHERE, JOIN, GROUP BY, HAVING, ORDER BY and DISTINCT; filter by another "
                          "column. In GROUP BY it may stand beside its table's primary key.",
                          name));
  }
  return std::nullopt;
}

std::vector<EqualityProbe> ProbesOf(const sql::Statement& statement, const Rules& rules) {
  std::vector<EqualityProbe> probes;
  for (const sql::EqualityProbe& probe : statement.equality_probes) {
    std::vector<const policy::MaskingRule*> counted;
    for (const ColumnId& column : probe.columns) {
      bool known = true;
      const policy::MaskingRule* const rule = rules.For(column, &known);
      if (rule == nullptr || rule->in_predicates != policy::InPredicates::kEquality ||
          std::find(counted.begin(), counted.end(), rule) != counted.end()) {
        continue;
      }
      counted.push_back(rule);
      probes.push_back({rule, column, probe.constants, probe.parameters});
    }
  }
  return probes;
}

// PREPARE keeps its parameters open, and EXECUTE gives them values that are expressions: they could not be counted.
std::optional<MaskingRefusal> CheckProbes(const sql::Statement& statement, const StatementPlan& plan,
                                          const Rules& rules) {
  if (statement.object_verb != sql::SessionObjectVerb::kPrepare) {
    return std::nullopt;
  }
  for (const EqualityProbe& probe : plan.probes) {
    if (!probe.parameters.empty()) {
      const std::string name = rules.NameOf(probe.column);
      return Refuse(*probe.rule, name,
                    fmt::format("{} is masked, and PREPARE leaves open which values it is compared with", name),
                    "Bind parameters through the protocol, as drivers do, or write the value as a constant.");
    }
  }
  return std::nullopt;
}

std::optional<MaskingRefusal> CheckWrites(const sql::Statement& statement, const Rules& rules) {
  bool known = true;
  if (const ColumnId* column = rules.FirstMasked(statement.write_sources, &known)) {
    const std::string name = rules.NameOf(*column);
    return Refuse(
        *rules.For(*column, &known), name,
        fmt::format("the value of {} is masked and must not be copied into a table, setting or message", name),
        fmt::format("Leave {} out of the values that are written.", name));
  }
  if (statement.object_verb == sql::SessionObjectVerb::kExecute && statement.write_unknown) {
    return MaskingRefusal{"", "", "",
                          "CREATE TABLE AS EXECUTE copies what the prepared statement reads, which may be masked",
                          "Use CREATE TABLE AS with the query itself."};
  }
  return std::nullopt;
}

bool LeavesAsterisks(policy::MaskMethod method) {
  switch (method) {
    case policy::MaskMethod::kRedact:
    case policy::MaskMethod::kKeepFirst:
    case policy::MaskMethod::kKeepLast:
    case policy::MaskMethod::kEmail:
      return true;
    default:
      return false;
  }
}

std::optional<MaskingRefusal> RefuseWrittenMask(const sql::Statement& statement, const Rules& rules) {
  for (const ColumnId& column : statement.written) {
    bool known = true;
    const policy::MaskingRule* const rule = rules.For(column, &known);
    if (rule != nullptr && LeavesAsterisks(rule->method)) {
      const std::string name = rules.NameOf(column);
      return Refuse(*rule, name,
                    fmt::format("{} is masked, and a value that is to be written is a mask and not the real one", name),
                    fmt::format("Leave {} out of what is written: what you read of it is not its value.", name));
    }
  }
  return std::nullopt;
}

// Rows of COPY are masked by the outputs' own plan; what cannot be is an option that hides where a value begins.
std::optional<MaskingRefusal> CheckCopy(const sql::Statement& statement, const StatementPlan& plan,
                                        const Rules& rules) {
  if (statement.copy != sql::CopyDirection::kToStdout) {
    return std::nullopt;
  }
  if (!statement.outputs_known) {
    return MaskingRefusal{"", "", "", "it is not known which columns this COPY reads, and some may be masked",
                          "Use SELECT, or COPY a table with a list of columns."};
  }
  if (!plan.changes_rows) {
    return std::nullopt;
  }
  const auto masked = std::find_if(plan.outputs.begin(), plan.outputs.end(),
                                   [](const OutputMask& mask) { return mask.kind != OutputMask::Kind::kNone; });
  const bool masks_values = std::any_of(plan.outputs.begin(), plan.outputs.end(), [](const OutputMask& mask) {
    return mask.kind == OutputMask::Kind::kColumn || mask.kind == OutputMask::Kind::kPaths;
  });
  const absl::Status status = CheckCopyOptions(statement.copy_options, masks_values);
  if (status.ok()) {
    return std::nullopt;
  }
  MaskingRefusal refusal;
  refusal.message = base::Message(status);
  refusal.hint = "Use COPY without that option, or SELECT.";
  if (masked != plan.outputs.end() && masked->rule != nullptr) {
    const sql::OutputColumn& output = statement.outputs[static_cast<size_t>(masked - plan.outputs.begin())];
    bool known = true;
    refusal.policy = masked->rule->policy;
    refusal.rule = masked->rule->id;
    if (const ColumnId* column = rules.FirstMasked(output.sources, &known)) {
      refusal.column = rules.NameOf(*column);
    }
  }
  return refusal;
}

// Triggers and functions that someone made may raise what they have read; a row that a constraint refuses is quoted.
bool MayQuote(const sql::Statement& statement, const Rules& rules) {
  bool known = true;
  return statement.runs_triggers ||
         std::any_of(statement.needs.begin(), statement.needs.end(), [&](const sql::Need& need) {
           switch (need.action) {
             case sql::Action::kExecute:
             case sql::Action::kDdl:
             case sql::Action::kMaintain:
               return true;
             case sql::Action::kInsert:
             case sql::Action::kUpdate:
             case sql::Action::kDelete:
               return rules.For({need.oid, 0}, &known) != nullptr || !known;
             default:
               return false;
           }
         });
}

bool TouchesMasked(const sql::Statement& statement, const Rules& rules) {
  bool known = true;
  const bool masked = rules.FirstMasked(statement.referenced, &known) != nullptr ||
                      rules.FirstMasked(statement.written, &known) != nullptr;
  return masked || !known || MayQuote(statement, rules);
}

// Detecting rules may look at what the statement returns. Not when each output is known to come from columns, and no
// such rule names their tables or anything else that the statement reads (views); what comes from no column (a
// constant, what a function gives) is always looked at.
bool MayDetect(const sql::Statement& statement, const sql::Catalog& catalog, const policy::View& view) {
  if (view.detectors().empty()) {
    return false;
  }
  const auto is_searched = [&](const ColumnId& source) {
    sql::Catalog::ColumnParts parts;
    return !catalog.FindColumnParts(source, &parts) || !view.DetectorsFor(parts.schema, parts.relation).empty();
  };
  const bool reads_searched = std::any_of(statement.needs.begin(), statement.needs.end(), [&](const sql::Need& need) {
    return need.kind == sql::ResourceKind::kRelation && is_searched({need.oid, 0});
  });
  return !statement.outputs_known || reads_searched ||
         std::any_of(statement.outputs.begin(), statement.outputs.end(), [&](const sql::OutputColumn& output) {
           return output.unknown || output.sources.empty() ||
                  std::any_of(output.sources.begin(), output.sources.end(), is_searched);
         });
}

}  // namespace

OutputMask MaskOfColumn(const policy::View& view, const sql::Catalog::ColumnParts& parts) {
  if (const policy::MaskingRule* rule = view.MaskFor(parts.schema, parts.relation, parts.column)) {
    return {OutputMask::Kind::kColumn, rule, {}};
  }
  std::vector<policy::JsonPathMask> paths = view.JsonPathMasksFor(parts.schema, parts.relation, parts.column);
  if (paths.empty()) {
    return {};
  }
  const policy::MaskingRule* const first = paths[0].rule;
  return {OutputMask::Kind::kPaths, first, std::move(paths)};
}

StatementPlan PlanStatement(const sql::Statement& statement, const sql::Catalog& catalog, const policy::View& view) {
  StatementPlan plan;
  const Rules rules(catalog, view);
  plan.outputs_known = statement.outputs_known;
  if (!view.MasksAnything()) {
    plan.outputs.resize(statement.outputs.size());
    return plan;
  }
  for (const sql::OutputColumn& output : statement.outputs) {
    const OutputMask mask = MaskOf(output, rules);
    plan.changes_rows = plan.changes_rows || mask.kind != OutputMask::Kind::kNone;
    plan.outputs.push_back(mask);
  }
  plan.touches_masked = plan.changes_rows || TouchesMasked(statement, rules);
  // What PREPARE and DECLARE hold returns rows later on.
  const bool returns_rows = statement.returns_rows || statement.object_verb == sql::SessionObjectVerb::kPrepare ||
                            statement.object_verb == sql::SessionObjectVerb::kDeclareCursor;
  if (returns_rows && !statement.outputs_known) {
    plan.touches_masked = true;
    plan.changes_rows = true;
  }
  const bool sends_rows = returns_rows || statement.copy == sql::CopyDirection::kToStdout;
  plan.changes_rows = plan.changes_rows || (sends_rows && MayDetect(statement, catalog, view));
  plan.written_mask = RefuseWrittenMask(statement, rules);
  plan.probes = ProbesOf(statement, rules);
  plan.refusal = CheckPredicates(statement, rules);
  if (!plan.refusal) {
    plan.refusal = CheckProbes(statement, plan, rules);
  }
  if (!plan.refusal) {
    plan.refusal = CheckWrites(statement, rules);
  }
  if (!plan.refusal) {
    plan.refusal = CheckCopy(statement, plan, rules);
  }
  return plan;
}

}  // namespace chaperone::masking
