// Rows: what columns a result has, how they are masked, and each row's way to the client and into the record.
#include <utility>

#include "dataplane/session/conversation.h"
#include "dataplane/session/denial.h"
#include "dataplane/wire/postgres/bytes.h"

namespace chaperone::session {

namespace pg = wire::postgres;
namespace sqlstate = wire::postgres::sqlstate;

namespace {

// The longest description that is remembered as verified.
constexpr size_t kVerifiedDescriptionMax = 8 << 10;

}  // namespace

Run* Conversation::CurrentRun() {
  if (expected_.empty()) {
    return nullptr;
  }
  const Expectation& entry = expected_.front();
  return entry.kind == Kind::kQuery || entry.kind == Kind::kExecute ? entry.run.get() : nullptr;
}

// The statement whose result arrives: EXECUTE and FETCH return what they name.
Conversation::Source Conversation::SourceOf(const Run& run) const {
  const auto& statements = run.judged->facts.statements;
  if (run.index >= statements.size()) {
    return {};
  }
  const sql::Statement& statement = statements[run.index];
  if (statement.object_verb == sql::SessionObjectVerb::kExecute && !statement.is_explain) {
    const StatementPtr target = names_.FindStatement(statement.object_name);
    return target == nullptr ? Source{} : Source{target->judged.get(), target->index};
  }
  if (statement.object_verb == sql::SessionObjectVerb::kFetch) {
    const PortalPtr target = names_.FindPortal(statement.object_name);
    return target == nullptr ? Source{} : Source{target->statement->judged.get(), target->statement->index};
  }
  return {run.judged.get(), run.index};
}

sql::CopyDirection Conversation::CopyOf(const Run& run) {
  const auto& statements = run.judged->facts.statements;
  return run.index < statements.size() ? statements[run.index].copy : sql::CopyDirection::kNone;
}

bool Conversation::RunTouchesMasked(const Run& run) const {
  if (!run.judged->basis->view->MasksAnything()) {
    return false;
  }
  if (run.index >= run.judged->facts.statements.size()) {
    return run.judged->touches_masked;  // all of it has run: an exhausted portal was executed again
  }
  const Source source = SourceOf(run);
  return run.judged->touches_masked || source.judged == nullptr || source.judged->touches_masked;
}

// PREPARE and DECLARE stand for what they hold: EXECUTE, FETCH, and Bind and Execute of the protocol return its rows.
bool Conversation::Returns(const Source& source) {
  if (source.judged == nullptr || source.index >= source.judged->facts.statements.size()) {
    return false;
  }
  const sql::Statement& statement = source.judged->facts.statements[source.index];
  const bool holds = statement.object_verb == sql::SessionObjectVerb::kPrepare ||
                     statement.object_verb == sql::SessionObjectVerb::kDeclareCursor;
  return statement.returns_rows || (holds && (!statement.outputs_known || !statement.outputs.empty()));
}

bool Conversation::PlanColumns(Run& run, std::string_view description, const Formats* formats) {
  const Source source = SourceOf(run);
  const bool masks = run.judged->basis->view->MasksAnything();
  if (masks && !Returns(source)) {
    EndWith(sqlstate::kConnectionFailure, base::DataLoss("the database returned a result that no statement asked for"));
    return false;
  }
  const bool plain = !masks || source.judged->plans[source.index].verified_description == description;
  if (plain && recorder_.FindShape(description, formats, nullptr, &run.shape_id)) {
    run.plan = nullptr;
    return true;
  }
  thread_local std::vector<pg::FieldDescription> fields;
  if (const absl::Status status = pg::DecodeRowDescription(description, &fields); !status.ok()) {
    EndWith(sqlstate::kConnectionFailure, status);
    return false;
  }
  if (formats != nullptr && !formats->empty()) {
    for (size_t i = 0; i < fields.size(); ++i) {
      fields[i].format = formats->size() == 1 ? (*formats)[0] : i < formats->size() ? (*formats)[i] : 0;
    }
  }
  run.plan = nullptr;
  if (!plain) {
    std::vector<masking::ResultColumn> columns;
    for (const pg::FieldDescription& field : fields) {
      columns.push_back(
          {field.name, field.table_oid, field.attnum, field.type_oid, field.type_modifier, field.format == 1});
    }
    const JudgeBasis& basis = *source.judged->basis;
    const masking::ResultPlanInput input{source.judged->facts.statements[source.index],
                                         source.judged->plans[source.index],
                                         *basis.catalog,
                                         *basis.view,
                                         host_.masking_key(),
                                         basis.search};
    auto plan = masking::PlanResult(input, columns);
    if (!plan.ok()) {
      EndWith(sqlstate::kDenied, plan.status());
      return false;
    }
    run.plan = *std::move(plan);
    if (run.plan == nullptr && description.size() <= kVerifiedDescriptionMax) {
      source.judged->plans[source.index].verified_description = description;
    }
  }
  if (!recorder_.Shape(description, fields, formats, run.plan, &run.shape_id)) {
    EndUnrecorded();
    return false;
  }
  return true;
}

bool Conversation::OnRowDescription(std::string_view frame, std::string_view body) {
  if (expected_.empty() || expected_.front().is_denied()) {
    return Unexpected('T');
  }
  Expectation& entry = expected_.front();
  switch (entry.kind) {
    case Kind::kQuery:
      if (entry.run->opened) {
        return Unexpected('T');
      }
      if (!PlanColumns(*entry.run, body, nullptr)) {
        return false;
      }
      entry.run->opened = true;
      PassToClient(frame);
      return true;
    case Kind::kDescribeStatement:
    case Kind::kDescribePortal:
      if (entry.statement != nullptr && entry.statement->row_description != body) {
        entry.statement->row_description = body;
        entry.statement->plain_shape = 0;
      }
      if (entry.statement != nullptr) {
        entry.statement->described = true;
      }
      PassToClient(frame);
      expected_.PopFront();
      return true;
    default:
      return Unexpected('T');
  }
}

bool Conversation::OnNoData(std::string_view frame) {
  if (expected_.empty() ||
      (expected_.front().kind != Kind::kDescribeStatement && expected_.front().kind != Kind::kDescribePortal)) {
    return Unexpected('n');
  }
  Expectation& entry = expected_.front();
  if (entry.statement != nullptr) {
    entry.statement->row_description.clear();
    entry.statement->described = true;
  }
  PassToClient(frame);
  expected_.PopFront();
  return true;
}

// The first row of an Execute: its columns were described earlier, if at all.
bool Conversation::OpenResult(Run& run, const Expectation& entry) {
  if (entry.kind == Kind::kQuery) {
    return Unexpected('D');  // RowDescription comes before
  }
  run.opened = true;
  PreparedStatement& statement = *entry.statement;
  if (statement.described && !statement.row_description.empty()) {
    const bool is_current =
        run.judged == statement.judged && run.index == statement.index && !run.judged->has_session_objects;
    if (is_current && statement.plain_shape != 0 && statement.plain_formats == run.formats) {
      run.plan = nullptr;
      run.shape_id = statement.plain_shape;
      return true;
    }
    const bool planned = PlanColumns(run, statement.row_description, &run.formats);
    if (planned && is_current && run.plan == nullptr) {
      statement.plain_shape = run.shape_id;
      statement.plain_formats = run.formats;
    }
    return planned;
  }
  const Source source = SourceOf(run);
  const bool is_predicted = source.judged != nullptr || !run.judged->basis->view->MasksAnything();
  if (!is_predicted || (source.judged != nullptr && (source.judged->changes_rows || source.judged->touches_masked))) {
    EndWith(sqlstate::kConnectionFailure,
            base::DataLoss("the database returned rows of columns that it never described"));
    return false;
  }
  return true;
}

bool Conversation::OnDataRow(std::string_view frame, std::string_view body) {
  if (expected_.empty() || expected_.front().is_denied()) {
    return Unexpected('D');
  }
  Expectation& entry = expected_.front();
  if (entry.injected) {
    OnProbeRow(body);
    return !ending_;
  }
  Run* const run = CurrentRun();
  if (run == nullptr || (!run->opened && !OpenResult(*run, entry))) {
    return run == nullptr ? Unexpected('D') : false;
  }
  if (run->limit_reached || entry.suppressed) {
    return true;
  }
  CountRow(*run, frame.size());
  if (!CheckRowLimits(*run, frame.size())) {
    return true;
  }
  if (run->plan != nullptr) {
    return MaskRow(*run, body);
  }
  if (recorder_.WantsRow(*run) && body.size() <= limits_.recorded_row_bytes_max && !recorder_.Row(*run, body)) {
    EndUnrecorded();
    return false;
  }
  to_client_.Pass(frame);
  return true;
}

bool Conversation::MaskRow(Run& run, std::string_view body) {
  std::string* const out = to_client_.own();
  const size_t start = out->size();
  out->append(pg::kHeaderBytes, '\0');
  uint64_t masked_cells = 0;
  const absl::Status status = run.plan->MaskRow(body, out, &masked_cells);
  if (!status.ok()) {
    out->resize(start);
    EndWith(sqlstate::kConnectionFailure, status);
    return false;
  }
  if (masked_cells > 0 && !CheckMaskedLimits(run, masked_cells)) {
    out->resize(start);
    return true;
  }
  run.masked_cells += masked_cells;
  CountMaskedCells(masked_cells);
  const std::string_view masked = std::string_view(*out).substr(start + pg::kHeaderBytes);
  (*out)[start] = 'D';
  pg::StoreU32(out->data() + start + 1, static_cast<uint32_t>(masked.size() + 4));
  if (recorder_.WantsRow(run) && masked.size() <= limits_.recorded_row_bytes_max && !recorder_.Row(run, masked)) {
    out->resize(start);
    EndUnrecorded();
    return false;
  }
  to_client_.Added();
  return true;
}

// A row that is not whole yet and that nobody has to look at: it is passed on as it comes.
bool Conversation::StartsLongRow(const pg::Header& header) {
  Run* const run = CurrentRun();
  if (run == nullptr || expected_.front().injected || expected_.front().is_denied()) {
    return false;
  }
  if (header.type == 'D' && !run->opened && !OpenResult(*run, expected_.front())) {
    return true;
  }
  if (header.type == 'd' && !run->copies_out) {
    Unexpected('d');
    return true;
  }
  const bool to_be_recorded = recorder_.WantsRow(*run) && header.body_bytes <= limits_.recorded_row_bytes_max;
  if (run->plan != nullptr || run->copy != nullptr || to_be_recorded) {
    return false;
  }
  server_pass_ = header.frame_bytes();
  server_pass_dropped_ = run->limit_reached || expected_.front().suppressed;
  if (server_pass_dropped_) {
    return true;
  }
  CountRow(*run, header.frame_bytes());
  server_pass_dropped_ = !CheckRowLimits(*run, header.frame_bytes());
  return true;
}

bool Conversation::OnServerCopyData(std::string_view frame, std::string_view body) {
  Run* const run = CurrentRun();
  if (run == nullptr || expected_.front().is_denied() || CopyOf(*run) != sql::CopyDirection::kToStdout) {
    return Unexpected('d');
  }
  if (run->limit_reached || expected_.front().suppressed) {
    return true;
  }
  CountRow(*run, frame.size());
  if (!CheckRowLimits(*run, frame.size())) {
    return true;
  }
  if (run->copy != nullptr) {
    return MaskCopyData(*run, body);
  }
  if (!recorder_.CopyData(*run, false, body)) {
    EndUnrecorded();
    return false;
  }
  to_client_.Pass(frame);
  return true;
}

// COPY … TO STDOUT begins: its rows say nothing of their columns, so the statement's own outputs decide.
bool Conversation::OpenCopy(Run& run, const pg::CopyResponse& response) {
  const JudgeBasis& basis = *run.judged->basis;
  run.copies_out = true;
  if (!basis.view->MasksAnything()) {
    return true;
  }
  if (run.index >= run.judged->facts.statements.size()) {
    EndWith(sqlstate::kConnectionFailure, base::DataLoss("the database copies data that no statement asked for"));
    return false;
  }
  const sql::Statement& statement = run.judged->facts.statements[run.index];
  const masking::ResultPlanInput input{statement,   run.judged->plans[run.index], *basis.catalog,
                                       *basis.view, host_.masking_key(),          basis.search};
  auto plan = masking::PlanCopy(input, response.columns, response.binary);
  if (!plan.ok()) {
    EndWith(sqlstate::kDenied, plan.status());
    return false;
  }
  if (*plan != nullptr) {
    run.copy = std::make_unique<masking::CopyMasker>(statement, *std::move(plan), limits_.row_bytes_max);
  }
  return true;
}

// Rows that the data completes go on as one message; the beginning of the next one waits for its end.
bool Conversation::MaskCopyData(Run& run, std::string_view body) {
  std::string* const out = to_client_.own();
  const size_t start = out->size();
  out->append(pg::kHeaderBytes, '\0');
  uint64_t masked_cells = 0;
  const absl::Status status = run.copy->Write(body, out, &masked_cells);
  const size_t data_bytes = out->size() - start - pg::kHeaderBytes;
  if (!status.ok() || data_bytes == 0) {
    out->resize(start);
    if (!status.ok()) {
      EndWith(sqlstate::kConnectionFailure, status);
    }
    return status.ok();
  }
  if (masked_cells > 0 && !CheckMaskedLimits(run, masked_cells)) {
    out->resize(start);
    return true;
  }
  run.masked_cells += masked_cells;
  CountMaskedCells(masked_cells);
  (*out)[start] = 'd';
  pg::StoreU32(out->data() + start + 1, static_cast<uint32_t>(data_bytes + 4));
  if (!recorder_.CopyData(run, false, std::string_view(*out).substr(start + pg::kHeaderBytes))) {
    out->resize(start);
    EndUnrecorded();
    return false;
  }
  to_client_.Added();
  return true;
}

void Conversation::CountRow(Run& run, size_t bytes) {
  ++run.rows;
  run.bytes += bytes;
  ++totals_.rows;
  metrics_.Add(events::Count::kRows);
}

void Conversation::CountMaskedCells(uint64_t cells) {
  totals_.masked_cells += cells;
  metrics_.Add(events::Count::kMaskedCells, cells);
}

// The statement ended before its cancellation reached it. The client gets the error all the same; the server has no
// error to show for it, so the transaction goes on.
bool Conversation::FailLimited(Run& run) {
  if (!expected_.front().suppressed) {
    pg::ErrorMessage error = LimitError(run);
    if (run.index < run.judged->facts.statements.size() && !run.judged->facts.statements[run.index].writes.empty()) {
      error.hint += " The statement had finished by then: what it changed stands.";
    }
    pg::AppendError(error, to_client_.own());
    to_client_.Added();
  }
  if (!recorder_.Outcome(run, "", sqlstate::kLimitReached, run.passed->limit, host_.Steady())) {
    EndUnrecorded();
    return false;
  }
  run.is_recorded = true;
  ApplyEffects(run);
  run.ResetResult();
  ++run.index;
  if (expected_.front().kind == Kind::kQuery) {
    // What the rest of the text still answers is not for the client; that it is done is.
    expected_.front().suppressed = true;
    return true;
  }
  // As after any error of the extended protocol the client skips to its Sync, over queries too.
  for (size_t i = 0; i < expected_.size() && expected_[i].kind != Kind::kSync; ++i) {
    expected_[i].suppressed = expected_[i].skipped = true;
  }
  expected_.PopFront();
  dropping_ = !HasSync();
  return !ending_;
}

bool Conversation::HasSync() {
  for (size_t i = 0; i < expected_.size(); ++i) {
    if (expected_[i].kind == Kind::kSync) {
      return true;
    }
  }
  return false;
}

}  // namespace chaperone::session
