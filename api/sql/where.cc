#include "api/sql/where.h"

#include <charconv>
#include <optional>

namespace chaperone::sql {

namespace {

// Parentheses and casts that people nest; deeper conditions are open.
constexpr int kDepthMax = 48;
constexpr size_t kSameNodesMax = 1000;
constexpr int kBranchesMax = 1000;

const Node* SkipCasts(const Node* node) {
  while (node != nullptr && (node->Is<pg::TypeCast>() || node->Is<pg::CollateClause>())) {
    node = node->Is<pg::TypeCast>() ? node->Get(pg::TypeCast::kArg) : node->Get(pg::CollateClause::kArg);
  }
  return node;
}

// The spelling of a constant, so that equal spellings are equal values; absent for NULL and what is no constant.
struct Literal {
  std::string_view text;
  std::optional<double> number;
  std::optional<bool> boolean;
};

std::optional<Literal> LiteralOf(const Node* node) {
  node = SkipCasts(node);
  if (node == nullptr || !node->Is<pg::A_Const>() || node->Get(pg::A_Const::kIsnull)) {
    return std::nullopt;
  }
  const Node* value = node->Get(pg::A_Const::kVal);
  Literal literal;
  const auto parse = [&](std::string_view digits) {
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size()) {
      literal.number = number;
    }
  };
  switch (value->tag()) {
    case NodeTag::kInteger:
      literal.number = static_cast<double>(value->Get(pg::Integer::kIval));
      break;
    case NodeTag::kFloat:
      parse(value->Get(pg::Float::kFval));
      break;
    case NodeTag::kBoolean:
      literal.boolean = value->Get(pg::Boolean::kBoolval);
      break;
    case NodeTag::kString: {
      literal.text = value->Get(pg::String::kSval);
      parse(literal.text);
      const std::string_view t = literal.text;
      if (t == "t" || t == "true" || t == "yes" || t == "on" || t == "1") {
        literal.boolean = true;
      } else if (t == "f" || t == "false" || t == "no" || t == "off" || t == "0") {
        literal.boolean = false;
      }
      break;
    }
    default:
      return std::nullopt;
  }
  return literal;
}

bool IsNull(const Node* node) {
  node = SkipCasts(node);
  return node != nullptr && node->Is<pg::A_Const>() && node->Get(pg::A_Const::kIsnull);
}

std::string_view OperatorName(const Node& node) {
  const NodeList name = node.Get(pg::A_Expr::kName);
  return name.empty() ? std::string_view() : name.back()->Get(pg::String::kSval);
}

// -1, 0, 1; absent when the two are not of one kind.
std::optional<int> Compare(const Literal& a, const Literal& b) {
  if (a.number && b.number) {
    return *a.number < *b.number ? -1 : *a.number > *b.number ? 1 : 0;
  }
  if (a.boolean && b.boolean) {
    return static_cast<int>(*a.boolean) - static_cast<int>(*b.boolean);
  }
  if (a.number || b.number || a.boolean || b.boolean) {
    return std::nullopt;
  }
  return a.text == b.text ? 0 : a.text < b.text ? -1 : 1;
}

}  // namespace

bool WhereJudge::IsAbsent(const Node* where) const {
  if (where == nullptr) {
    return true;
  }
  const Truth truth = Judge(*where, 0);
  if (branches_ > kBranchesMax) {
    return true;
  }
  switch (truth) {
    case Truth::kTrue:
      return true;
    case Truth::kFalse:
      return false;
    case Truth::kOpen:
      break;
  }
  return !where->Is<pg::CurrentOfExpr>() && !DependsOnTarget(*where);
}

