// Predicates: which columns decide about rows, and which of them by equality with literals alone.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/sql/analyzer.h"

namespace chaperone::sql {

namespace {

// A constant or parameter, casts apart; null for anything else.
const Node* FindLiteral(const Node* node) {
  while (node != nullptr && node->Is<pg::TypeCast>()) {
    node = node->Get(pg::TypeCast::kArg);
  }
  return node != nullptr && (node->Is<pg::A_Const>() || node->Is<pg::ParamRef>()) ? node : nullptr;
}

bool IsColumn(const Node* node) { return node != nullptr && node->Is<pg::ColumnRef>(); }

// `column = literal` and `column IN (literals)`. False for any other comparison.
bool FindEquality(const Node& node, const Node** column, std::vector<const Node*>* literals) {
  if (!node.Is<pg::A_Expr>()) {
    return false;
  }
  const NodeList name = node.Get(pg::A_Expr::kName);
  if (name.size() != 1 || name[0]->Get(pg::String::kSval) != "=") {
    return false;
  }
  const Node* const left = node.Get(pg::A_Expr::kLexpr);
  const Node* const right = node.Get(pg::A_Expr::kRexpr);
  switch (node.Get(pg::A_Expr::kKind)) {
    case pg::A_Expr_Kind::AEXPR_OP:
      *column = IsColumn(left) ? left : right;
      literals->push_back(FindLiteral(IsColumn(left) ? right : left));
      break;
    case pg::A_Expr_Kind::AEXPR_IN:
      *column = left;
      if (right == nullptr || !right->Is<pg::List>()) {
        return false;
      }
      for (const Node* item : right->Get(pg::List::kItems)) {
        literals->push_back(FindLiteral(item));
      }
      break;
    default:
      return false;
  }
  return IsColumn(*column) && std::find(literals->begin(), literals->end(), nullptr) == literals->end();
}

// As the text has it. NULL is equal to nothing: it asks nothing.
std::optional<std::string> LiteralText(const Node& constant) {
  const Node* const literal = constant.Get(pg::A_Const::kVal);
  if (literal == nullptr) {
    return std::nullopt;
  }
  switch (literal->tag()) {
    case NodeTag::kString:
      return std::string(literal->Get(pg::String::kSval));
    case NodeTag::kInteger:
      return fmt::format("{}", literal->Get(pg::Integer::kIval));
    case NodeTag::kFloat:
      return std::string(literal->Get(pg::Float::kFval));
    case NodeTag::kBoolean:
      return literal->Get(pg::Boolean::kBoolval) ? "true" : "false";
    case NodeTag::kBitString:
      return std::string(literal->Get(pg::BitString::kBsval));
    default:
      return std::nullopt;
  }
}

}  // namespace

// WHERE, ON, HAVING: which columns decide, and which of them only by `column = constant`, joined by AND.
void Analyzer::AnalyzePredicate(const Node* condition, const Scope& scope) {
  if (condition == nullptr) {
    return;
  }
  std::vector<const Node*> pending = {condition};
  while (!pending.empty()) {
    const Node* node = pending.back();
    pending.pop_back();
    if (node->Is<pg::BoolExpr>() && node->Get(pg::BoolExpr::kBoolop) == pg::BoolExprType::AND_EXPR) {
      for (const Node* argument : node->Get(pg::BoolExpr::kArgs)) {
        pending.push_back(argument);
      }
      continue;
    }
    const Value value = Evaluate(node, scope);
    if (!AddEquality(*node, value, scope)) {
      AddPredicate(value);
    }
  }
}

// `value` is the comparison's. False: it is another one than by equality with literals, or of another value than a
// column's own.
bool Analyzer::AddEquality(const Node& comparison, const Value& value, const Scope& scope) {
  const Node* column = nullptr;
  std::vector<const Node*> literals;
  if (!FindEquality(comparison, &column, &literals)) {
    return false;
  }
  const Value side = Evaluate(column, scope);
  if (!side.plain || !IsPlainOrigin(side)) {
    return false;
  }
  equality_.Add(value.flows);
  equality_.Add(value.presence);
  PendingProbe& probe = probes_.emplace_back();
  probe.columns.Add(value.flows);
  probe.columns.Add(value.presence);
  for (const Node* literal : literals) {
    if (literal->Is<pg::ParamRef>()) {
      probe.parameters.push_back(literal->Get(pg::ParamRef::kNumber));
    } else if (std::optional<std::string> text = LiteralText(*literal)) {
      probe.constants.push_back(*std::move(text));
    }
  }
  return true;
}

}  // namespace chaperone::sql
