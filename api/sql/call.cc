// Calls: functions and operators, what they need and what flows through them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/oids.h"
#include "api/sql/overload.h"
#include "api/sql/settings.h"

namespace chaperone::sql {

namespace {

// A string constant, with or without a cast; absent for anything else.
std::optional<std::string_view> StringConstant(const Node* node) {
  while (node != nullptr && node->Is<pg::TypeCast>()) {
    node = node->Get(pg::TypeCast::kArg);
  }
  if (node == nullptr || !node->Is<pg::A_Const>() || node->Get(pg::A_Const::kIsnull)) {
    return std::nullopt;
  }
  const Node* value = node->Get(pg::A_Const::kVal);
  if (!value->Is<pg::String>()) {
    return std::nullopt;
  }
  return value->Get(pg::String::kSval);
}

bool IsSafe(FunctionClass function_class) {
  switch (function_class) {
    case FunctionClass::kSafe:
    case FunctionClass::kReadsPgProc:
    case FunctionClass::kReadsPgRewrite:
    case FunctionClass::kReadsPgDescription:
    case FunctionClass::kReadsPgShdescription:
    case FunctionClass::kSequenceNext:
    case FunctionClass::kSequenceSet:
    case FunctionClass::kSettings:
    case FunctionClass::kNotify:
      return true;
    default:
      return false;
  }
}

// The system catalog that a function of this class shows; empty for the others.
std::string_view CatalogShown(FunctionClass function_class) {
  switch (function_class) {
    case FunctionClass::kReadsPgProc:
      return "pg_proc";
    case FunctionClass::kReadsPgRewrite:
      return "pg_rewrite";
    case FunctionClass::kReadsPgDescription:
      return "pg_description";
    case FunctionClass::kReadsPgShdescription:
      return "pg_shdescription";
    default:
      return {};
  }
}

void AddPart(const Value& part, Value* value) {
  value->flows.Add(part.flows);
  value->presence.Add(part.presence);
  value->unknown = value->unknown || part.unknown;
}

std::vector<std::string_view> NamedArguments(NodeList arguments) {
  std::vector<std::string_view> names;
  for (const Node* argument : arguments) {
    if (argument->Is<pg::NamedArgExpr>()) {
      names.push_back(argument->Get(pg::NamedArgExpr::kName));
    }
  }
  return names;
}

}  // namespace

Value Analyzer::CombineCall(const Node& call, std::span<Value> parts) {
  QualifiedName name;
  if (!ReadQualifiedName(call.Get(pg::FuncCall::kFuncname), &name) ||
      (!name.catalog.empty() && name.catalog != catalog_.database().name)) {
    Unknown("a function's name has too many parts", call.location());
    return UnknownValue();
  }
  // What WITHIN GROUP orders by is an argument too.
  const size_t ordered = call.Get(pg::FuncCall::kAggWithinGroup) ? call.Get(pg::FuncCall::kAggOrder).size() : 0;
  const size_t argument_count = call.Get(pg::FuncCall::kArgs).size() + ordered;
  const std::span<Value> arguments = parts.first(argument_count);
  const std::span<Value> clauses = parts.subspan(argument_count);
  Value value = CallFunction(name, &call, arguments, call.location());
  for (const Value& clause : clauses) {
    AddPart(clause, &value);
    computed_.Add(clause.flows);
  }
  const bool windowed = call.Get(pg::FuncCall::kOver) != nullptr;
  if (windowed) {
    AddPredicate(clauses.back());
  }
  // count(x) shows how many values there are, not which; count(DISTINCT x) shows more.
  if (called_ != nullptr && called_->name == "count" && called_->schema == oids::kPgCatalog && arguments.size() == 1 &&
      clauses.empty() && !call.Get(pg::FuncCall::kAggDistinct) && arguments[0].plain) {
    value.presence.Add(value.flows);
    value.flows = ColumnSet();
  }
  return value;
}

// What calling it says about its arguments, `all` taken together, besides what it returns.
void Analyzer::NoteCallEffects(const Function& function, std::span<const Oid> types, const Value& all,
                               int32_t location) {
  if (function.returns_set) {
    // How many rows there are says something about what it was given.
    AddPredicate(all);
  }
  if (function.schema == oids::kPgCatalog && function.name == "setseed") {
    // What random() gives later depends on it.
    RecordKept(all);
  }
  if (oids::IsPolymorphic(function.result)) {
    // json_populate_record(row, …) makes values of the row's type.
    for (const Oid type : types) {
      RequireTypeFunctions(type, true, location);
    }
  }
}

Value Analyzer::CallFunction(const QualifiedName& name, const Node* call, std::span<Value> arguments,
                             int32_t location) {
  std::vector<Oid> types;
  types.reserve(arguments.size());
  Value value;
  for (const Value& argument : arguments) {
    types.push_back(argument.type);
    AddPart(argument, &value);
  }
  const std::vector<std::string_view> names =
      call == nullptr ? std::vector<std::string_view>() : NamedArguments(call->Get(pg::FuncCall::kArgs));
  const CallShape shape{types, names, call != nullptr && call->Get(pg::FuncCall::kFuncVariadic)};
  const std::vector<const Function*> candidates = ResolveFunction(path_, name, shape);
  called_ = nullptr;
  if (candidates.empty()) {
    Value other;
    // f(x) is x.f where x is a row that has a field f.
    const Type* row_type = arguments.size() == 1 ? catalog_.UndomainedType(arguments[0].type) : nullptr;
    const bool is_row =
        row_type != nullptr && (row_type->kind == TypeKind::kComposite || row_type->oid == oids::kRecord);
    if (is_row && name.schema.empty() && SelectField(arguments[0], name.name, &other)) {
      return other;
    }
    computed_.Add(value.flows);
    const Type* type = arguments.size() == 1 ? path_.FindType(name.schema, name.name) : nullptr;
    if (type != nullptr) {
      // type(x) is a cast.
      RequireTypeFunctions(type->oid, true, location);
      RequireCast(arguments[0], type->oid, location);
      value.type = type->oid;
      return value;
    }
    Unknown(fmt::format("function {}{}{} does not exist", name.schema, name.schema.empty() ? "" : ".", name.name),
            location);
    return UnknownValue();
  }
  computed_.Add(value.flows);
  bool safe = true;
  for (const Function* function : candidates) {
    RequireFunction(*function, call, arguments, location);
    RequireArgumentCasts(*function, arguments, location);
    NoteCallEffects(*function, types, value, location);
    safe = safe && IsSafe(function->function_class);
  }
  if (!safe) {
    // It may return anything, and keep what it is given.
    for (const Value& argument : arguments) {
      RecordKept(argument);
    }
    value.unknown = true;
  }
  Oid result = candidates[0]->result;
  for (const Function* function : candidates) {
    result = function->result == result ? result : 0;
  }
  value.type = oids::IsPolymorphic(result) ? 0 : result;
  if (candidates.size() == 1) {
    called_ = candidates[0];
    value.type = ResultType(catalog_, *called_, types, result);
  }
  return value;
}

void Analyzer::RequireFunction(const Function& function, const Node* call, std::span<const Value> arguments,
                               int32_t location) {
  const FunctionClass function_class = function.function_class;
  switch (function_class) {
    case FunctionClass::kSafe:
      return;
    case FunctionClass::kReadsPgProc:
    case FunctionClass::kReadsPgRewrite:
    case FunctionClass::kReadsPgDescription:
    case FunctionClass::kReadsPgShdescription:
      if (const Relation* shown = catalog_.FindRelation(oids::kPgCatalog, CatalogShown(function_class))) {
        RequireRelation(Action::kRead, *shown, location);
      }
      return;
    case FunctionClass::kSettings:
      if (call != nullptr) {
        AnalyzeSetConfig(*call, arguments, location);
        return;
      }
      break;
    case FunctionClass::kNotify:
      if (call != nullptr) {
        const NodeList nodes = call->Get(pg::FuncCall::kArgs);
        const std::optional<std::string_view> channel = StringConstant(nodes[0]);
        Require(Action::kNotify, channel ? ResourceKind::kChannel : ResourceKind::kNone,
                channel ? std::string(*channel) : "*", 0, "", location);
        for (const Value& argument : arguments) {
          RecordKept(argument);
        }
        return;
      }
      break;
    case FunctionClass::kSequenceNext:
    case FunctionClass::kSequenceSet:
      if (call != nullptr) {
        AnalyzeSequenceCall(function, *call, location);
        for (const Value& argument : arguments) {
          RecordKept(argument);
        }
        return;
      }
      break;
    default:
      break;
  }
  // It may set anything and make tables. What extensions bring does not.
  const bool is_foreign = function_class == FunctionClass::kUser && function.extension.empty();
  out_->is_barrier = out_->is_barrier || is_foreign || function_class == FunctionClass::kSqlText;
  Require(Action::kExecute, ResourceKind::kFunction, catalog_.FunctionName(function), function.oid,
          fmt::format("{} {}", function.name, FunctionClassReason(function_class)), location);
}

// nextval() comes with inserts, setval() changes what is there.
void Analyzer::AnalyzeSequenceCall(const Function& function, const Node& call, int32_t location) {
  const Action action = function.function_class == FunctionClass::kSequenceNext ? Action::kInsert : Action::kUpdate;
  const std::optional<std::string_view> text = StringConstant(call.Get(pg::FuncCall::kArgs)[0]);
  std::vector<std::string> parts;
  const Relation* sequence = nullptr;
  if (text && ParseDottedName(*text, &parts) && parts.size() <= 2) {
    sequence = path_.FindRelation(parts.size() == 2 ? parts[0] : "", parts.back());
  }
  if (sequence != nullptr) {
    RequireRelation(action, *sequence, location);
  } else {
    RequireWholesale(action, fmt::format("{} is given a sequence that is not named here", function.name), location);
  }
}

void Analyzer::AnalyzeSetConfig(const Node& call, std::span<const Value> arguments, int32_t location) {
  const NodeList nodes = call.Get(pg::FuncCall::kArgs);
  const std::optional<std::string_view> name = nodes.size() == 3 ? StringConstant(nodes[0]) : std::nullopt;
  for (const Value& argument : arguments) {
    RecordKept(argument);
  }
  if (!name) {
    Unknown("set_config changes a setting that is not named by a constant", location);
    out_->is_barrier = true;
    return;
  }
  const std::optional<std::string_view> value = StringConstant(nodes[1]);
  std::optional<std::vector<std::string>> values;
  if (value) {
    values.emplace().emplace_back(*value);
  }
  const Node* local = nodes[2];
  const Node* literal = local->Is<pg::A_Const>() ? local->Get(pg::A_Const::kVal) : nullptr;
  const bool is_local = literal != nullptr && literal->Is<pg::Boolean>() && literal->Get(pg::Boolean::kBoolval);
  std::string lower(*name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (lower == "search_path" && value) {
    values->clear();
    if (!ParseSearchPath(*value, &*values)) {
      values.reset();
    }
  }
  AddSetting(std::move(lower), std::move(values), false, is_local, location);
}

Value Analyzer::CombineOperator(const Node& node, std::span<Value> parts) {
  Value value;
  for (const Value& part : parts) {
    AddPart(part, &value);
    computed_.Add(part.flows);
  }
  const NodeList name = node.Get(pg::A_Expr::kName);
  const bool prefix = node.Get(pg::A_Expr::kLexpr) == nullptr;
  const Value* left = prefix ? nullptr : &parts[0];
  const Value* right = node.Get(pg::A_Expr::kRexpr) == nullptr ? nullptr : &parts.back();
  switch (node.Get(pg::A_Expr::kKind)) {
    case pg::A_Expr_Kind::AEXPR_OP:
      if (left != nullptr && right != nullptr && left->type == oids::kRecord && right->type == oids::kRecord) {
        // Row comparison: an operator for each pair of columns.
        CallOperator(name, nullptr, nullptr, node.location());
        value.type = oids::kBool;
      } else {
        value.type = prefix ? CallPrefixOperator(name, right, node.location())
                            : CallOperator(name, left, right, node.location());
      }
      break;
    case pg::A_Expr_Kind::AEXPR_NULLIF:
      CallOperator(name, left, right, node.location());
      value.type = left->type == oids::kUnknown ? 0 : left->type;
      break;
    case pg::A_Expr_Kind::AEXPR_OP_ANY:
    case pg::A_Expr_Kind::AEXPR_OP_ALL: {
      Value element;
      const Type* array = catalog_.TypeByOid(right->type);
      element.type = right->type == oids::kUnknown ? oids::kUnknown : array == nullptr ? 0 : array->element;
      CallOperator(name, left, &element, node.location());
      value.type = oids::kBool;
      break;
    }
    case pg::A_Expr_Kind::AEXPR_IN: {
      // The list is one value here; its items may differ in type.
      CallOperator(name, left, left->type == oids::kRecord ? nullptr : right, node.location());
      value.type = oids::kBool;
      break;
    }
    case pg::A_Expr_Kind::AEXPR_BETWEEN:
    case pg::A_Expr_Kind::AEXPR_NOT_BETWEEN:
    case pg::A_Expr_Kind::AEXPR_BETWEEN_SYM:
    case pg::A_Expr_Kind::AEXPR_NOT_BETWEEN_SYM:
      for (const std::string_view op : {"<=", ">=", "<", ">"}) {
        CallOperatorNamed({.name = op}, left, right, node.location());
      }
      value.type = oids::kBool;
      break;
    default:
      CallOperator(name, left, right, node.location());
      value.type = oids::kBool;
      break;
  }
  return value;
}

Oid Analyzer::CallOperator(NodeList name, const Value* left, const Value* right, int32_t location) {
  QualifiedName qualified;
  if (!ReadQualifiedName(name, &qualified)) {
    Unknown("an operator's name has too many parts", location);
    return 0;
  }
  return CallOperatorNamed(qualified, left, right, location);
}

Oid Analyzer::CallPrefixOperator(NodeList name, const Value* right, int32_t location) {
  QualifiedName qualified;
  if (!ReadQualifiedName(name, &qualified)) {
    Unknown("an operator's name has too many parts", location);
    return 0;
  }
  const std::vector<const Operator*> candidates =
      ResolveOperator(path_, qualified, true, 0, right == nullptr ? 0 : right->type);
  for (const Operator* op : candidates) {
    RequireOperandCast(right, op->right, location);
  }
  return RequireOperators(candidates, qualified, location);
}

Oid Analyzer::CallOperatorNamed(const QualifiedName& name, const Value* left, const Value* right, int32_t location) {
  const std::array<Oid, 2> types = {left == nullptr ? 0 : left->type, right == nullptr ? 0 : right->type};
  const std::vector<const Operator*> candidates = ResolveOperator(path_, name, false, types[0], types[1]);
  for (const Operator* op : candidates) {
    RequireOperandCast(left, op->left, location);
    RequireOperandCast(right, op->right, location);
  }
  const Oid result = RequireOperators(candidates, name, location);
  if (result != 0 || candidates.size() != 1) {
    return result;
  }
  // array || array
  const Function* const function = catalog_.FunctionByOid(candidates[0]->function);
  return function == nullptr ? 0 : ResultType(catalog_, *function, types, candidates[0]->result);
}

// The type that all candidates return; 0 when they differ.
Oid Analyzer::RequireOperators(const std::vector<const Operator*>& candidates, const QualifiedName& name,
                               int32_t location) {
  if (candidates.empty()) {
    Unknown(fmt::format("operator {} does not exist for these types", name.name), location);
    return 0;
  }
  Oid result = candidates[0]->result;
  for (const Operator* op : candidates) {
    result = op->result == result ? result : 0;
    const Function* function = catalog_.FunctionByOid(op->function);
    if (function == nullptr) {
      Unknown(fmt::format("operator {} has no function", name.name), location);
    } else if (function->function_class != FunctionClass::kSafe) {
      RequireFunction(*function, nullptr, {}, location);
    }
  }
  return oids::IsPolymorphic(result) ? 0 : result;
}

}  // namespace chaperone::sql