WhereJudge::Truth WhereJudge::Judge(const Node& whole, int depth) const {
  if (depth > kDepthMax) {
    return Truth::kOpen;
  }
  const Node& node = *Fold(&whole, depth);
  switch (node.tag()) {
    case NodeTag::kBoolExpr:
      return JudgeBool(node, depth);
    case NodeTag::kA_Const:
    case NodeTag::kTypeCast: {
      if (IsNull(&node)) {
        return Truth::kFalse;
      }
      const std::optional<Literal> literal = LiteralOf(&node);
      if (literal && literal->boolean) {
        return *literal->boolean ? Truth::kTrue : Truth::kFalse;
      }
      return Truth::kOpen;
    }
    case NodeTag::kA_Expr:
      return JudgeComparison(node, depth);
    case NodeTag::kCaseExpr:
      return JudgeCase(node, depth);
    case NodeTag::kNullTest:
      return JudgeNullTest(node);
    case NodeTag::kBooleanTest: {
      const Truth inner = Judge(*node.Get(pg::BooleanTest::kArg), depth + 1);
      const pg::BoolTestType test = node.Get(pg::BooleanTest::kBooltesttype);
      const bool wants_true = test == pg::BoolTestType::IS_TRUE || test == pg::BoolTestType::IS_NOT_FALSE;
      const bool wants_false = test == pg::BoolTestType::IS_FALSE || test == pg::BoolTestType::IS_NOT_TRUE;
      if (inner == Truth::kOpen || (!wants_true && !wants_false)) {
        return Truth::kOpen;
      }
      return (inner == Truth::kTrue) == wants_true ? Truth::kTrue : Truth::kFalse;
    }
    case NodeTag::kSubLink:
      return JudgeSubLink(node, depth);
    default:
      return Truth::kOpen;
  }
}

WhereJudge::Truth WhereJudge::JudgeBool(const Node& node, int depth) const {
  const NodeList arguments = node.Get(pg::BoolExpr::kArgs);
  const pg::BoolExprType op = node.Get(pg::BoolExpr::kBoolop);
  if (op == pg::BoolExprType::NOT_EXPR) {
    if (IsNull(arguments[0])) {
      return Truth::kFalse;
    }
    switch (Judge(*arguments[0], depth + 1)) {
      case Truth::kTrue:
        return Truth::kFalse;
      case Truth::kFalse:
        return Truth::kTrue;
      case Truth::kOpen:
        return Truth::kOpen;
    }
  }
  const bool is_and = op == pg::BoolExprType::AND_EXPR;
  // OR is true, and AND false, as soon as one side is.
  const Truth decides = is_and ? Truth::kFalse : Truth::kTrue;
  bool all_other = true;
  for (const Node* argument : arguments) {
    const Truth truth = Judge(*argument, depth + 1);
    if (truth == decides) {
      return decides;
    }
    all_other = all_other && truth != Truth::kOpen;
  }
  if (all_other) {
    return is_and ? Truth::kTrue : Truth::kFalse;
  }
  if (is_and) {
    return Truth::kOpen;
  }
  // x OR NOT x, x IS NULL OR x IS NOT NULL, x = y OR x <> y.
  for (size_t i = 0; i < arguments.size() && arguments.size() <= 16; ++i) {
    for (size_t k = i + 1; k < arguments.size(); ++k) {
      if (AreOpposite(*arguments[i], *arguments[k]) || AreOpposite(*arguments[k], *arguments[i])) {
        return Truth::kTrue;
      }
    }
  }
  return Truth::kOpen;
}

bool WhereJudge::AreOpposite(const Node& a, const Node& b) {
  if (b.Is<pg::BoolExpr>() && b.Get(pg::BoolExpr::kBoolop) == pg::BoolExprType::NOT_EXPR) {
    return SameTree(&a, b.Get(pg::BoolExpr::kArgs)[0], kSameNodesMax);
  }
  if (a.Is<pg::NullTest>() && b.Is<pg::NullTest>()) {
    return a.Get(pg::NullTest::kNulltesttype) != b.Get(pg::NullTest::kNulltesttype) &&
           SameTree(a.Get(pg::NullTest::kArg), b.Get(pg::NullTest::kArg), kSameNodesMax);
  }
  if (a.Is<pg::A_Expr>() && b.Is<pg::A_Expr>() && a.Get(pg::A_Expr::kKind) == pg::A_Expr_Kind::AEXPR_OP &&
      b.Get(pg::A_Expr::kKind) == pg::A_Expr_Kind::AEXPR_OP && a.Get(pg::A_Expr::kLexpr) != nullptr) {
    struct Pair {
      std::string_view one;
      std::string_view other;
    };
    static constexpr Pair kPairs[] = {{"=", "<>"}, {"<", ">="}, {">", "<="}, {"<=", ">="}, {"<=", ">"}, {">=", "<"}};
    for (const Pair& pair : kPairs) {
      if (OperatorName(a) == pair.one && OperatorName(b) == pair.other) {
        return SameTree(a.Get(pg::A_Expr::kLexpr), b.Get(pg::A_Expr::kLexpr), kSameNodesMax) &&
               SameTree(a.Get(pg::A_Expr::kRexpr), b.Get(pg::A_Expr::kRexpr), kSameNodesMax);
      }
    }
  }
  return false;
}

