#include "api/masking/plan.h"

#include <algorithm>

namespace chaperone::masking {

namespace {

using sql::ColumnId;

// Looks rules up by column id, for one statement.
class Rules {
 public:
  Rules(const sql::Catalog& catalog, const policy::View& view) : catalog_(catalog), view_(view) {}

  // The rule for a column; for the whole row, that of any masked column of the relation. `*known` is false when the
  // column is not in the catalog.
  const policy::MaskingRule* For(const ColumnId& column, bool* known) const {
    sql::Catalog::ColumnParts parts;
    if (!catalog_.FindColumnParts(column, &parts)) {
      *known = false;
      return nullptr;
    }
    if (column.attnum != 0) {
      return view_.MaskFor(parts.schema, parts.relation, parts.column);
    }
    const sql::Relation* const relation = catalog_.RelationByOid(column.relation);
    for (const sql::Column& each : relation->columns) {
      if (const policy::MaskingRule* rule = view_.MaskFor(parts.schema, parts.relation, each.name)) {
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

OutputMask MaskOf(const sql::OutputColumn& output, const Rules& rules) {
  bool known = !output.unknown;
  const policy::MaskingRule* rule = nullptr;
  for (const ColumnId& source : output.sources) {
    const policy::MaskingRule* const found = rules.For(source, &known);
    rule = rule == nullptr ? found : rule;
    // Two rules in one value: neither's method is right for the other's part.
    if (found != nullptr && found != rule) {
      known = false;
    }
  }
  if (!known) {
    return {OutputMask::Kind::kOpaque, rule};
  }
  if (rule == nullptr) {
    return {};
  }
  return {output.plain ? OutputMask::Kind::kColumn : OutputMask::Kind::kOpaque, rule};
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
            : fmt::format("Leave {} out of WHERE, JOIN, GROUP BY, HAVING, ORDER BY and DISTINCT; filter by "
                          "another column.",
                          name));
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

std::optional<MaskingRefusal> CheckCopy(const sql::Statement& statement, const Rules& rules) {
  if (statement.copy != sql::CopyDirection::kToStdout) {
    return std::nullopt;
  }
  bool known = statement.outputs_known;
  for (const sql::OutputColumn& output : statement.outputs) {
    known = known && !output.unknown;
    if (const ColumnId* column = rules.FirstMasked(output.sources, &known)) {
      const std::string name = rules.NameOf(*column);
      return Refuse(*rules.For(*column, &known), name, fmt::format("{} is masked and cannot be read with COPY", name),
                    fmt::format("Use SELECT, or COPY a list of columns without {}.", name));
    }
  }
  if (!known) {
    return MaskingRefusal{"", "", "", "it is not known which columns this COPY reads, and some may be masked",
                          "Use SELECT, or COPY a table with a list of columns."};
  }
  return std::nullopt;
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

}  // namespace

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
  if (statement.returns_rows && !statement.outputs_known) {
    plan.touches_masked = true;
    plan.changes_rows = true;
  }
  plan.changes_rows = plan.changes_rows || (statement.returns_rows && !view.detectors().empty());
  plan.refusal = CheckPredicates(statement, rules);
  if (!plan.refusal) {
    plan.refusal = CheckWrites(statement, rules);
  }
  if (!plan.refusal) {
    plan.refusal = CheckCopy(statement, rules);
  }
  return plan;
}

}  // namespace chaperone::masking
