// Command tags (utility.c, CreateCommandTag).
#include "api/sql/node_role.h"

namespace chaperone::sql {

namespace {

// How tags call a kind of object; empty where a tag does not name it.
std::string_view ObjectWord(pg::ObjectType type) {
  using enum pg::ObjectType;
  switch (type) {
    case OBJECT_ACCESS_METHOD:
      return "ACCESS METHOD";
    case OBJECT_AGGREGATE:
      return "AGGREGATE";
    case OBJECT_ATTRIBUTE:
      return "TYPE";
    case OBJECT_CAST:
      return "CAST";
    case OBJECT_COLUMN:
    case OBJECT_TABCONSTRAINT:
    case OBJECT_TABLE:
      return "TABLE";
    case OBJECT_COLLATION:
      return "COLLATION";
    case OBJECT_CONVERSION:
      return "CONVERSION";
    case OBJECT_DATABASE:
      return "DATABASE";
    case OBJECT_DOMAIN:
    case OBJECT_DOMCONSTRAINT:
      return "DOMAIN";
    case OBJECT_EVENT_TRIGGER:
      return "EVENT TRIGGER";
    case OBJECT_EXTENSION:
      return "EXTENSION";
    case OBJECT_FDW:
      return "FOREIGN DATA WRAPPER";
    case OBJECT_FOREIGN_SERVER:
      return "SERVER";
    case OBJECT_FOREIGN_TABLE:
      return "FOREIGN TABLE";
    case OBJECT_FUNCTION:
      return "FUNCTION";
    case OBJECT_INDEX:
      return "INDEX";
    case OBJECT_LANGUAGE:
      return "LANGUAGE";
    case OBJECT_LARGEOBJECT:
      return "LARGE OBJECT";
    case OBJECT_MATVIEW:
      return "MATERIALIZED VIEW";
    case OBJECT_OPCLASS:
      return "OPERATOR CLASS";
    case OBJECT_OPERATOR:
      return "OPERATOR";
    case OBJECT_OPFAMILY:
      return "OPERATOR FAMILY";
    case OBJECT_POLICY:
      return "POLICY";
    case OBJECT_PROCEDURE:
      return "PROCEDURE";
    case OBJECT_PUBLICATION:
      return "PUBLICATION";
    case OBJECT_ROLE:
      return "ROLE";
    case OBJECT_ROUTINE:
      return "ROUTINE";
    case OBJECT_RULE:
      return "RULE";
    case OBJECT_SCHEMA:
      return "SCHEMA";
    case OBJECT_SEQUENCE:
      return "SEQUENCE";
    case OBJECT_STATISTIC_EXT:
      return "STATISTICS";
    case OBJECT_SUBSCRIPTION:
      return "SUBSCRIPTION";
    case OBJECT_TABLESPACE:
      return "TABLESPACE";
    case OBJECT_TRANSFORM:
      return "TRANSFORM";
    case OBJECT_TRIGGER:
      return "TRIGGER";
    case OBJECT_TSCONFIGURATION:
      return "TEXT SEARCH CONFIGURATION";
    case OBJECT_TSDICTIONARY:
      return "TEXT SEARCH DICTIONARY";
    case OBJECT_TSPARSER:
      return "TEXT SEARCH PARSER";
    case OBJECT_TSTEMPLATE:
      return "TEXT SEARCH TEMPLATE";
    case OBJECT_TYPE:
      return "TYPE";
    case OBJECT_VIEW:
      return "VIEW";
    default:
      return {};
  }
}

// Tags live as long as the process: the few that are put together come from this table.
std::string_view Joined(std::string_view verb, std::string_view word) {
  static constexpr std::string_view kTags[] = {
#define CHAPERONE_TAGS(word) "CREATE " word, "ALTER " word, "DROP " word,
      CHAPERONE_TAGS("ACCESS METHOD") CHAPERONE_TAGS("AGGREGATE") CHAPERONE_TAGS("TYPE") CHAPERONE_TAGS("CAST")
          CHAPERONE_TAGS("TABLE") CHAPERONE_TAGS("COLLATION") CHAPERONE_TAGS("CONVERSION") CHAPERONE_TAGS("DATABASE")
              CHAPERONE_TAGS("DOMAIN") CHAPERONE_TAGS("EVENT TRIGGER") CHAPERONE_TAGS("EXTENSION") CHAPERONE_TAGS(
                  "FOREIGN DATA WRAPPER") CHAPERONE_TAGS("SERVER") CHAPERONE_TAGS("FOREIGN TABLE")
                  CHAPERONE_TAGS("FUNCTION") CHAPERONE_TAGS("INDEX") CHAPERONE_TAGS("LANGUAGE") CHAPERONE_TAGS(
                      "LARGE OBJECT") CHAPERONE_TAGS("MATERIALIZED VIEW") CHAPERONE_TAGS("OPERATOR CLASS")
                      CHAPERONE_TAGS("OPERATOR") CHAPERONE_TAGS("OPERATOR FAMILY") CHAPERONE_TAGS("POLICY")
                          CHAPERONE_TAGS("PROCEDURE") CHAPERONE_TAGS("PUBLICATION") CHAPERONE_TAGS("ROLE")
                              CHAPERONE_TAGS("ROUTINE") CHAPERONE_TAGS("RULE") CHAPERONE_TAGS("SCHEMA")
                                  CHAPERONE_TAGS("SEQUENCE") CHAPERONE_TAGS("STATISTICS") CHAPERONE_TAGS("SUBSCRIPTION")
                                      CHAPERONE_TAGS("TABLESPACE") CHAPERONE_TAGS("TRANSFORM") CHAPERONE_TAGS("TRIGGER")
                                          CHAPERONE_TAGS("TEXT SEARCH CONFIGURATION")
                                              CHAPERONE_TAGS("TEXT SEARCH DICTIONARY")
                                                  CHAPERONE_TAGS("TEXT SEARCH PARSER")
                                                      CHAPERONE_TAGS("TEXT SEARCH TEMPLATE") CHAPERONE_TAGS("VIEW")
#undef CHAPERONE_TAGS
  };
  for (const std::string_view tag : kTags) {
    if (tag.size() == verb.size() + 1 + word.size() && tag.substr(0, verb.size()) == verb &&
        tag.substr(verb.size() + 1) == word) {
      return tag;
    }
  }
  return verb;
}

std::string_view TransactionTag(const Node& statement) {
  using enum pg::TransactionStmtKind;
  switch (statement.Get(pg::TransactionStmt::kKind)) {
    case TRANS_STMT_BEGIN:
      return "BEGIN";
    case TRANS_STMT_START:
      return "START TRANSACTION";
    case TRANS_STMT_COMMIT:
      return "COMMIT";
    case TRANS_STMT_ROLLBACK:
    case TRANS_STMT_ROLLBACK_TO:
      return "ROLLBACK";
    case TRANS_STMT_SAVEPOINT:
      return "SAVEPOINT";
    case TRANS_STMT_RELEASE:
      return "RELEASE";
    case TRANS_STMT_PREPARE:
      return "PREPARE TRANSACTION";
    case TRANS_STMT_COMMIT_PREPARED:
      return "COMMIT PREPARED";
    case TRANS_STMT_ROLLBACK_PREPARED:
      return "ROLLBACK PREPARED";
  }
  return {};
}

std::string_view SelectTag(const Node& select) {
  if (select.Get(pg::SelectStmt::kIntoClause) != nullptr) {
    return "SELECT INTO";
  }
  const NodeList locking = select.Get(pg::SelectStmt::kLockingClause);
  if (locking.empty()) {
    return "SELECT";
  }
  using enum pg::LockClauseStrength;
  switch (locking[0]->Get(pg::LockingClause::kStrength)) {
    case LCS_FORKEYSHARE:
      return "SELECT FOR KEY SHARE";
    case LCS_FORSHARE:
      return "SELECT FOR SHARE";
    case LCS_FORNOKEYUPDATE:
      return "SELECT FOR NO KEY UPDATE";
    case LCS_FORUPDATE:
      return "SELECT FOR UPDATE";
    default:
      return "SELECT";
  }
}

std::string_view DiscardTag(const Node& statement) {
  using enum pg::DiscardMode;
  switch (statement.Get(pg::DiscardStmt::kTarget)) {
    case DISCARD_ALL:
      return "DISCARD ALL";
    case DISCARD_PLANS:
      return "DISCARD PLANS";
    case DISCARD_SEQUENCES:
      return "DISCARD SEQUENCES";
    case DISCARD_TEMP:
      return "DISCARD TEMP";
  }
  return {};
}

std::string_view VariableSetTag(const Node& statement) {
  const pg::VariableSetKind kind = statement.Get(pg::VariableSetStmt::kKind);
  return kind == pg::VariableSetKind::VAR_RESET || kind == pg::VariableSetKind::VAR_RESET_ALL ? "RESET" : "SET";
}

struct FixedTag {
  NodeTag node;
  std::string_view tag;
};

constexpr FixedTag kFixedTags[] = {
    {NodeTag::kAlterCollationStmt, "ALTER COLLATION"},
    {NodeTag::kAlterDatabaseRefreshCollStmt, "ALTER DATABASE"},
    {NodeTag::kAlterDatabaseSetStmt, "ALTER DATABASE"},
    {NodeTag::kAlterDatabaseStmt, "ALTER DATABASE"},
    {NodeTag::kAlterDefaultPrivilegesStmt, "ALTER DEFAULT PRIVILEGES"},
    {NodeTag::kAlterDomainStmt, "ALTER DOMAIN"},
    {NodeTag::kAlterEnumStmt, "ALTER TYPE"},
    {NodeTag::kAlterEventTrigStmt, "ALTER EVENT TRIGGER"},
    {NodeTag::kAlterExtensionContentsStmt, "ALTER EXTENSION"},
    {NodeTag::kAlterExtensionStmt, "ALTER EXTENSION"},
    {NodeTag::kAlterFdwStmt, "ALTER FOREIGN DATA WRAPPER"},
    {NodeTag::kAlterForeignServerStmt, "ALTER SERVER"},
    {NodeTag::kAlterOpFamilyStmt, "ALTER OPERATOR FAMILY"},
    {NodeTag::kAlterOperatorStmt, "ALTER OPERATOR"},
    {NodeTag::kAlterPolicyStmt, "ALTER POLICY"},
    {NodeTag::kAlterPublicationStmt, "ALTER PUBLICATION"},
    {NodeTag::kAlterRoleSetStmt, "ALTER ROLE"},
    {NodeTag::kAlterRoleStmt, "ALTER ROLE"},
    {NodeTag::kAlterSeqStmt, "ALTER SEQUENCE"},
    {NodeTag::kAlterStatsStmt, "ALTER STATISTICS"},
    {NodeTag::kAlterSubscriptionStmt, "ALTER SUBSCRIPTION"},
    {NodeTag::kAlterSystemStmt, "ALTER SYSTEM"},
    {NodeTag::kAlterTSConfigurationStmt, "ALTER TEXT SEARCH CONFIGURATION"},
    {NodeTag::kAlterTSDictionaryStmt, "ALTER TEXT SEARCH DICTIONARY"},
    {NodeTag::kAlterTableMoveAllStmt, "ALTER TABLE"},
    {NodeTag::kAlterTableSpaceOptionsStmt, "ALTER TABLESPACE"},
    {NodeTag::kAlterTypeStmt, "ALTER TYPE"},
    {NodeTag::kAlterUserMappingStmt, "ALTER USER MAPPING"},
    {NodeTag::kCallStmt, "CALL"},
    {NodeTag::kCheckPointStmt, "CHECKPOINT"},
    {NodeTag::kClosePortalStmt, "CLOSE CURSOR"},
    {NodeTag::kClusterStmt, "CLUSTER"},
    {NodeTag::kCommentStmt, "COMMENT"},
    {NodeTag::kCompositeTypeStmt, "CREATE TYPE"},
    {NodeTag::kConstraintsSetStmt, "SET CONSTRAINTS"},
    {NodeTag::kCopyStmt, "COPY"},
    {NodeTag::kCreateAmStmt, "CREATE ACCESS METHOD"},
    {NodeTag::kCreateCastStmt, "CREATE CAST"},
    {NodeTag::kCreateConversionStmt, "CREATE CONVERSION"},
    {NodeTag::kCreateDomainStmt, "CREATE DOMAIN"},
    {NodeTag::kCreateEnumStmt, "CREATE TYPE"},
    {NodeTag::kCreateEventTrigStmt, "CREATE EVENT TRIGGER"},
    {NodeTag::kCreateExtensionStmt, "CREATE EXTENSION"},
    {NodeTag::kCreateFdwStmt, "CREATE FOREIGN DATA WRAPPER"},
    {NodeTag::kCreateForeignServerStmt, "CREATE SERVER"},
    {NodeTag::kCreateForeignTableStmt, "CREATE FOREIGN TABLE"},
    {NodeTag::kCreateOpClassStmt, "CREATE OPERATOR CLASS"},
    {NodeTag::kCreateOpFamilyStmt, "CREATE OPERATOR FAMILY"},
    {NodeTag::kCreatePLangStmt, "CREATE LANGUAGE"},
    {NodeTag::kCreatePolicyStmt, "CREATE POLICY"},
    {NodeTag::kCreatePublicationStmt, "CREATE PUBLICATION"},
    {NodeTag::kCreateRangeStmt, "CREATE TYPE"},
    {NodeTag::kCreateRoleStmt, "CREATE ROLE"},
    {NodeTag::kCreateSchemaStmt, "CREATE SCHEMA"},
    {NodeTag::kCreateSeqStmt, "CREATE SEQUENCE"},
    {NodeTag::kCreateStatsStmt, "CREATE STATISTICS"},
    {NodeTag::kCreateStmt, "CREATE TABLE"},
    {NodeTag::kCreateSubscriptionStmt, "CREATE SUBSCRIPTION"},
    {NodeTag::kCreateTableSpaceStmt, "CREATE TABLESPACE"},
    {NodeTag::kCreateTransformStmt, "CREATE TRANSFORM"},
    {NodeTag::kCreateTrigStmt, "CREATE TRIGGER"},
    {NodeTag::kCreateUserMappingStmt, "CREATE USER MAPPING"},
    {NodeTag::kCreatedbStmt, "CREATE DATABASE"},
    {NodeTag::kDeclareCursorStmt, "DECLARE CURSOR"},
    {NodeTag::kDeleteStmt, "DELETE"},
    {NodeTag::kDoStmt, "DO"},
    {NodeTag::kDropOwnedStmt, "DROP OWNED"},
    {NodeTag::kDropRoleStmt, "DROP ROLE"},
    {NodeTag::kDropSubscriptionStmt, "DROP SUBSCRIPTION"},
    {NodeTag::kDropTableSpaceStmt, "DROP TABLESPACE"},
    {NodeTag::kDropUserMappingStmt, "DROP USER MAPPING"},
    {NodeTag::kDropdbStmt, "DROP DATABASE"},
    {NodeTag::kExecuteStmt, "EXECUTE"},
    {NodeTag::kExplainStmt, "EXPLAIN"},
    {NodeTag::kImportForeignSchemaStmt, "IMPORT FOREIGN SCHEMA"},
    {NodeTag::kIndexStmt, "CREATE INDEX"},
    {NodeTag::kInsertStmt, "INSERT"},
    {NodeTag::kListenStmt, "LISTEN"},
    {NodeTag::kLoadStmt, "LOAD"},
    {NodeTag::kLockStmt, "LOCK TABLE"},
    {NodeTag::kMergeStmt, "MERGE"},
    {NodeTag::kNotifyStmt, "NOTIFY"},
    {NodeTag::kPrepareStmt, "PREPARE"},
    {NodeTag::kReassignOwnedStmt, "REASSIGN OWNED"},
    {NodeTag::kRefreshMatViewStmt, "REFRESH MATERIALIZED VIEW"},
    {NodeTag::kReindexStmt, "REINDEX"},
    {NodeTag::kRuleStmt, "CREATE RULE"},
    {NodeTag::kSecLabelStmt, "SECURITY LABEL"},
    {NodeTag::kTruncateStmt, "TRUNCATE TABLE"},
    {NodeTag::kUnlistenStmt, "UNLISTEN"},
    {NodeTag::kUpdateStmt, "UPDATE"},
    {NodeTag::kVariableShowStmt, "SHOW"},
    {NodeTag::kViewStmt, "CREATE VIEW"},
};

}  // namespace

std::string_view CommandTag(const Node& statement) {
  switch (statement.tag()) {
    case NodeTag::kSelectStmt:
      return SelectTag(statement);
    case NodeTag::kTransactionStmt:
      return TransactionTag(statement);
    case NodeTag::kDiscardStmt:
      return DiscardTag(statement);
    case NodeTag::kVariableSetStmt:
      return VariableSetTag(statement);
    case NodeTag::kFetchStmt:
      return statement.Get(pg::FetchStmt::kIsmove) ? "MOVE" : "FETCH";
    case NodeTag::kVacuumStmt:
      return statement.Get(pg::VacuumStmt::kIsVacuumcmd) ? "VACUUM" : "ANALYZE";
    case NodeTag::kDeallocateStmt:
      return statement.Has(pg::DeallocateStmt::kName) ? "DEALLOCATE" : "DEALLOCATE ALL";
    case NodeTag::kGrantStmt:
      return statement.Get(pg::GrantStmt::kIsGrant) ? "GRANT" : "REVOKE";
    case NodeTag::kGrantRoleStmt:
      return statement.Get(pg::GrantRoleStmt::kIsGrant) ? "GRANT ROLE" : "REVOKE ROLE";
    case NodeTag::kCreateTableAsStmt:
      return statement.Get(pg::CreateTableAsStmt::kObjtype) == pg::ObjectType::OBJECT_MATVIEW
                 ? "CREATE MATERIALIZED VIEW"
                 : "CREATE TABLE AS";
    case NodeTag::kCreateFunctionStmt:
      return statement.Get(pg::CreateFunctionStmt::kIsProcedure) ? "CREATE PROCEDURE" : "CREATE FUNCTION";
    case NodeTag::kDropStmt:
      return Joined("DROP", ObjectWord(statement.Get(pg::DropStmt::kRemoveType)));
    case NodeTag::kDefineStmt:
      return Joined("CREATE", ObjectWord(statement.Get(pg::DefineStmt::kKind)));
    case NodeTag::kAlterTableStmt:
      return Joined("ALTER", ObjectWord(statement.Get(pg::AlterTableStmt::kObjtype)));
    case NodeTag::kRenameStmt: {
      const pg::ObjectType type = statement.Get(pg::RenameStmt::kRenameType);
      return Joined(
          "ALTER",
          ObjectWord(type == pg::ObjectType::OBJECT_COLUMN ? statement.Get(pg::RenameStmt::kRelationType) : type));
    }
    case NodeTag::kAlterObjectSchemaStmt:
      return Joined("ALTER", ObjectWord(statement.Get(pg::AlterObjectSchemaStmt::kObjectType)));
    case NodeTag::kAlterOwnerStmt:
      return Joined("ALTER", ObjectWord(statement.Get(pg::AlterOwnerStmt::kObjectType)));
    case NodeTag::kAlterObjectDependsStmt:
      return Joined("ALTER", ObjectWord(statement.Get(pg::AlterObjectDependsStmt::kObjectType)));
    case NodeTag::kAlterFunctionStmt:
      return Joined("ALTER", ObjectWord(statement.Get(pg::AlterFunctionStmt::kObjtype)));
    default:
      break;
  }
  for (const FixedTag& fixed : kFixedTags) {
    if (fixed.node == statement.tag()) {
      return fixed.tag;
    }
  }
  return {};
}

}  // namespace chaperone::sql