WhereJudge::Truth WhereJudge::JudgeComparison(const Node& node, int depth) const {
  const pg::A_Expr_Kind kind = node.Get(pg::A_Expr::kKind);
  const Node* left = Fold(node.Get(pg::A_Expr::kLexpr), depth + 1);
  const Node* right = Fold(node.Get(pg::A_Expr::kRexpr), depth + 1);
  if (left == nullptr || right == nullptr) {
    return Truth::kOpen;
  }
  const std::string_view op = OperatorName(node);
  switch (kind) {
    case pg::A_Expr_Kind::AEXPR_NOT_DISTINCT:
    case pg::A_Expr_Kind::AEXPR_DISTINCT:
      if (SameTree(left, right, kSameNodesMax)) {
        return kind == pg::A_Expr_Kind::AEXPR_NOT_DISTINCT ? Truth::kTrue : Truth::kFalse;
      }
      return Truth::kOpen;
    case pg::A_Expr_Kind::AEXPR_LIKE:
    case pg::A_Expr_Kind::AEXPR_ILIKE:
    case pg::A_Expr_Kind::AEXPR_SIMILAR: {
      const std::optional<Literal> pattern = LiteralOf(right);
      const bool matches_all =
          pattern && !pattern->text.empty() && pattern->text.find_first_not_of('%') == std::string_view::npos;
      return matches_all && op.find('!') == std::string_view::npos ? Truth::kTrue : Truth::kOpen;
    }
    case pg::A_Expr_Kind::AEXPR_IN:
      for (const Node* item : right->Is<pg::List>() ? right->Get(pg::List::kItems) : NodeList()) {
        if (op == "=" && SameTree(left, item, kSameNodesMax)) {
          return Truth::kTrue;
        }
      }
      return Truth::kOpen;
    case pg::A_Expr_Kind::AEXPR_BETWEEN:
    case pg::A_Expr_Kind::AEXPR_BETWEEN_SYM: {
      const NodeList bounds = right->Get(pg::List::kItems);
      return SameTree(left, bounds[0], kSameNodesMax) && SameTree(left, bounds[1], kSameNodesMax) ? Truth::kTrue
                                                                                                  : Truth::kOpen;
    }
    case pg::A_Expr_Kind::AEXPR_OP:
      break;
    default:
      return Truth::kOpen;
  }
  if (op == "~" || op == "~*") {
    const std::optional<Literal> pattern = LiteralOf(right);
    const bool matches_all =
        pattern && !pattern->number &&
        (pattern->text.empty() || pattern->text == ".*" || pattern->text == "^" || pattern->text == "");
    return matches_all ? Truth::kTrue : Truth::kOpen;
  }
  if (IsNull(left) || IsNull(right)) {
    return Truth::kFalse;
  }
  const std::optional<Literal> a = LiteralOf(left);
  const std::optional<Literal> b = LiteralOf(right);
  std::optional<int> order;
  if (a && b) {
    order = Compare(*a, *b);
  } else if (SameTree(SkipCasts(left), SkipCasts(right), kSameNodesMax)) {
    order = 0;
  }
  if (!order) {
    return Truth::kOpen;
  }
  const auto truth = [](bool value) { return value ? Truth::kTrue : Truth::kFalse; };
  if (op == "=") {
    return truth(*order == 0);
  }
  if (op == "<>") {
    return truth(*order != 0);
  }
  // Texts sort by collation, which is not known here.
  if (*order != 0 && a && b && !(a->number && b->number)) {
    return Truth::kOpen;
  }
  if (op == "<=" || op == ">=") {
    return truth(*order == 0 || (op == "<=") == (*order < 0));
  }
  if (op == "<" || op == ">") {
    return truth(*order != 0 && (op == "<") == (*order < 0));
  }
  return Truth::kOpen;
}

