#include "tools/chaperone/playback/transcript.h"

#include <fmt/format.h>

#include "tools/chaperone/display/cell.h"
#include "tools/chaperone/display/moment.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/display/table.h"

namespace chaperone::playback {

namespace {

using display::Counted;
using display::Line;

constexpr std::string_view kIndent = "    ";
constexpr size_t kTextBytesMax = 8 << 10;
constexpr size_t kParameterColumnsMax = 200;
constexpr size_t kOpenMax = 10'000;

// "rule read-shop of coding-agents", or words for the default deny.
std::string RuleText(const Reasons& reasons) {
  if (reasons.rule.empty() && reasons.policy.empty()) {
    return "no rule matches";
  }
  return fmt::format("rule {} of {}", Line(reasons.rule), Line(reasons.policy));
}

std::string ParameterText(const recording::Parameter& parameter) {
  if (parameter.is_null) {
    return "NULL";
  }
  if (parameter.masked) {
    return "(kept out of the record by policy)";
  }
  const display::CellFormat format{.type_oid = parameter.type_oid, .binary = parameter.binary};
  std::string text = display::CutLine(display::CellText(format, parameter.value), kParameterColumnsMax);
  if (parameter.value_bytes > parameter.value.size()) {
    text += fmt::format(" ({} of {} recorded)", display::ByteCount(parameter.value.size()),
                        display::ByteCount(parameter.value_bytes));
  }
  return text;
}

}  // namespace

std::string_view DecisionWord(recording::RecordedDecision decision) {
  switch (decision) {
    case recording::RecordedDecision::kAllow:
      return "allow";
    case recording::RecordedDecision::kRequireApproval:
      return "require approval";
    case recording::RecordedDecision::kDeny:
      return "deny";
  }
  return "unknown decision";
}

absl::Status Transcript::Add(const recording::Record& record, std::string* out) {
  CHAPERONE_RETURN_IF_ERROR(state_.Add(record));
  const std::string time = display::TimeOfDay(display::FromMicroseconds(record.time_us));
  if (const auto* row = std::get_if<recording::Row>(&record.body)) {
    return Show(*row, out);
  }
  if (std::holds_alternative<recording::StatementText>(record.body) ||
      std::holds_alternative<recording::Verdict>(record.body) ||
      std::holds_alternative<recording::Columns>(record.body)) {
    return absl::OkStatus();
  }
  Flush(out);
  if (const auto* started = std::get_if<recording::SessionStarted>(&record.body)) {
    *out += fmt::format("Session of {}\n", display::Moment(display::FromMicroseconds(record.time_us)));
    Show(*started, out);
  } else if (const auto* attempt = std::get_if<recording::Attempt>(&record.body)) {
    Show(*attempt, time, out);
  } else if (const auto* outcome = std::get_if<recording::Outcome>(&record.body)) {
    Show(*outcome, time, out);
  } else if (const auto* copy = std::get_if<recording::CopyData>(&record.body)) {
    Show(*copy, time, out);
  } else if (const auto* notice = std::get_if<recording::Notice>(&record.body)) {
    *out += fmt::format("{}  #{}  {} {}: {}\n", time, notice->statement, Line(notice->severity), Line(notice->sqlstate),
                        Line(notice->message));
  } else if (const auto* approval = std::get_if<recording::ApprovalEvent>(&record.body)) {
    *out += fmt::format("{}  #{}  approval {} {}{}\n", time, approval->statement, Line(approval->approval_id),
                        Line(approval->state), approval->by.empty() ? "" : " by " + Line(approval->by));
  } else if (const auto* ended = std::get_if<recording::SessionEnded>(&record.body)) {
    Show(*ended, time, out);
  } else {
    *out +=
        fmt::format("{}  a record of type {}, which this version does not know\n", time, static_cast<int>(record.type));
  }
  return absl::OkStatus();
}

void Transcript::Show(const recording::SessionStarted& body, std::string* out) {
  display::Fields fields;
  fields.Add("agent", body.subject);
  fields.Add("for", body.human);
  fields.Add("task", body.task);
  std::string groups;
  for (const std::string_view group : body.groups) {
    groups += fmt::format("{}{}", groups.empty() ? "" : ", ", group);
  }
  fields.Add("groups", groups);
  fields.Add("client", body.client);
  fields.Add("issuer", body.issuer);
  fields.Add("token", body.token_id);
  if (body.token_expires_us != 0) {
    fields.Add("expires", display::Moment(display::FromMicroseconds(body.token_expires_us)));
  }
  fields.Add("database", fmt::format("{}/{} as {}", body.endpoint, body.database, body.role));
  fields.Add("server", body.server_version);
  fields.Add("from", fmt::format("{}{}", body.client_address,
                                 body.application_name.empty() ? "" : fmt::format(" ({})", body.application_name)));
  fields.Add("sidecar", body.sidecar);
  fields.Add("policy", fmt::format("revision {}", body.policy_revision));
  *out += fields.Text() + "\n";
}

void Transcript::Show(const recording::Attempt& body, std::string_view time, std::string* out) {
  const Reasons& reasons = state_.ReasonsOf(body);
  std::string decision(DecisionWord(body.decision));
  if (reasons.observed) {
    decision += fmt::format(" (observed only; would be: {})", DecisionWord(reasons.observed_decision));
  }
  *out += fmt::format("{}  #{}  {}: {}{}\n", time, body.statement, decision, RuleText(reasons),
                      body.channel == recording::Channel::kParse ? " (prepared, not run yet)" : "");
  const display::BlockOptions options{.gutter = "    | ", .bytes_max = kTextBytesMax};
  *out += display::Block(state_.Text(body.text_id), options);
  for (size_t i = 0; i < body.parameters.size(); ++i) {
    const std::string type = display::TypeName(body.parameters[i].type_oid);
    *out += fmt::format("{}${} = {}{}\n", kIndent, i + 1, ParameterText(body.parameters[i]),
                        type.empty() ? "" : fmt::format("  ({})", type));
  }
  if (body.decision != recording::RecordedDecision::kAllow && !reasons.action.empty()) {
    *out += fmt::format("{}needs: {} {}\n", kIndent, Line(reasons.action), Line(reasons.resource));
  }
  if (!reasons.reason.empty()) {
    *out += fmt::format("{}reason: {}\n", kIndent, Line(reasons.reason));
  }
  if (!body.approval_id.empty()) {
    *out += fmt::format("{}approval: {}\n", kIndent, Line(body.approval_id));
  }
  const bool runs = body.decision == recording::RecordedDecision::kAllow && body.channel != recording::Channel::kParse;
  if (runs && open_.size() < kOpenMax) {
    open_[body.statement] = std::string(time);
  }
}

absl::Status Transcript::Show(const recording::Row& body, std::string* out) {
  if (page_ && (page_->statement != body.statement || page_->shape_id != body.shape_id)) {
    Flush(out);
  }
  if (!page_) {
    page_ = Page{.statement = body.statement, .shape_id = body.shape_id, .rows = {}};
  }
  const Shape* shape = state_.FindShape(body.shape_id);
  std::vector<recording::Cell> cells;
  CHAPERONE_RETURN_IF_ERROR(recording::SplitRow(body.body, &cells));
  std::vector<std::string> row;
  for (size_t i = 0; i < cells.size(); ++i) {
    display::CellFormat format;
    if (shape != nullptr && i < shape->size()) {
      format = {.type_oid = (*shape)[i].type_oid, .binary = (*shape)[i].binary};
    }
    row.push_back(cells[i].is_null ? "NULL" : display::CellText(format, cells[i].value.substr(0, 4096)));
  }
  page_->rows.push_back(std::move(row));
  if (page_->rows.size() >= kPageRows) {
    Flush(out);
  }
  return absl::OkStatus();
}

void Transcript::Flush(std::string* out) {
  if (!page_ || page_->rows.empty()) {
    page_.reset();
    return;
  }
  const Shape* shape = state_.FindShape(page_->shape_id);
  const size_t width = shape != nullptr ? shape->size() : page_->rows.front().size();
  std::vector<display::TableColumn> columns;
  std::string masks;
  for (size_t i = 0; i < width; ++i) {
    if (shape == nullptr) {
      columns.push_back({.title = fmt::format("column {}", i + 1), .width_max = kCellColumnsMax});
      continue;
    }
    const ShapeColumn& column = (*shape)[i];
    const std::string name = display::CutLine(column.name, kCellColumnsMax);
    const bool masked = !column.mask_rule.empty();
    columns.push_back({.title = masked ? name + "*" : name,
                       .right = !masked && display::IsNumeric(column.type_oid),
                       .width_max = kCellColumnsMax});
    if (masked) {
      masks +=
          fmt::format("{}* {} masked: {} (rule {})\n", kIndent, name, Line(column.mask_method), Line(column.mask_rule));
    }
  }
  display::Table table(std::move(columns));
  for (const auto& row : page_->rows) {
    table.Add(row);
  }
  *out += table.Boxed(kIndent) + masks;
  page_.reset();
}

void Transcript::Show(const recording::Outcome& body, std::string_view time, std::string* out) {
  open_.erase(body.statement);
  if (!body.sqlstate.empty()) {
    *out += fmt::format("{}  #{}  error {}: {}\n\n", time, body.statement, Line(body.sqlstate), Line(body.message));
    return;
  }
  std::string text =
      fmt::format("{}  #{}  {}: {}, {}", time, body.statement, body.tag.empty() ? "done" : Line(body.tag),
                  Counted(body.rows, "row"), display::ByteCount(body.bytes));
  if (body.masked_cells > 0) {
    text += fmt::format(", {} masked", Counted(body.masked_cells, "cell"));
  }
  if (body.recorded_rows < body.rows) {
    text += fmt::format(", {} recorded", Counted(body.recorded_rows, "row"));
  }
  *out += fmt::format("{}, {}\n\n", text, display::Elapsed(std::chrono::microseconds(body.latency_us)));
}

void Transcript::Show(const recording::CopyData& body, std::string_view time, std::string* out) {
  *out += fmt::format("{}  #{}  copy {} the database, {}\n", time, body.statement, body.from_client ? "into" : "out of",
                      display::ByteCount(body.data.size()));
  const display::BlockOptions options{.gutter = "    : ", .bytes_max = 2048};
  *out += display::Block(body.data, options);
}

void Transcript::Show(const recording::SessionEnded& body, std::string_view time, std::string* out) {
  *out += fmt::format("{}  session ended: {}; {} ({} denied), {}, {} masked\n", time, Line(body.reason),
                      Counted(body.statements, "statement"), display::Grouped(body.denied), Counted(body.rows, "row"),
                      Counted(body.masked_cells, "cell"));
}

void Transcript::Finish(std::string* out) {
  Flush(out);
  for (const auto& [statement, time] : open_) {
    *out += fmt::format("statement #{} of {} has no outcome: it was cut off, or still runs\n", statement, time);
  }
  open_.clear();
}

}  // namespace chaperone::playback
