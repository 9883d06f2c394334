// What PostgreSQL calls an output column without AS (parse_target.c, FigureColname).
#include "api/sql/analyzer.h"

namespace chaperone::sql {

namespace {

std::string_view SqlValueName(pg::SQLValueFunctionOp op) {
  switch (op) {
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_DATE:
      return "current_date";
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_TIME:
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_TIME_N:
      return "current_time";
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_TIMESTAMP:
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_TIMESTAMP_N:
      return "current_timestamp";
    case pg::SQLValueFunctionOp::SVFOP_LOCALTIME:
    case pg::SQLValueFunctionOp::SVFOP_LOCALTIME_N:
      return "localtime";
    case pg::SQLValueFunctionOp::SVFOP_LOCALTIMESTAMP:
    case pg::SQLValueFunctionOp::SVFOP_LOCALTIMESTAMP_N:
      return "localtimestamp";
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_ROLE:
      return "current_role";
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_USER:
      return "current_user";
    case pg::SQLValueFunctionOp::SVFOP_USER:
      return "user";
    case pg::SQLValueFunctionOp::SVFOP_SESSION_USER:
      return "session_user";
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_CATALOG:
      return "current_catalog";
    case pg::SQLValueFunctionOp::SVFOP_CURRENT_SCHEMA:
      return "current_schema";
  }
  return "?column?";
}

std::string_view XmlName(pg::XmlExprOp op) {
  switch (op) {
    case pg::XmlExprOp::IS_XMLCONCAT:
      return "xmlconcat";
    case pg::XmlExprOp::IS_XMLELEMENT:
      return "xmlelement";
    case pg::XmlExprOp::IS_XMLFOREST:
      return "xmlforest";
    case pg::XmlExprOp::IS_XMLPARSE:
      return "xmlparse";
    case pg::XmlExprOp::IS_XMLPI:
      return "xmlpi";
    case pg::XmlExprOp::IS_XMLROOT:
      return "xmlroot";
    case pg::XmlExprOp::IS_XMLSERIALIZE:
      return "xmlserialize";
    case pg::XmlExprOp::IS_DOCUMENT:
      break;
  }
  return {};
}

std::string_view LastString(NodeList list) {
  std::string_view last;
  for (const Node* item : list) {
    if (item != nullptr && item->Is<pg::String>()) {
      last = item->Get(pg::String::kSval);
    }
  }
  return last;
}

}  // namespace

std::string_view Analyzer::OutputName(const Node& expression) const {
  // A name that counts only when nothing below gives a better one.
  std::string_view fallback;
  const Node* node = &expression;
  while (node != nullptr) {
    std::string_view name;
    const Node* next = nullptr;
    switch (node->tag()) {
      case NodeTag::kColumnRef:
        name = LastString(node->Get(pg::ColumnRef::kFields));
        break;
      case NodeTag::kA_Indirection:
        name = LastString(node->Get(pg::A_Indirection::kIndirection));
        next = node->Get(pg::A_Indirection::kArg);
        break;
      case NodeTag::kFuncCall:
        name = LastString(node->Get(pg::FuncCall::kFuncname));
        break;
      case NodeTag::kA_Expr:
        name = node->Get(pg::A_Expr::kKind) == pg::A_Expr_Kind::AEXPR_NULLIF ? "nullif" : "";
        break;
      case NodeTag::kTypeCast:
        next = node->Get(pg::TypeCast::kArg);
        if (fallback.empty()) {
          fallback = LastString(node->Get(pg::TypeCast::kTypeName)->Get(pg::TypeName::kNames));
        }
        break;
      case NodeTag::kCollateClause:
        next = node->Get(pg::CollateClause::kArg);
        break;
      case NodeTag::kGroupingFunc:
        name = "grouping";
        break;
      case NodeTag::kSubLink:
        switch (node->Get(pg::SubLink::kSubLinkType)) {
          case pg::SubLinkType::EXISTS_SUBLINK:
            name = "exists";
            break;
          case pg::SubLinkType::ARRAY_SUBLINK:
            name = "array";
            break;
          case pg::SubLinkType::EXPR_SUBLINK:
            for (const auto& [seen, first] : subquery_names_) {
              name = seen == node ? first : name;
            }
            break;
          default:
            break;
        }
        break;
      case NodeTag::kCaseExpr:
        next = node->Get(pg::CaseExpr::kDefresult);
        if (fallback.empty()) {
          fallback = "case";
        }
        break;
      case NodeTag::kA_ArrayExpr:
        name = "array";
        break;
      case NodeTag::kRowExpr:
        name = "row";
        break;
      case NodeTag::kCoalesceExpr:
        name = "coalesce";
        break;
      case NodeTag::kMinMaxExpr:
        name = node->Get(pg::MinMaxExpr::kOp) == pg::MinMaxOp::IS_GREATEST ? "greatest" : "least";
        break;
      case NodeTag::kSQLValueFunction:
        name = SqlValueName(node->Get(pg::SQLValueFunction::kOp));
        break;
      case NodeTag::kXmlExpr:
        name = XmlName(node->Get(pg::XmlExpr::kOp));
        break;
      case NodeTag::kXmlSerialize:
        name = "xmlserialize";
        break;
      default:
        break;
    }
    if (!name.empty()) {
      return name;
    }
    node = next;
  }
  return fallback.empty() ? "?column?" : fallback;
}

}  // namespace chaperone::sql