WhereJudge::Truth WhereJudge::JudgeWhen(const Node& node, const Node& when, int depth) const {
  if (++branches_ > kBranchesMax) {
    return Truth::kOpen;
  }
  const Node* subject = node.Get(pg::CaseExpr::kArg);
  if (subject == nullptr) {
    return Judge(*when.Get(pg::CaseWhen::kExpr), depth + 1);
  }
  const std::optional<Literal> a = LiteralOf(Fold(subject, depth + 1));
  const std::optional<Literal> b = LiteralOf(Fold(when.Get(pg::CaseWhen::kExpr), depth + 1));
  const std::optional<int> order = a && b ? Compare(*a, *b) : std::nullopt;
  return !order ? Truth::kOpen : *order == 0 ? Truth::kTrue : Truth::kFalse;
}

// As Fold() leaves it: no WHEN is certain. It is decided all the same when whatever may come out of it is of one truth.
WhereJudge::Truth WhereJudge::JudgeCase(const Node& node, int depth) const {
  const Node* otherwise = node.Get(pg::CaseExpr::kDefresult);
  const Truth common = otherwise == nullptr ? Truth::kFalse : Judge(*otherwise, depth + 1);
  for (const Node* when : node.Get(pg::CaseExpr::kArgs)) {
    if (JudgeWhen(node, *when, depth) != Truth::kFalse &&
        Judge(*when->Get(pg::CaseWhen::kResult), depth + 1) != common) {
      return Truth::kOpen;
    }
  }
  return common;
}

const Node* WhereJudge::Fold(const Node* node, int depth) const {
  for (; node != nullptr && depth <= kDepthMax; ++depth) {
    const Node* next = nullptr;
    if (node->Is<pg::CaseExpr>()) {
      next = node->Get(pg::CaseExpr::kDefresult);
      for (const Node* when : node->Get(pg::CaseExpr::kArgs)) {
        const Truth taken = JudgeWhen(*node, *when, depth);
        if (taken != Truth::kFalse) {
          next = taken == Truth::kTrue ? when->Get(pg::CaseWhen::kResult) : nullptr;
          break;
        }
      }
    } else if (node->Is<pg::CoalesceExpr>()) {
      for (const Node* argument : node->Get(pg::CoalesceExpr::kArgs)) {
        if (!IsNull(argument)) {
          next = LiteralOf(argument) ? argument : nullptr;
          break;
        }
      }
    }
    if (next == nullptr) {
      return node;
    }
    node = next;
  }
  return node;
}

const Column* WhereJudge::TargetColumn(const Node& node) const {
  const Node* reference = SkipCasts(&node);
  if (reference == nullptr || !reference->Is<pg::ColumnRef>() || target_.relation == nullptr) {
    return nullptr;
  }
  const Node* last = reference->Get(pg::ColumnRef::kFields).back();
  if (!IsTargetColumn(*reference) || !last->Is<pg::String>()) {
    return nullptr;
  }
  return target_.relation->FindColumn(last->Get(pg::String::kSval));
}

WhereJudge::Truth WhereJudge::JudgeNullTest(const Node& node) const {
  const Node* argument = node.Get(pg::NullTest::kArg);
  const bool wants_null = node.Get(pg::NullTest::kNulltesttype) == pg::NullTestType::IS_NULL;
  if (IsNull(argument)) {
    return wants_null ? Truth::kTrue : Truth::kFalse;
  }
  bool never_null = LiteralOf(argument).has_value();
  const Node* reference = SkipCasts(argument);
  if (reference != nullptr && reference->Is<pg::ColumnRef>() && IsTargetColumn(*reference)) {
    const Node* last = reference->Get(pg::ColumnRef::kFields).back();
    const Column* column = TargetColumn(*reference);
    never_null = column != nullptr ? column->not_null
                                   : last->Is<pg::String>() && SystemColumnNumber(last->Get(pg::String::kSval)) != 0;
  }
  if (!never_null) {
    return Truth::kOpen;
  }
  return wants_null ? Truth::kFalse : Truth::kTrue;
}

