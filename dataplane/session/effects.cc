// What a statement that succeeded means for the session: names that it made or dropped, settings and objects that later
// texts are read with. And the probe, the sidecar's own question to the server about them.
#include <algorithm>
#include <charconv>
#include <utility>

#include "dataplane/session/conversation.h"
#include "dataplane/session/denial.h"

namespace chaperone::session {

namespace pg = wire::postgres;
namespace sqlstate = wire::postgres::sqlstate;

namespace {

constexpr std::string_view kProbeName = "chaperone: names";
constexpr std::string_view kProbeText =
    "SELECT pg_catalog.current_setting('search_path'), current_user::pg_catalog.text, "
    "pg_catalog.pg_my_temp_schema()::pg_catalog.regnamespace::pg_catalog.text";
constexpr size_t kProbeColumns = 3;

// Whether the DECLARE says WITH HOLD, or could: a cursor that is forgotten too late does no harm, the server knows
// better.
bool MayBeHoldable(std::string_view text, const sql::Statement& statement) {
  constexpr std::string_view kHold = "hold";
  const std::string_view declare = text.substr(statement.offset, statement.length);
  return std::search(declare.begin(), declare.end(), kHold.begin(), kHold.end(),
                     [](char a, char b) { return (a | 0x20) == b; }) != declare.end();
}

}  // namespace

void Conversation::FinishStatement(Run& run, std::string_view tag, bool is_done) {
  if (!recorder_.Outcome(run, tag, "", "", host_.Steady())) {
    EndUnrecorded();
    return;
  }
  run.is_recorded = is_done;
  if (is_done) {
    ApplyEffects(run);
    ++run.index;
  }
  run.ResetResult();
}

void Conversation::ApplyEffects(const Run& run) {
  if (run.index >= run.judged->facts.statements.size()) {
    return;
  }
  const sql::Statement& statement = run.judged->facts.statements[run.index];
  switch (statement.object_verb) {
    case sql::SessionObjectVerb::kPrepare:
    case sql::SessionObjectVerb::kDeclareCursor: {
      StatementPtr made(new PreparedStatement);
      made->judged = run.judged;
      made->context_id = context_->id();
      made->index = run.index;
      if (statement.object_verb == sql::SessionObjectVerb::kPrepare) {
        names_.SetStatement(statement.object_name, std::move(made));
      } else {
        PortalPtr cursor(new Portal);
        cursor->statement = std::move(made);
        cursor->is_cursor = true;
        cursor->holdable = MayBeHoldable(run.judged->text, statement);
        names_.SetPortal(statement.object_name, std::move(cursor));
      }
      break;
    }
    case sql::SessionObjectVerb::kExecute:
    case sql::SessionObjectVerb::kFetch: {
      // What ran is another text; it may be gone by now, and then nobody knows what it was.
      const PortalPtr portal = names_.FindPortal(statement.object_name);
      const StatementPtr target = statement.object_verb == sql::SessionObjectVerb::kExecute
                                      ? names_.FindStatement(statement.object_name)
                                  : portal != nullptr ? portal->statement
                                                      : nullptr;
      if (target == nullptr || target->IsBarrier()) {
        names_stale_ = true;
        names_changed_in_transaction_ = true;
      }
      break;
    }
    case sql::SessionObjectVerb::kDeallocate:
      names_.SetStatement(statement.object_name, nullptr);
      break;
    case sql::SessionObjectVerb::kDeallocateAll:
      names_.RemoveAllStatements();
      break;
    case sql::SessionObjectVerb::kCloseCursor:
      names_.SetPortal(statement.object_name, nullptr);
      break;
    case sql::SessionObjectVerb::kCloseAll:
      names_.RemoveAllPortals(run);
      break;
    case sql::SessionObjectVerb::kDiscardAll:
      names_.RemoveAllStatements();
      names_.RemoveAllPortals(run);
      names_stale_ = true;
      break;
    default:
      break;
  }
  const bool rolls_back = statement.transaction == sql::TransactionVerb::kRollback ||
                          statement.transaction == sql::TransactionVerb::kRollbackToSavepoint;
  const bool commits = statement.transaction == sql::TransactionVerb::kCommit;
  if (statement.is_barrier && !rolls_back && !commits) {
    names_stale_ = true;
    names_changed_in_transaction_ = true;
    for (const sql::Need& need : statement.needs) {
      if (need.action == sql::Action::kDdl) {
        host_.OnCatalogChanged();
        break;
      }
    }
  }
  // The end of a transaction, or of a part of it, changes names only when the transaction has. AND CHAIN begins the
  // next one at once, so the session's own state does not show the end.
  if ((rolls_back || commits) && names_changed_in_transaction_) {
    names_stale_ = true;
    host_.OnCatalogChanged();
  }
}

void Conversation::OnTransactionEnd(bool was_open) {
  if (was_open && names_changed_in_transaction_) {
    names_stale_ = true;
    host_.OnCatalogChanged();
  }
  names_changed_in_transaction_ = false;
}

void Conversation::ProbeNames() {
  // Through messages of the extended protocol under names of our own: a simple query would end an implicit transaction
  // and drop the client's unnamed statement.
  std::string* const out = to_server_.own();
  pg::AppendParse(kProbeName, kProbeText, out);
  pg::AppendBind(kProbeName, kProbeName, out);
  pg::AppendExecute(kProbeName, 0, out);
  pg::AppendClose(pg::ObjectKind::kPortal, kProbeName, out);
  pg::AppendClose(pg::ObjectKind::kStatement, kProbeName, out);
  pg::AppendFlush(out);
  to_server_.Added();
  for (const Kind kind : {Kind::kParse, Kind::kBind, Kind::kExecute, Kind::kClose, Kind::kClose}) {
    expected_.Push(kind).injected = true;
  }
  if (transaction_ == pg::TransactionStatus::kIdle && !executed_since_sync_ && !unsynced_) {
    // Nothing of the client's is open: our own implicit transaction is closed at once.
    pg::AppendSync(out);
    to_server_.Added();
    expected_.Push(Kind::kSync).injected = true;
  }
  probe_closes_left_ = 2;
  probing_ = true;
  probe_cells_.clear();
  pause_ = Pause::kBarrier;
}

void Conversation::OnProbeRow(std::string_view body) {
  std::vector<pg::RowCell> cells;
  if (!pg::DecodeDataRow(body, &cells).ok() || cells.size() != kProbeColumns) {
    EndWith(sqlstate::kConnectionFailure,
            base::DataLoss("the database answered the sidecar's question in another form"));
    return;
  }
  for (const pg::RowCell& cell : cells) {
    probe_cells_.emplace_back(cell.bytes);
  }
}

void Conversation::FinishProbe() {
  if (--probe_closes_left_ > 0) {
    return;
  }
  probing_ = false;
  names_stale_ = false;
  if (probe_cells_.size() != kProbeColumns) {
    EndWith(sqlstate::kConnectionFailure, base::DataLoss("the database did not answer the sidecar's question"));
    return;
  }
  host_.OnNames(probe_cells_[0], probe_cells_[1], probe_cells_[2]);
}

void Conversation::CatalogRefreshed() {
  if (pause_ == Pause::kCatalog) {
    pause_ = Pause::kNone;
  }
}

std::optional<std::chrono::steady_clock::time_point> Conversation::running_since() const {
  if (expected_.empty()) {
    return std::nullopt;
  }
  const Expectation& entry = expected_.front();
  if (entry.run == nullptr || (entry.kind != Kind::kQuery && entry.kind != Kind::kExecute)) {
    return std::nullopt;
  }
  return entry.run->started;
}

void Conversation::OnStatementTimeout(std::string limit) {
  Run* const run = CurrentRun();
  if (run == nullptr || run->passed != nullptr) {
    return;
  }
  run->passed = std::make_unique<PassedLimit>(PassedLimit{
      std::move(limit), "Make the statement cheaper: restrict it by an index, or split it into parts.", {}});
  host_.CancelStatement();
}

void Conversation::SendNotice(const pg::ErrorMessage& notice) {
  pg::AppendNotice(notice, to_client_.own());
  to_client_.Added();
}

// A message of a statement that has to do with masked columns may quote their values in any form; any other may still
// hold what detectors look for.
bool Conversation::MayQuote(const Run& run, const pg::ErrorFields& fields) const {
  if (RunTouchesMasked(run)) {
    return true;
  }
  // A constraint that is checked later quotes the row of an earlier statement.
  const bool is_violation = fields.sqlstate().starts_with("23");
  if (is_violation && run.judged->basis->view->MasksRelation(fields.Get('s'), fields.Get('t'))) {
    return true;
  }
  const masking::SearchRules* const rules = run.judged->basis->search.get();
  if (rules == nullptr) {
    return false;
  }
  masking::TextSearch search(rules->All(), "");
  std::string scratch;
  return std::any_of(fields.all().begin(), fields.all().end(), [&](const auto& field) {
    return search.Apply(field.second, masking::Literals::kPossible, &scratch) != masking::Searched::kUnchanged;
  });
}

// What the client gets of a server's message that could quote a masked value: severity, SQLSTATE, names of objects and
// position stay, everything that is free text goes.
pg::ErrorMessage Conversation::Scrub(const pg::ErrorFields& fields) {
  pg::ErrorMessage scrubbed;
  scrubbed.severity = fields.severity();
  scrubbed.sqlstate = fields.sqlstate();
  scrubbed.message = "the database's message is withheld: it could quote a masked value";
  scrubbed.hint = "The SQLSTATE says what kind of error it is.";
  const std::string_view position = fields.Get('P');
  std::from_chars(position.data(), position.data() + position.size(), scrubbed.position);
  return scrubbed;
}

void Conversation::RecordSkipped(Run& run) {
  run.is_recorded = true;
  if (!recorder_.Outcome(run, "", "", "not run: an earlier message of the pipeline failed", host_.Steady())) {
    EndUnrecorded();
  }
}

void Conversation::EndUnrecorded() {
  if (!ending_) {
    ending_ = std::make_unique<Ending>(
        Ending{Fatal(sqlstate::kLimitReached, "the sidecar's recording spool is full",
                     "Try again later; the sidecar's operator has to look at its connection to the control plane."),
               "spool_full"});
  }
}

void Conversation::Abandon() {
  if (guard_ != nullptr && !guard_->run->is_recorded) {
    guard_->run->is_recorded = true;
    (void)recorder_.Outcome(*guard_->run, "", "", "cut off: the session ended", host_.Steady());
  }
  for (size_t i = 0; i < expected_.size(); ++i) {
    const Expectation& entry = expected_[i];
    if (entry.run != nullptr && !entry.run->is_recorded) {
      entry.run->is_recorded = true;
      // The spool may be full: then the missing outcome says the same.
      (void)recorder_.Outcome(*entry.run, "", "", "cut off: the session ended", host_.Steady());
    }
  }
}

}  // namespace chaperone::session
