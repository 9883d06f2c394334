// Expressions: an explicit stack takes each node apart and puts the parts' values together (parse_expr.c for meaning
// and types, ruleutils' FigureColname for names). Only queries within expressions recurse, through AnalyzeQuery's
// bound.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/oids.h"
#include "api/sql/overload.h"

namespace chaperone::sql {

namespace {

void AddParts(std::span<const Value> parts, Value* value) {
  for (const Value& part : parts) {
    value->flows.Add(part.flows);
    value->presence.Add(part.presence);
    value->unknown = value->unknown || part.unknown;
  }
}

bool IsExpressionTag(NodeTag tag) {
  switch (tag) {
    case NodeTag::kA_ArrayExpr:
    case NodeTag::kA_Const:
    case NodeTag::kA_Expr:
    case NodeTag::kA_Indices:
    case NodeTag::kA_Indirection:
    case NodeTag::kA_Star:
    case NodeTag::kBoolExpr:
    case NodeTag::kBooleanTest:
    case NodeTag::kCaseExpr:
    case NodeTag::kCaseWhen:
    case NodeTag::kCoalesceExpr:
    case NodeTag::kCollateClause:
    case NodeTag::kColumnRef:
    case NodeTag::kCurrentOfExpr:
    case NodeTag::kFuncCall:
    case NodeTag::kGroupingFunc:
    case NodeTag::kList:
    case NodeTag::kMinMaxExpr:
    case NodeTag::kMultiAssignRef:
    case NodeTag::kNamedArgExpr:
    case NodeTag::kNullTest:
    case NodeTag::kParamRef:
    case NodeTag::kResTarget:
    case NodeTag::kRowExpr:
    case NodeTag::kSetToDefault:
    case NodeTag::kSortBy:
    case NodeTag::kSQLValueFunction:
    case NodeTag::kString:
    case NodeTag::kSubLink:
    case NodeTag::kTypeCast:
    case NodeTag::kWindowDef:
    case NodeTag::kXmlExpr:
    case NodeTag::kXmlSerialize:
      return true;
    default:
      return false;
  }
}

Oid SqlValueType(pg::SQLValueFunctionOp op) {
  switch (op) {
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_DATE:
      return oids::kDate;
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_TIME:
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_TIME_N:
      return oids::kTimetz;
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_TIMESTAMP:
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_TIMESTAMP_N:
      return oids::kTimestamptz;
    case pg::SQLValueFunctionOp::SVFOP_LOCALTIME:
    case pg::SQLValueFunctionOp::SVFOP_LOCALTIME_N:
      return oids::kTime;
    case pg::SQLValueFunctionOp::SVFOP_LOCALTIMESTAMP:
    case pg::SQLValueFunctionOp::SVFOP_LOCALTIMESTAMP_N:
      return oids::kTimestamp;
    default:
      return oids::kName;
  }
}

}  // namespace

Value Analyzer::Evaluate(const Node* expression, const Scope& scope) {
  struct Step {
    const Node* node;
    size_t first_value;
    bool expanded;
  };
  if (expression == nullptr) {
    return Value();
  }
  // The commonest expression by far.
  if (expression->Is<pg::ColumnRef>()) {
    Spend(1, expression->location());
    return ResolveColumnRef(*expression, scope);
  }
  std::vector<Step> steps = {{expression, 0, false}};
  std::vector<Value> values;
  std::vector<const Node*> children;
  while (!steps.empty()) {
    Step& step = steps.back();
    if (!step.expanded) {
      if (!Spend(1, step.node->location())) {
        return UnknownValue();
      }
      children.clear();
      ChildrenOf(*step.node, &children);
      step.expanded = true;
      step.first_value = values.size();
      // `step` is gone once the stack grows.
      for (auto it = children.rbegin(); it != children.rend(); ++it) {
        steps.push_back({*it, 0, false});
      }
      continue;
    }
    const Step done = step;
    steps.pop_back();
    Value value = Combine(*done.node, std::span(values).subspan(done.first_value), scope);
    values.resize(done.first_value);
    values.push_back(std::move(value));
  }
  return std::move(values.back());
}

void Analyzer::ChildrenOf(const Node& node, std::vector<const Node*>* children) {
  const auto add = [&](const Node* child) {
    if (child != nullptr) {
      children->push_back(child);
    }
  };
  const auto add_all = [&](NodeList list) {
    for (const Node* child : list) {
      add(child);
    }
  };
  switch (node.tag()) {
    case NodeTag::kA_Expr:
      add(node.Get(pg::A_Expr::kLexpr));
      add(node.Get(pg::A_Expr::kRexpr));
      return;
    case NodeTag::kFuncCall:
      add_all(node.Get(pg::FuncCall::kArgs));
      add_all(node.Get(pg::FuncCall::kAggOrder));
      add(node.Get(pg::FuncCall::kAggFilter));
      add(node.Get(pg::FuncCall::kOver));
      return;
    case NodeTag::kSubLink:
      add(node.Get(pg::SubLink::kTestexpr));
      return;
    case NodeTag::kTypeCast:
      add(node.Get(pg::TypeCast::kArg));
      return;
    case NodeTag::kXmlSerialize:
      add(node.Get(pg::XmlSerialize::kExpr));
      return;
    case NodeTag::kCollateClause:
      add(node.Get(pg::CollateClause::kArg));
      return;
    case NodeTag::kResTarget:
      add(node.Get(pg::ResTarget::kVal));
      return;
    case NodeTag::kMultiAssignRef:
      add(node.Get(pg::MultiAssignRef::kSource));
      return;
    case NodeTag::kSortBy:
      add(node.Get(pg::SortBy::kNode));
      return;
    case NodeTag::kColumnRef:
    case NodeTag::kA_Const:
    case NodeTag::kParamRef:
    case NodeTag::kSetToDefault:
    case NodeTag::kCurrentOfExpr:
    case NodeTag::kSQLValueFunction:
      return;
    default:
      if (IsExpressionTag(node.tag())) {
        ForEachChild(node, [&](const Node& child) { children->push_back(&child); });
      }
      return;
  }
}

Value Analyzer::ConstantValue(const Node& constant) const {
  Value value;
  const Node* literal = constant.Get(pg::A_Const::kVal);
  if (literal == nullptr || literal->Is<pg::String>()) {
    value.type = oids::kUnknown;
  } else if (literal->Is<pg::Integer>()) {
    value.type = oids::kInt4;
  } else if (literal->Is<pg::Boolean>()) {
    value.type = oids::kBool;
  } else if (literal->Is<pg::BitString>()) {
    value.type = oids::kBit;
  } else if (literal->Is<pg::Float>()) {
    const std::string_view digits = literal->Get(pg::Float::kFval);
    int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    value.type = error == std::errc() && end == digits.data() + digits.size() ? oids::kInt8 : oids::kNumeric;
  }
  return value;
}

// A parameter without a declared type is an untyped literal where it first stands, and then has the type that place
// gave it: only one that stands once is sure to be the former.
Value Analyzer::ParameterValue(const Node& parameter) {
  Value value;
  const int64_t number = parameter.Get(pg::ParamRef::kNumber);
  if (number >= 1 && number <= static_cast<int64_t>(parameter_types_.size()) &&
      parameter_types_[static_cast<size_t>(number - 1)] != 0) {
    value.type = parameter_types_[static_cast<size_t>(number - 1)];
    return value;
  }
  if (statement_ == nullptr) {
    return value;
  }
  if (parameter_uses_.empty()) {
    Walk(*statement_, [&](const Node& node) {
      if (node.Is<pg::ParamRef>()) {
        ++parameter_uses_[node.Get(pg::ParamRef::kNumber)];
      }
      return true;
    });
  }
  value.type = parameter_uses_[number] == 1 ? oids::kUnknown : 0;
  return value;
}

Value Analyzer::Combine(const Node& node, std::span<Value> parts, const Scope& scope) {
  switch (node.tag()) {
    case NodeTag::kColumnRef:
      return ResolveColumnRef(node, scope);
    case NodeTag::kA_Const:
      return ConstantValue(node);
    case NodeTag::kParamRef:
      return ParameterValue(node);
    case NodeTag::kFuncCall:
      return CombineCall(node, parts);
    case NodeTag::kA_Expr:
      return CombineOperator(node, parts);
    case NodeTag::kTypeCast:
      return CombineCast(node, parts);
    case NodeTag::kSubLink:
      return CombineSubLink(node, parts, scope);
    case NodeTag::kA_Indirection:
      return CombineIndirection(node, parts);
    case NodeTag::kCaseExpr:
      return CombineCase(node, parts);
    case NodeTag::kNamedArgExpr:
    case NodeTag::kResTarget:
      return parts.empty() ? Value() : std::move(parts[0]);
    case NodeTag::kNullTest: {
      // Only whether there is a value shows; for a row, more does.
      Value value;
      value.type = oids::kBool;
      if (parts[0].row != nullptr) {
        value.flows.Add(parts[0].flows);
      } else {
        value.presence.Add(parts[0].flows);
      }
      value.presence.Add(parts[0].presence);
      value.unknown = parts[0].unknown;
      if (!parts[0].plain) {
        value.flows.Add(parts[0].flows);
        value.presence = parts[0].presence;
      }
      return value;
    }
    default:
      break;
  }
  Value value;
  AddParts(parts, &value);
  for (const Value& part : parts) {
    if (node.tag() != NodeTag::kSortBy && node.tag() != NodeTag::kWindowDef && node.tag() != NodeTag::kList) {
      computed_.Add(part.flows);
    }
  }
  switch (node.tag()) {
    case NodeTag::kBoolExpr:
    case NodeTag::kBooleanTest:
    case NodeTag::kCurrentOfExpr:
      value.type = oids::kBool;
      break;
    case NodeTag::kGroupingFunc:
      value.type = oids::kInt4;
      break;
    case NodeTag::kSQLValueFunction:
      value.type = SqlValueType(node.Get(pg::SQLValueFunction::kOp));
      break;
    case NodeTag::kCollateClause:
      value.type = parts[0].type == oids::kUnknown ? oids::kText : parts[0].type;
      break;
    case NodeTag::kCoalesceExpr:
    case NodeTag::kMinMaxExpr:
    case NodeTag::kA_ArrayExpr: {
      std::vector<Oid> types;
      for (const Value& part : parts) {
        types.push_back(part.type);
      }
      value.type = CommonType(catalog_, types);
      if (node.tag() == NodeTag::kA_ArrayExpr) {
        const Type* element = catalog_.TypeByOid(value.type);
        // An array of arrays has the type of its rows.
        value.type = element == nullptr ? 0 : element->array != 0 ? element->array : 0;
        if (!parts.empty() && element != nullptr && element->category == 'A') {
          value.type = element->oid;
        }
      }
      break;
    }
    case NodeTag::kRowExpr:
      value.type = oids::kRecord;
      break;
    case NodeTag::kCaseWhen:
      value.type = parts.back().type;
      break;
    case NodeTag::kList:
      value.type = parts.empty() ? 0 : parts[0].type;
      for (const Value& part : parts) {
        value.type = part.type == value.type ? value.type : 0;
      }
      break;
    case NodeTag::kXmlExpr:
      value.type = node.Get(pg::XmlExpr::kOp) == pg::XmlExprOp::IS_DOCUMENT ? oids::kBool : oids::kXml;
      break;
    case NodeTag::kXmlSerialize:
      value.type = TypeOf(*node.Get(pg::XmlSerialize::kTypeName));
      break;
    case NodeTag::kWindowDef:
      for (const std::string_view name : {node.Get(pg::WindowDef::kName), node.Get(pg::WindowDef::kRefname)}) {
        for (const NamedWindow& window : scope.windows) {
          if (!name.empty() && window.name == name) {
            AddParts({&window.value, 1}, &value);
          }
        }
      }
      break;
    case NodeTag::kSortBy:
      value.type = parts.empty() ? 0 : parts[0].type;
      if (const NodeList op = node.Get(pg::SortBy::kUseOp); !op.empty()) {
        CallOperator(op, nullptr, nullptr, node.location());
      }
      break;
    default:
      if (!IsExpressionTag(node.tag())) {
        Unknown(fmt::format("{} in an expression is not understood", NodeName(node.tag())), node.location());
        return UnknownValue();
      }
      break;
  }
  return value;
}

Value Analyzer::CombineCase(const Node& node, std::span<Value> parts) {
  // Parts: the operand if any, a value for each WHEN (condition and result together), the default if any.
  Value value;
  AddParts(parts, &value);
  for (const Value& part : parts) {
    computed_.Add(part.flows);
  }
  const bool has_operand = node.Get(pg::CaseExpr::kArg) != nullptr;
  if (has_operand) {
    // It is compared by an operator called =, whatever the types.
    CallOperatorNamed({.name = "="}, nullptr, nullptr, node.location());
  }
  std::vector<Oid> results;
  for (size_t i = has_operand ? 1 : 0; i < parts.size(); ++i) {
    results.push_back(parts[i].type);
  }
  if (node.Get(pg::CaseExpr::kDefresult) != nullptr) {
    // The default counts first.
    std::rotate(results.begin(), results.end() - 1, results.end());
  }
  value.type = CommonType(catalog_, results);
  return value;
}

Value Analyzer::CombineIndirection(const Node& node, std::span<Value> parts) {
  Value value = std::move(parts[0]);
  Value indices;
  for (const Node* step : node.Get(pg::A_Indirection::kIndirection)) {
    switch (step->tag()) {
      case NodeTag::kString: {
        const std::string_view field = step->Get(pg::String::kSval);
        Value selected;
        if (SelectField(value, field, &selected)) {
          value = std::move(selected);
        } else if (!catalog_.FindFunctions(field).empty()) {
          value = CallFunction({.name = field}, nullptr, {&value, 1}, node.location());
        } else {
          Unknown(fmt::format("field \"{}\" does not exist", field), node.location());
          return UnknownValue();
        }
        break;
      }
      case NodeTag::kA_Indices: {
        computed_.Add(value.flows);
        value.plain = false;
        value.origin = {};
        value.row = nullptr;
        value.typmod = -1;
        const Type* type = catalog_.TypeByOid(value.type);
        if (step->Get(pg::A_Indices::kIsSlice)) {
          break;
        }
        value.type = type == nullptr || value.type == oids::kJsonb ? value.type : type->element;
        break;
      }
      default:
        // A star, which the target list expands.
        break;
    }
  }
  for (const Value& part : parts.subspan(1)) {
    computed_.Add(part.flows);
    AddParts({&part, 1}, &indices);
  }
  value.flows.Add(indices.flows);
  value.presence.Add(indices.presence);
  value.unknown = value.unknown || indices.unknown;
  return value;
}

Value Analyzer::CombineSubLink(const Node& node, std::span<Value> parts, const Scope& scope) {
  const QueryResult result = AnalyzeQuery(*node.Get(pg::SubLink::kSubselect), &scope, scope.common_tables);
  const pg::SubLinkType type = node.Get(pg::SubLink::kSubLinkType);
  if (!result.columns.empty()) {
    subquery_names_.emplace_back(&node, result.columns[0].name);
  }
  Value value;
  if (type == pg::SubLinkType::EXISTS_SUBLINK) {
    value.type = oids::kBool;
    return value;
  }
  AddParts(parts, &value);
  for (const Value& part : parts) {
    computed_.Add(part.flows);
  }
  for (const ScopeColumn& column : result.columns) {
    AddParts({&column.value, 1}, &value);
  }
  value.unknown = value.unknown || !result.complete;
  const bool one = result.complete && result.columns.size() == 1;
  switch (type) {
    case pg::SubLinkType::EXPR_SUBLINK:
      value.type = one ? result.columns[0].value.type : 0;
      value.typmod = one ? result.columns[0].value.typmod : -1;
      break;
    case pg::SubLinkType::ARRAY_SUBLINK: {
      const Type* element = one ? catalog_.TypeByOid(result.columns[0].value.type) : nullptr;
      value.type = element == nullptr ? 0 : element->category == 'A' ? element->oid : element->array;
      break;
    }
    case pg::SubLinkType::MULTIEXPR_SUBLINK:
      break;
    default: {
      value.type = oids::kBool;
      const NodeList op = node.Get(pg::SubLink::kOperName);
      const Value* left = parts.empty() ? nullptr : &parts[0];
      const Value* right = one ? &result.columns[0].value : nullptr;
      // A row on the left compares column by column with as many operators.
      const bool single = one && left != nullptr && left->type != oids::kRecord;
      if (op.empty()) {
        CallOperatorNamed({.name = "="}, single ? left : nullptr, single ? right : nullptr, node.location());
      } else {
        CallOperator(op, single ? left : nullptr, single ? right : nullptr, node.location());
      }
      break;
    }
  }
  return value;
}

}  // namespace chaperone::sql