// `id IN (SELECT id FROM same_table)` and EXISTS (SELECT … FROM same_table), where the inner query keeps nothing out
// itself.
WhereJudge::Truth WhereJudge::JudgeSubLink(const Node& node, int depth) const {
  const Node& select = *node.Get(pg::SubLink::kSubselect);
  if (!select.Is<pg::SelectStmt>() || select.Get(pg::SelectStmt::kOp) != pg::SetOperation::SETOP_NONE ||
      select.Get(pg::SelectStmt::kLimitCount) != nullptr || select.Get(pg::SelectStmt::kLimitOffset) != nullptr ||
      select.Get(pg::SelectStmt::kHavingClause) != nullptr || select.Get(pg::SelectStmt::kFromClause).size() > 1) {
    return Truth::kOpen;
  }
  if (const Node* where = select.Get(pg::SelectStmt::kWhereClause)) {
    const Truth inner = Judge(*where, depth + 1);
    if (inner != Truth::kTrue) {
      return Truth::kOpen;
    }
  }
  const NodeList from = select.Get(pg::SelectStmt::kFromClause);
  const bool same_table = from.size() == 1 && from[0]->Is<pg::RangeVar>() && target_.relation != nullptr &&
                          from[0]->Get(pg::RangeVar::kRelname) == target_.relation->name;
  switch (node.Get(pg::SubLink::kSubLinkType)) {
    case pg::SubLinkType::EXISTS_SUBLINK:
      return from.empty() || same_table ? Truth::kTrue : Truth::kOpen;
    case pg::SubLinkType::ANY_SUBLINK: {
      const NodeList targets = select.Get(pg::SelectStmt::kTargetList);
      const Node* test = node.Get(pg::SubLink::kTestexpr);
      if (!same_table || targets.size() != 1 || test == nullptr || !test->Is<pg::ColumnRef>() ||
          !node.Get(pg::SubLink::kOperName).empty()) {
        return Truth::kOpen;
      }
      const Node* inner = targets[0]->Get(pg::ResTarget::kVal);
      if (inner == nullptr || !inner->Is<pg::ColumnRef>()) {
        return Truth::kOpen;
      }
      const Node* a = test->Get(pg::ColumnRef::kFields).back();
      const Node* b = inner->Get(pg::ColumnRef::kFields).back();
      return SameTree(a, b, kSameNodesMax) ? Truth::kTrue : Truth::kOpen;
    }
    case pg::SubLinkType::EXPR_SUBLINK: {
      const NodeList targets = select.Get(pg::SelectStmt::kTargetList);
      if (targets.size() != 1 || !from.empty() || targets[0]->Get(pg::ResTarget::kVal) == nullptr) {
        return Truth::kOpen;
      }
      return Judge(*targets[0]->Get(pg::ResTarget::kVal), depth + 1);
    }
    default:
      return Truth::kOpen;
  }
}

bool WhereJudge::IsTargetColumn(const Node& node) const {
  const NodeList fields = node.Get(pg::ColumnRef::kFields);
  if (fields.empty() || fields[0] == nullptr || !fields[0]->Is<pg::String>()) {
    return false;
  }
  const std::string_view first = fields[0]->Get(pg::String::kSval);
  if (fields.size() >= 2) {
    const Node* qualifier = fields[fields.size() - 2];
    return qualifier->Is<pg::String>() && qualifier->Get(pg::String::kSval) == target_.alias;
  }
  if (first == target_.alias) {
    return true;
  }
  if (target_.relation != nullptr && !target_.expanded) {
    return target_.relation->FindColumn(first) != nullptr || SystemColumnNumber(first) != 0;
  }
  for (const ScopeColumn& column : target_.columns) {
    if (column.name == first) {
      return true;
    }
  }
  return SystemColumnNumber(first) != 0;
}

bool WhereJudge::DependsOnTarget(const Node& node) const {
  bool depends = false;
  Walk(node, [&](const Node& inner) {
    if (depends) {
      return false;
    }
    if (inner.Is<pg::CurrentOfExpr>() || (inner.Is<pg::ColumnRef>() && IsTargetColumn(inner))) {
      depends = true;
    }
    return true;
  });
  return depends;
}

}  // namespace chaperone::sql
