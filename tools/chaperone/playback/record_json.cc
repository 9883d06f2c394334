#include "tools/chaperone/playback/record_json.h"

#include "tools/chaperone/display/cell.h"
#include "tools/chaperone/display/json.h"
#include "tools/chaperone/display/moment.h"

namespace chaperone::playback {

namespace {

using display::JsonArray;
using display::JsonObject;

std::string_view DecisionName(recording::RecordedDecision decision) {
  switch (decision) {
    case recording::RecordedDecision::kAllow:
      return "allow";
    case recording::RecordedDecision::kRequireApproval:
      return "require_approval";
    case recording::RecordedDecision::kDeny:
      return "deny";
  }
  return "unknown";
}

std::string_view ChannelName(recording::Channel channel) {
  constexpr std::string_view kNames[] = {"simple", "parse", "execute", "copy"};
  const auto index = static_cast<size_t>(channel);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

void Fill(const recording::SessionStarted& body, JsonObject* json) {
  JsonArray groups;
  for (const std::string_view group : body.groups) {
    groups.String(group);
  }
  json->Number("version", body.version)
      .String("issuer", body.issuer)
      .String("subject", body.subject)
      .Raw("groups", groups.Text())
      .Optional("client", body.client)
      .Optional("human", body.human)
      .Optional("task", body.task)
      .Optional("token_id", body.token_id)
      .String("sidecar", body.sidecar)
      .String("endpoint", body.endpoint)
      .String("database", body.database)
      .String("role", body.role)
      .String("client_address", body.client_address)
      .Optional("application_name", body.application_name)
      .Optional("server_version", body.server_version)
      .Number("policy_revision", body.policy_revision);
  if (body.token_expires_us != 0) {
    json->String("token_expires_at", display::Rfc3339(display::FromMicroseconds(body.token_expires_us)));
  }
}

std::string ParametersJson(const recording::Attempt& body) {
  JsonArray parameters;
  for (const recording::Parameter& parameter : body.parameters) {
    JsonObject json;
    json.Optional("type", display::TypeName(parameter.type_oid));
    const display::CellFormat format{.type_oid = parameter.type_oid, .binary = parameter.binary};
    if (parameter.is_null) {
      json.Null("value");
    } else if (parameter.masked) {
      json.Bool("masked", true);
    } else {
      json.String("value", display::CellText(format, parameter.value));
      if (parameter.value_bytes > parameter.value.size()) {
        json.Number("value_bytes", parameter.value_bytes);
      }
    }
    parameters.Raw(json.Text());
  }
  return parameters.Text();
}

// Of recording::Verdict and of what the state keeps of it.
template <typename Verdict>
void FillVerdict(const Verdict& body, JsonObject* json) {
  if (body.observed) {
    json->String("observed_decision", DecisionName(body.observed_decision));
  }
  json->Number("policy_revision", body.policy_revision)
      .Optional("policy", body.policy)
      .Optional("rule", body.rule)
      .Optional("reason", body.reason)
      .Optional("action", body.action)
      .Optional("resource", body.resource);
}

void Fill(const recording::Attempt& body, const SessionState& state, JsonObject* json) {
  json->Number("statement", body.statement)
      .String("text", state.Text(body.text_id))
      .String("channel", ChannelName(body.channel))
      .String("decision", DecisionName(body.decision));
  FillVerdict(state.ReasonsOf(body), json);
  json->Optional("approval_id", body.approval_id).Raw("parameters", ParametersJson(body));
}

void Fill(const recording::Columns& body, JsonObject* json) {
  JsonArray columns;
  for (const recording::Column& column : body.columns) {
    JsonObject item;
    item.String("name", column.name)
        .Optional("type", display::TypeName(column.type_oid))
        .Optional("mask_rule", column.mask_rule)
        .Optional("mask_method", column.mask_method);
    columns.Raw(item.Text());
  }
  json->Number("shape", body.shape_id).Raw("columns", columns.Text());
}

absl::Status Fill(const recording::Row& body, const SessionState& state, JsonObject* json) {
  const Shape* shape = state.FindShape(body.shape_id);
  JsonArray names;
  if (shape != nullptr) {
    for (const ShapeColumn& column : *shape) {
      names.String(column.name);
    }
  }
  std::vector<recording::Cell> cells;
  CHAPERONE_RETURN_IF_ERROR(recording::SplitRow(body.body, &cells));
  JsonArray row;
  for (size_t i = 0; i < cells.size(); ++i) {
    display::CellFormat format;
    if (shape != nullptr && i < shape->size()) {
      format = {.type_oid = (*shape)[i].type_oid, .binary = (*shape)[i].binary};
    }
    cells[i].is_null ? row.Raw("null") : row.String(display::CellText(format, cells[i].value));
  }
  JsonArray rows;
  rows.Raw(row.Text());
  json->Number("statement", body.statement)
      .Number("shape", body.shape_id)
      .Raw("columns", names.Text())
      .Raw("rows", rows.Text());
  return absl::OkStatus();
}

void Fill(const recording::Outcome& body, JsonObject* json) {
  json->Number("statement", body.statement)
      .Optional("tag", body.tag)
      .Optional("sqlstate", body.sqlstate)
      .Optional("message", body.message)
      .Number("rows", body.rows)
      .Number("bytes", body.bytes)
      .Number("masked_cells", body.masked_cells)
      .Number("recorded_rows", body.recorded_rows)
      .Number("latency_us", body.latency_us);
}

// The body's fields, after its type's name.
absl::Status FillBody(const recording::Record& record, const SessionState& state, JsonObject* json) {
  if (const auto* started = std::get_if<recording::SessionStarted>(&record.body)) {
    json->String("type", "session_started");
    Fill(*started, json);
  } else if (const auto* text = std::get_if<recording::StatementText>(&record.body)) {
    json->String("type", "statement_text").Number("text_id", text->text_id).String("text", text->text);
  } else if (const auto* verdict = std::get_if<recording::Verdict>(&record.body)) {
    json->String("type", "verdict").Number("verdict_id", verdict->verdict_id);
    FillVerdict(*verdict, json);
  } else if (const auto* attempt = std::get_if<recording::Attempt>(&record.body)) {
    json->String("type", "attempt");
    Fill(*attempt, state, json);
  } else if (const auto* columns = std::get_if<recording::Columns>(&record.body)) {
    json->String("type", "columns");
    Fill(*columns, json);
  } else if (const auto* row = std::get_if<recording::Row>(&record.body)) {
    json->String("type", "rows");
    return Fill(*row, state, json);
  } else if (const auto* outcome = std::get_if<recording::Outcome>(&record.body)) {
    json->String("type", "outcome");
    Fill(*outcome, json);
  } else if (const auto* notice = std::get_if<recording::Notice>(&record.body)) {
    json->String("type", "notice")
        .Number("statement", notice->statement)
        .String("severity", notice->severity)
        .String("sqlstate", notice->sqlstate)
        .String("message", notice->message);
  } else if (const auto* copy = std::get_if<recording::CopyData>(&record.body)) {
    json->String("type", "copy_data")
        .Number("statement", copy->statement)
        .Bool("from_client", copy->from_client)
        .String("data", copy->data);
  } else if (const auto* approval = std::get_if<recording::ApprovalEvent>(&record.body)) {
    json->String("type", "approval")
        .Number("statement", approval->statement)
        .String("approval_id", approval->approval_id)
        .String("state", approval->state)
        .Optional("by", approval->by);
  } else if (const auto* ended = std::get_if<recording::SessionEnded>(&record.body)) {
    json->String("type", "session_ended")
        .String("reason", ended->reason)
        .Number("statements", ended->statements)
        .Number("denied", ended->denied)
        .Number("rows", ended->rows)
        .Number("masked_cells", ended->masked_cells);
  } else {
    json->String("type", "unknown").Number("type_number", static_cast<uint64_t>(record.type));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> RecordJson::Next(const recording::Record& record) {
  CHAPERONE_RETURN_IF_ERROR(state_.Add(record));
  JsonObject json;
  json.Number("record", number_++).String("time", display::Rfc3339(display::FromMicroseconds(record.time_us)));
  CHAPERONE_RETURN_IF_ERROR(FillBody(record, state_, &json));
  return json.Text();
}

}  // namespace chaperone::playback
