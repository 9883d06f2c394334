// Statements about the session: transactions, settings, cursors and prepared statements by name, notifications.
#include <fmt/format.h>

#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/settings.h"

namespace chaperone::sql {

namespace {

// The text of a value in SET: constants and names only, as the grammar has it.
std::optional<std::string> SettingText(const Node* argument) {
  if (argument == nullptr) {
    return std::nullopt;
  }
  if (argument->Is<pg::TypeCast>()) {
    // SET TIME ZONE INTERVAL '…'.
    argument = argument->Get(pg::TypeCast::kArg);
  }
  if (!argument->Is<pg::A_Const>() || argument->Get(pg::A_Const::kIsnull)) {
    return std::nullopt;
  }
  const Node* value = argument->Get(pg::A_Const::kVal);
  switch (value->tag()) {
    case NodeTag::kString:
      return std::string(value->Get(pg::String::kSval));
    case NodeTag::kInteger:
      return fmt::format("{}", value->Get(pg::Integer::kIval));
    case NodeTag::kFloat:
      return std::string(value->Get(pg::Float::kFval));
    case NodeTag::kBoolean:
      return std::string(value->Get(pg::Boolean::kBoolval) ? "true" : "false");
    default:
      return std::nullopt;
  }
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return lower;
}

TransactionVerb VerbOf(pg::TransactionStmtKind kind) {
  using enum pg::TransactionStmtKind;
  switch (kind) {
    case TRANS_STMT_BEGIN:
    case TRANS_STMT_START:
      return TransactionVerb::kBegin;
    case TRANS_STMT_COMMIT:
      return TransactionVerb::kCommit;
    case TRANS_STMT_ROLLBACK:
      return TransactionVerb::kRollback;
    case TRANS_STMT_SAVEPOINT:
      return TransactionVerb::kSavepoint;
    case TRANS_STMT_RELEASE:
      return TransactionVerb::kReleaseSavepoint;
    case TRANS_STMT_ROLLBACK_TO:
      return TransactionVerb::kRollbackToSavepoint;
    case TRANS_STMT_PREPARE:
      return TransactionVerb::kPrepareTransaction;
    case TRANS_STMT_COMMIT_PREPARED:
      return TransactionVerb::kCommitPrepared;
    case TRANS_STMT_ROLLBACK_PREPARED:
      return TransactionVerb::kRollbackPrepared;
  }
  return TransactionVerb::kNone;
}

}  // namespace

// Modes of BEGIN and SET TRANSACTION: isolation level, READ ONLY or WRITE, DEFERRABLE.
void Analyzer::NoteTransactionModes(NodeList modes, std::string_view prefix, bool needs_session) {
  for (const Node* mode : modes) {
    const std::string_view name = mode->Get(pg::DefElem::kDefname);
    const std::optional<std::string> value = SettingText(mode->Get(pg::DefElem::kArg));
    std::optional<std::vector<std::string>> values;
    if (value) {
      values.emplace().push_back(*value);
    }
    std::string setting = fmt::format("{}{}", prefix, name);
    if (needs_session) {
      AddSetting(std::move(setting), std::move(values), false, prefix.empty(), mode->location());
    } else {
      out_->settings.push_back({std::move(setting), std::move(values), false, true});
    }
  }
}

void Analyzer::AnalyzeTransaction(const Node& statement) {
  out_->transaction = VerbOf(statement.Get(pg::TransactionStmt::kKind));
  out_->transaction_chain = statement.Get(pg::TransactionStmt::kChain);
  out_->object_name = statement.Get(pg::TransactionStmt::kSavepointName);
  NoteTransactionModes(statement.Get(pg::TransactionStmt::kOptions), "", false);
  switch (out_->transaction) {
    case TransactionVerb::kNone:
      Unknown("a transaction statement is not understood", -1);
      break;
    case TransactionVerb::kPrepareTransaction:
    case TransactionVerb::kCommitPrepared:
    case TransactionVerb::kRollbackPrepared:
      // It outlives the session, and the name may be another session's.
      Require(Action::kAdmin, ResourceKind::kDatabase, std::string(catalog_.database().name), 0,
              fmt::format("{} handles a transaction that outlives its session", out_->tag), -1);
      break;
    case TransactionVerb::kCommit:
    case TransactionVerb::kRollback:
    case TransactionVerb::kRollbackToSavepoint:
      // SET LOCAL ends, and what was set or created since may be undone.
      out_->is_barrier = true;
      break;
    default:
      break;
  }
}

void Analyzer::AnalyzeSession(const Node& statement) {
  switch (statement.tag()) {
    case NodeTag::kExecuteStmt:
      AnalyzeExecute(statement);
      return;
    case NodeTag::kDeallocateStmt:
      out_->object_name = statement.Get(pg::DeallocateStmt::kName);
      out_->object_verb =
          statement.Has(pg::DeallocateStmt::kName) ? SessionObjectVerb::kDeallocate : SessionObjectVerb::kDeallocateAll;
      return;
    case NodeTag::kFetchStmt:
      out_->object_verb = SessionObjectVerb::kFetch;
      out_->object_name = statement.Get(pg::FetchStmt::kPortalname);
      out_->returns_rows = !statement.Get(pg::FetchStmt::kIsmove);
      return;
    case NodeTag::kClosePortalStmt:
      out_->object_name = statement.Get(pg::ClosePortalStmt::kPortalname);
      out_->object_verb = statement.Has(pg::ClosePortalStmt::kPortalname) ? SessionObjectVerb::kCloseCursor
                                                                          : SessionObjectVerb::kCloseAll;
      return;
    case NodeTag::kVariableSetStmt:
      AnalyzeVariableSet(statement);
      return;
    default:
      AnalyzeDiscard(statement);
      return;
  }
}

void Analyzer::AnalyzeExecute(const Node& statement) {
  out_->object_verb = SessionObjectVerb::kExecute;
  out_->object_name = statement.Get(pg::ExecuteStmt::kName);
  out_->returns_rows = true;
  const Scope scope;
  for (const Node* argument : statement.Get(pg::ExecuteStmt::kParams)) {
    // It may flow wherever the prepared statement puts it.
    RecordKept(Evaluate(argument, scope));
  }
}

void Analyzer::AnalyzeVariableSet(const Node& statement) {
  const std::string name = LowerCase(statement.Get(pg::VariableSetStmt::kName));
  const bool local = statement.Get(pg::VariableSetStmt::kIsLocal);
  const NodeList arguments = statement.Get(pg::VariableSetStmt::kArgs);
  using enum pg::VariableSetKind;
  switch (statement.Get(pg::VariableSetStmt::kKind)) {
    case VAR_SET_VALUE: {
      std::optional<std::vector<std::string>> values(std::in_place);
      for (const Node* argument : arguments) {
        const std::optional<std::string> text = SettingText(argument);
        if (!text) {
          values.reset();
          break;
        }
        values->push_back(*text);
      }
      AddSetting(name, std::move(values), false, local, statement.location());
      return;
    }
    case VAR_SET_DEFAULT:
    case VAR_RESET:
      AddSetting(name, std::nullopt, true, local, statement.location());
      return;
    case VAR_SET_CURRENT:
      // The value stays.
      Require(Action::kSession, ResourceKind::kSetting, name, 0, "", -1);
      return;
    case VAR_SET_MULTI:
      if (name == "transaction snapshot") {
        AddSetting(name, std::nullopt, false, true, -1);
        return;
      }
      NoteTransactionModes(arguments, name == "session characteristics" ? "default_" : "", true);
      return;
    case VAR_RESET_ALL:
      Require(Action::kSession, ResourceKind::kSetting, "all", 0, "", -1);
      out_->settings.push_back({"all", std::nullopt, true, false});
      out_->is_barrier = true;
      return;
  }
  Unknown("a form of SET is not understood", -1);
}

void Analyzer::AnalyzeDiscard(const Node& statement) {
  out_->is_barrier = true;
  using enum pg::DiscardMode;
  switch (statement.Get(pg::DiscardStmt::kTarget)) {
    case DISCARD_ALL:
      out_->object_verb = SessionObjectVerb::kDiscardAll;
      out_->settings.push_back({"all", std::nullopt, true, false});
      Require(Action::kSession, ResourceKind::kSetting, "all", 0, "", -1);
      return;
    case DISCARD_PLANS:
    case DISCARD_SEQUENCES:
    case DISCARD_TEMP:
      Require(Action::kSession, ResourceKind::kNone, "*", 0, "", -1);
      return;
  }
  Unknown("a form of DISCARD is not understood", -1);
}

void Analyzer::AnalyzeNotify(const Node& statement) {
  std::string_view channel;
  switch (statement.tag()) {
    case NodeTag::kNotifyStmt:
      channel = statement.Get(pg::NotifyStmt::kConditionname);
      break;
    case NodeTag::kListenStmt:
      channel = statement.Get(pg::ListenStmt::kConditionname);
      break;
    default:
      channel = statement.Get(pg::UnlistenStmt::kConditionname);
      break;
  }
  Require(Action::kNotify, channel.empty() ? ResourceKind::kNone : ResourceKind::kChannel,
          channel.empty() ? "*" : std::string(channel), 0, "", -1);
}

}  // namespace chaperone::sql
