#include "api/sql/name_changes.h"

#include <algorithm>

#include "api/sql/node_role.h"

namespace chaperone::sql {

namespace {

// Statements that read or write what they name. Those that change the schema require every relation that a name may
// stand for (NamePath::is_uncertain), the others name nothing.
bool DependsOnNames(const Node& statement) {
  switch (RoleOf(statement.tag())) {
    case NodeRole::kQuery:
    case NodeRole::kWrapper:
    case NodeRole::kTruncate:
    case NodeRole::kCall:
      break;
    default:
      return false;
  }
  bool found = false;
  Walk(statement, [&](const Node& node) {
    switch (node.tag()) {
      case NodeTag::kRangeVar:
      case NodeTag::kFuncCall:
      case NodeTag::kTypeName:
      case NodeTag::kA_Expr:
        found = true;
        break;
      default:
        break;
    }
    return !found;
  });
  return found;
}

bool EndsTransaction(TransactionVerb verb) {
  return verb == TransactionVerb::kCommit || verb == TransactionVerb::kRollback ||
         verb == TransactionVerb::kRollbackToSavepoint;
}

bool Needs(const Statement& facts, Action action) {
  return std::any_of(facts.needs.begin(), facts.needs.end(), [&](const Need& need) { return need.action == action; });
}

}  // namespace

NameChanges::NameChanges(const Catalog& catalog, const SessionContext& session)
    : catalog_(catalog), session_(session), path_(catalog, session_) {}

void NameChanges::Check(const Node& statement, Statement* facts) const {
  if ((!uncertain_ && !transaction_ended_ && !named_ran_) || !DependsOnNames(statement)) {
    return;
  }
  // What EXECUTE and FETCH run is known where names are: like a COMMIT, it changes what names mean or it does not.
  facts->behind_possible_rename = transaction_ended_ || named_ran_;
  if (uncertain_ && !Needs(*facts, Action::kUnknown)) {
    facts->needs.push_back(
        {.action = Action::kUnknown,
         .resource = "*",
         .reason = "it stands behind a statement that may change what names mean; send it in a message of its own",
         .location = static_cast<int32_t>(facts->offset)});
    facts->write_unknown = true;
  }
}

void NameChanges::Note(const Statement& facts) {
  if (EndsTransaction(facts.transaction)) {
    transaction_ended_ = true;
    if (changed_) {
      MakeUncertain();
    }
    return;
  }
  switch (facts.object_verb) {
    case SessionObjectVerb::kPrepare:
    case SessionObjectVerb::kDeclareCursor:
      made_barrier_ = made_barrier_ || facts.is_barrier;
      return;  // nothing runs yet
    case SessionObjectVerb::kExecute:
    case SessionObjectVerb::kFetch:
      named_ran_ = true;
      if (made_barrier_ || facts.is_explain) {
        MakeUncertain();
      }
      return;
    default:
      break;
  }
  if (!facts.is_barrier) {
    return;
  }
  changed_ = true;
  if (facts.tag == "SET" && !Needs(facts, Action::kUnknown)) {
    NoteSettings(facts);
  } else {
    MakeUncertain();
  }
}

void NameChanges::NoteSettings(const Statement& facts) {
  for (const SettingChange& change : facts.settings) {
    if (change.name == "search_path" && change.value) {
      session_.search_path = *change.value;
      path_ = NamePath(catalog_, session_);
    } else if (change.name == "search_path" || change.name == "role" || change.name == "session_authorization" ||
               change.name == "all") {
      MakeUncertain();
    }
  }
}

void NameChanges::MakeUncertain() {
  uncertain_ = true;
  path_.set_uncertain();
}

}  // namespace chaperone::sql
