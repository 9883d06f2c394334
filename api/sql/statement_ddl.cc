// Statements that change the schema, administer the server, maintain, lock or empty tables. Every object that such a
// statement names becomes a resource; expressions in it are searched for calls, queries in it for tables.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/node_role.h"
#include "api/sql/oids.h"
#include "api/sql/overload.h"

namespace chaperone::sql {

namespace {

std::string Dotted(std::string_view schema, std::string_view name) {
  return schema.empty() ? std::string(name) : fmt::format("{}.{}", schema, name);
}

// Kinds of objects whose names are relations' names.
bool IsRelationKind(pg::ObjectType type) {
  using enum pg::ObjectType;
  switch (type) {
    case OBJECT_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_SEQUENCE:
    case OBJECT_INDEX:
    case OBJECT_FOREIGN_TABLE:
      return true;
    default:
      return false;
  }
}

// Kinds of objects that belong to a table and are named "table.name" here: the table is the resource.
bool IsPartOfTable(pg::ObjectType type) {
  using enum pg::ObjectType;
  return type == OBJECT_COLUMN || type == OBJECT_TRIGGER || type == OBJECT_RULE || type == OBJECT_POLICY ||
         type == OBJECT_TABCONSTRAINT;
}

bool IsRoutineKind(pg::ObjectType type) {
  using enum pg::ObjectType;
  return type == OBJECT_FUNCTION || type == OBJECT_PROCEDURE || type == OBJECT_ROUTINE || type == OBJECT_AGGREGATE;
}

bool IsServerWide(pg::ObjectType type) {
  using enum pg::ObjectType;
  switch (type) {
    case OBJECT_ACCESS_METHOD:
    case OBJECT_DATABASE:
    case OBJECT_EVENT_TRIGGER:
    case OBJECT_EXTENSION:
    case OBJECT_FDW:
    case OBJECT_FOREIGN_SERVER:
    case OBJECT_LANGUAGE:
    case OBJECT_LARGEOBJECT:
    case OBJECT_PUBLICATION:
    case OBJECT_ROLE:
    case OBJECT_SUBSCRIPTION:
    case OBJECT_TABLESPACE:
    case OBJECT_TRANSFORM:
    case OBJECT_USER_MAPPING:
      return true;
    default:
      return false;
  }
}

// The parts of a name list, TypeName or ObjectWithArgs.
NodeList NameParts(const Node& object) {
  switch (object.tag()) {
    case NodeTag::kList:
      return object.Get(pg::List::kItems);
    case NodeTag::kTypeName:
      return object.Get(pg::TypeName::kNames);
    case NodeTag::kObjectWithArgs:
      return object.Get(pg::ObjectWithArgs::kObjname);
    default:
      return {};
  }
}

}  // namespace

std::string Analyzer::NewObjectName(std::string_view schema, std::string_view name, bool temporary) const {
  if (temporary) {
    return Dotted("pg_temp", name);
  }
  if (schema.empty()) {
    return Dotted(path_.creation_schema(), name);
  }
  return Dotted(schema == path_.temp_schema() ? "pg_temp" : schema, name);
}

// A relation that a statement makes.
void Analyzer::RequireCreation(const Node& range_var) {
  const bool temporary = range_var.Get(pg::RangeVar::kRelpersistence) == "t";
  Require(Action::kDdl, ResourceKind::kRelation,
          NewObjectName(range_var.Get(pg::RangeVar::kSchemaname), range_var.Get(pg::RangeVar::kRelname), temporary), 0,
          "", range_var.location());
  out_->is_barrier = true;
}

// A relation that should exist. Where no schema is given and the catalog has none of that name, it may stand in any
// schema of the path by the time the statement runs.
void Analyzer::RequireOnRelation(Action action, std::string_view schema, std::string_view name, int32_t location) {
  if (const Relation* relation = path_.FindRelation(schema, name)) {
    RequireRelation(action, *relation, location);
    if (!schema.empty() || !path_.is_uncertain()) {
      return;
    }
  }
  if (!schema.empty() || path_.function_schemas().size() <= 1) {
    Require(action, ResourceKind::kRelation, NewObjectName(schema, name, false), 0, "", location);
    return;
  }
  for (const Oid candidate : path_.function_schemas()) {
    if (candidate != oids::kPgCatalog) {
      Require(action, ResourceKind::kRelation, Dotted(catalog_.SchemaName(candidate), name), 0, "", location);
    }
  }
}

void Analyzer::RequireOnRangeVar(Action action, const Node* range_var) {
  if (range_var == nullptr) {
    return;
  }
  const std::string_view catalog = range_var->Get(pg::RangeVar::kCatalogname);
  if (!catalog.empty() && catalog != catalog_.database().name) {
    Unknown("a name of another database is not understood", range_var->location());
    return;
  }
  RequireOnRelation(action, range_var->Get(pg::RangeVar::kSchemaname), range_var->Get(pg::RangeVar::kRelname),
                    range_var->location());
}

// An object of kind `type` that a DDL statement names.
void Analyzer::RequireDdlObject(pg::ObjectType type, const Node* object) {
  if (object == nullptr) {
    RequireWholesale(Action::kDdl, "", -1);
    return;
  }
  if (IsServerWide(type)) {
    RequireWholesale(Action::kAdmin, "the object belongs to the whole database or server", -1);
    return;
  }
  if (type == pg::ObjectType::OBJECT_SCHEMA) {
    const NodeList parts = NameParts(*object);
    const Node* name = object->Is<pg::String>() ? object : parts.empty() ? nullptr : parts.back();
    if (name != nullptr && name->Is<pg::String>()) {
      Require(Action::kDdl, ResourceKind::kSchema, std::string(name->Get(pg::String::kSval)), 0, "", -1);
    } else {
      RequireWholesale(Action::kDdl, "", -1);
    }
    return;
  }
  NodeList parts = NameParts(*object);
  if (IsPartOfTable(type) && !parts.empty()) {
    parts = parts.first(parts.size() - 1);
  }
  QualifiedName name;
  if (!ReadQualifiedName(parts, &name)) {
    RequireWholesale(Action::kDdl, "", -1);
    return;
  }
  if (IsRelationKind(type) || IsPartOfTable(type)) {
    RequireOnRelation(Action::kDdl, name.schema, name.name, object->location());
    return;
  }
  RequireNamed(IsRoutineKind(type) ? ResourceKind::kFunction : ResourceKind::kNone, name);
}

// Functions, types and the rest: by schema.name, where the name exists or would be made.
void Analyzer::RequireNamed(ResourceKind kind, const QualifiedName& name) {
  std::string resource = NewObjectName(name.schema, name.name, false);
  if (name.schema.empty() && kind == ResourceKind::kFunction) {
    for (const Function* function : catalog_.FindFunctions(name.name)) {
      if (path_.FunctionRank(function->schema) != std::string_view::npos) {
        resource = catalog_.FunctionName(*function);
        break;
      }
    }
  } else if (name.schema.empty()) {
    if (const Type* type = path_.FindType("", name.name)) {
      resource = Dotted(catalog_.SchemaName(type->schema), type->name);
    }
  }
  if (name.schema.empty() && path_.is_uncertain()) {
    for (const Oid candidate : path_.function_schemas()) {
      if (candidate != oids::kPgCatalog) {
        Require(Action::kDdl, kind, Dotted(catalog_.SchemaName(candidate), name.name), 0, "", -1);
      }
    }
  }
  Require(Action::kDdl, kind, std::move(resource), 0, "", -1);
}

void Analyzer::RequireNamedList(ResourceKind kind, NodeList parts) {
  QualifiedName name;
  if (ReadQualifiedName(parts, &name)) {
    RequireNamed(kind, name);
  } else {
    RequireWholesale(Action::kDdl, "", -1);
  }
}

// Calls and tables in the expressions and queries of a statement whose scopes are not followed: column defaults, CHECK,
// USING, a policy's condition, a rule's actions. Every function of a name counts.
void Analyzer::ScanLooseExpressions(const Node& statement) {
  std::unordered_set<std::string_view> common_tables;
  std::vector<const Node*> in_queries;
  Walk(statement, [&](const Node& node) {
    if (!Spend(1, node.location())) {
      return false;
    }
    switch (node.tag()) {
      case NodeTag::kFuncCall: {
        QualifiedName name;
        if (!ReadQualifiedName(node.Get(pg::FuncCall::kFuncname), &name)) {
          Unknown("a function's name has too many parts", node.location());
          break;
        }
        const std::vector<Oid> types(node.Get(pg::FuncCall::kArgs).size(), 0);
        for (const Function* function : ResolveFunction(path_, name, {.types = types})) {
          RequireFunction(*function, &node, {}, node.location());
        }
        break;
      }
      case NodeTag::kCommonTableExpr:
        common_tables.insert(node.Get(pg::CommonTableExpr::kCtename));
        break;
      case NodeTag::kSelectStmt:
      case NodeTag::kInsertStmt:
      case NodeTag::kUpdateStmt:
      case NodeTag::kDeleteStmt:
      case NodeTag::kMergeStmt:
        in_queries.push_back(&node);
        break;
      default:
        break;
    }
    return true;
  });
  std::unordered_set<const Node*> seen;
  for (const Node* query : in_queries) {
    Walk(*query, [&](const Node& node) {
      if (!seen.insert(&node).second || !Spend(1, node.location())) {
        return false;
      }
      if (node.Is<pg::RangeVar>() &&
          (!node.Get(pg::RangeVar::kSchemaname).empty() || !common_tables.contains(node.Get(pg::RangeVar::kRelname)))) {
        RequireOnRangeVar(Action::kRead, &node);
      }
      return true;
    });
  }
}

void Analyzer::AnalyzeDdl(const Node& statement) {
  out_->is_barrier = true;
  switch (statement.tag()) {
    case NodeTag::kViewStmt: {
      RequireCreation(*statement.Get(pg::ViewStmt::kView));
      AnalyzeQuery(*statement.Get(pg::ViewStmt::kQuery), nullptr, nullptr);
      return;
    }
    case NodeTag::kCreateStmt:
      RequireCreation(*statement.Get(pg::CreateStmt::kRelation));
      break;
    case NodeTag::kCreateForeignTableStmt:
      RequireCreation(*statement.Get(pg::CreateForeignTableStmt::kBase)->Get(pg::CreateStmt::kRelation));
      RequireWholesale(Action::kAdmin, "a foreign table reaches another server", -1);
      break;
    case NodeTag::kCreateSeqStmt:
      RequireCreation(*statement.Get(pg::CreateSeqStmt::kSequence));
      break;
    case NodeTag::kCompositeTypeStmt:
      RequireCreation(*statement.Get(pg::CompositeTypeStmt::kTypevar));
      break;
    case NodeTag::kCreateSchemaStmt:
      AnalyzeCreateSchema(statement);
      break;
    case NodeTag::kCreateFunctionStmt:
      RequireNamedList(ResourceKind::kFunction, statement.Get(pg::CreateFunctionStmt::kFuncname));
      break;
    case NodeTag::kAlterFunctionStmt:
      RequireDdlObject(pg::ObjectType::OBJECT_ROUTINE, statement.Get(pg::AlterFunctionStmt::kFunc));
      break;
    case NodeTag::kDefineStmt: {
      const bool routine = IsRoutineKind(statement.Get(pg::DefineStmt::kKind));
      RequireNamedList(routine ? ResourceKind::kFunction : ResourceKind::kNone,
                       statement.Get(pg::DefineStmt::kDefnames));
      break;
    }
    case NodeTag::kCommentStmt:
      RequireDdlObject(statement.Get(pg::CommentStmt::kObjtype), statement.Get(pg::CommentStmt::kObject));
      break;
    case NodeTag::kSecLabelStmt:
      RequireDdlObject(statement.Get(pg::SecLabelStmt::kObjtype), statement.Get(pg::SecLabelStmt::kObject));
      break;
    case NodeTag::kRenameStmt:
      if (statement.Get(pg::RenameStmt::kRelation) == nullptr) {
        AnalyzeRenameObject(statement);
      }
      break;
    case NodeTag::kAlterObjectSchemaStmt:
      if (statement.Get(pg::AlterObjectSchemaStmt::kRelation) == nullptr) {
        RequireDdlObject(statement.Get(pg::AlterObjectSchemaStmt::kObjectType),
                         statement.Get(pg::AlterObjectSchemaStmt::kObject));
      }
      Require(Action::kDdl, ResourceKind::kSchema, std::string(statement.Get(pg::AlterObjectSchemaStmt::kNewschema)), 0,
              "", -1);
      break;
    case NodeTag::kAlterObjectDependsStmt:
      if (statement.Get(pg::AlterObjectDependsStmt::kRelation) == nullptr) {
        RequireDdlObject(statement.Get(pg::AlterObjectDependsStmt::kObjectType),
                         statement.Get(pg::AlterObjectDependsStmt::kObject));
      }
      break;
    case NodeTag::kCreateDomainStmt:
      RequireNamedList(ResourceKind::kNone, statement.Get(pg::CreateDomainStmt::kDomainname));
      break;
    case NodeTag::kAlterDomainStmt:
      RequireNamedList(ResourceKind::kNone, statement.Get(pg::AlterDomainStmt::kTypeName));
      break;
    case NodeTag::kCreateEnumStmt:
      RequireNamedList(ResourceKind::kNone, statement.Get(pg::CreateEnumStmt::kTypeName));
      break;
    case NodeTag::kAlterEnumStmt:
      RequireNamedList(ResourceKind::kNone, statement.Get(pg::AlterEnumStmt::kTypeName));
      break;
    case NodeTag::kCreateRangeStmt:
      RequireNamedList(ResourceKind::kNone, statement.Get(pg::CreateRangeStmt::kTypeName));
      break;
    case NodeTag::kAlterTypeStmt:
      RequireNamedList(ResourceKind::kNone, statement.Get(pg::AlterTypeStmt::kTypeName));
      break;
    case NodeTag::kAlterTableStmt:
    case NodeTag::kIndexStmt:
    case NodeTag::kCreateTrigStmt:
    case NodeTag::kRuleStmt:
    case NodeTag::kCreatePolicyStmt:
    case NodeTag::kAlterPolicyStmt:
    case NodeTag::kAlterSeqStmt:
      // Their tables are found below.
      break;
    default:
      // Operators, conversions, text search, statistics: rare, and named in many ways.
      RequireWholesale(Action::kDdl, "", -1);
      break;
  }
  RequireNamedTables(statement);
  ScanLooseExpressions(statement);
}

// Every table that a DDL statement names outside of queries: altered, indexed, referenced, inherited from, attached.
void Analyzer::RequireNamedTables(const Node& statement) {
  const Node* created = nullptr;
  switch (statement.tag()) {
    case NodeTag::kCreateStmt:
      created = statement.Get(pg::CreateStmt::kRelation);
      break;
    case NodeTag::kCreateForeignTableStmt:
      created = statement.Get(pg::CreateForeignTableStmt::kBase)->Get(pg::CreateStmt::kRelation);
      break;
    case NodeTag::kCreateSeqStmt:
      created = statement.Get(pg::CreateSeqStmt::kSequence);
      break;
    case NodeTag::kCompositeTypeStmt:
      created = statement.Get(pg::CompositeTypeStmt::kTypevar);
      break;
    default:
      break;
  }
  Walk(statement, [&](const Node& node) {
    if (RoleOf(node.tag()) == NodeRole::kQuery || !Spend(1, node.location())) {
      return false;
    }
    if (node.Is<pg::RangeVar>() && &node != created) {
      RequireOnRangeVar(Action::kDdl, &node);
      return false;
    }
    if (node.Is<pg::Constraint>() && node.Get(pg::Constraint::kPktable) != nullptr) {
      // A foreign key reads the table it refers to, and takes a lock that keeps rows from going.
      RequireOnRangeVar(Action::kRead, node.Get(pg::Constraint::kPktable));
      return false;
    }
    if ((node.Is<pg::AlterTableCmd>() && node.Get(pg::AlterTableCmd::kBehavior) == pg::DropBehavior::DROP_CASCADE)) {
      RequireWholesale(Action::kDdl, "CASCADE drops what depends on it", -1);
    }
    if (node.Is<pg::AlterTableCmd>() && node.Get(pg::AlterTableCmd::kSubtype) == pg::AlterTableType::AT_ChangeOwner) {
      RequireWholesale(Action::kAdmin, "it changes the owner", -1);
    }
    return true;
  });
}

void Analyzer::AnalyzeRenameObject(const Node& statement) {
  const pg::ObjectType type = statement.Get(pg::RenameStmt::kRenameType);
  if (type == pg::ObjectType::OBJECT_SCHEMA) {
    Require(Action::kDdl, ResourceKind::kSchema, std::string(statement.Get(pg::RenameStmt::kSubname)), 0, "", -1);
    return;
  }
  RequireDdlObject(type, statement.Get(pg::RenameStmt::kObject));
}

void Analyzer::AnalyzeCreateSchema(const Node& statement) {
  const std::string_view name = statement.Get(pg::CreateSchemaStmt::kSchemaname);
  if (name.empty()) {
    RequireWholesale(Action::kDdl, "", -1);
  } else {
    Require(Action::kDdl, ResourceKind::kSchema, std::string(name), 0, "", -1);
  }
  if (statement.Get(pg::CreateSchemaStmt::kAuthrole) != nullptr) {
    RequireWholesale(Action::kAdmin, "CREATE SCHEMA AUTHORIZATION gives the schema to a role", -1);
  }
  // Elements are created inside the new schema, whatever else the names say.
  for (const Node* element : statement.Get(pg::CreateSchemaStmt::kSchemaElts)) {
    RequireWholesale(RoleOf(element->tag()) == NodeRole::kAdmin ? Action::kAdmin : Action::kDdl, "", -1);
  }
}

void Analyzer::AnalyzeDrop(const Node& statement) {
  out_->is_barrier = true;
  const pg::ObjectType type = statement.Get(pg::DropStmt::kRemoveType);
  for (const Node* object : statement.Get(pg::DropStmt::kObjects)) {
    RequireDdlObject(type, object);
  }
  if (statement.Get(pg::DropStmt::kBehavior) == pg::DropBehavior::DROP_CASCADE) {
    RequireWholesale(Action::kDdl, "CASCADE drops what depends on it", -1);
  }
}

void Analyzer::AnalyzeAdmin(const Node& statement) {
  out_->is_barrier = true;
  RequireWholesale(Action::kAdmin, "", -1);
  ScanLooseExpressions(statement);
}

void Analyzer::AnalyzeLock(const Node& statement) {
  for (const Node* relation : statement.Get(pg::LockStmt::kRelations)) {
    RequireOnRangeVar(Action::kLock, relation);
  }
}

void Analyzer::AnalyzeTruncate(const Node& statement) {
  for (const Node* range_var : statement.Get(pg::TruncateStmt::kRelations)) {
    const Relation* relation =
        path_.FindRelation(range_var->Get(pg::RangeVar::kSchemaname), range_var->Get(pg::RangeVar::kRelname));
    if (relation == nullptr) {
      RequireOnRangeVar(Action::kTruncate, range_var);
      continue;
    }
    RequireWrite(Action::kTruncate, *relation, false, range_var->location());
  }
  if (statement.Get(pg::TruncateStmt::kBehavior) == pg::DropBehavior::DROP_CASCADE) {
    RequireWholesale(Action::kTruncate, "CASCADE empties every table that refers to it", -1);
  }
}

void Analyzer::AnalyzeMaintenance(const Node& statement) {
  switch (statement.tag()) {
    case NodeTag::kVacuumStmt: {
      const NodeList relations = statement.Get(pg::VacuumStmt::kRels);
      for (const Node* entry : relations) {
        RequireOnRangeVar(Action::kMaintain, entry->Get(pg::VacuumRelation::kRelation));
      }
      if (relations.empty()) {
        RequireWholesale(Action::kMaintain, "", -1);
      }
      return;
    }
    case NodeTag::kReindexStmt:
      if (const Node* relation = statement.Get(pg::ReindexStmt::kRelation)) {
        RequireOnRangeVar(Action::kMaintain, relation);
      } else {
        RequireWholesale(Action::kMaintain, "", -1);
      }
      return;
    case NodeTag::kClusterStmt:
      if (const Node* relation = statement.Get(pg::ClusterStmt::kRelation)) {
        RequireOnRangeVar(Action::kMaintain, relation);
      } else {
        RequireWholesale(Action::kMaintain, "", -1);
      }
      return;
    default:
      RequireOnRangeVar(Action::kMaintain, statement.Get(pg::RefreshMatViewStmt::kRelation));
      return;
  }
}

}  // namespace chaperone::sql
