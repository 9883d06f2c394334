#include "dataplane/session/statement_recorder.h"

#include <algorithm>

namespace chaperone::session {

namespace pg = wire::postgres;

namespace {

recording::RecordedDecision Recorded(policy::Decision decision) {
  return static_cast<recording::RecordedDecision>(decision);
}

recording::Verdict VerdictOf(const StatementRecorder::Tried& tried) {
  recording::Verdict verdict;
  verdict.observed = tried.verdict.observed.has_value();
  verdict.observed_decision = Recorded(tried.verdict.observed.value_or(policy::Decision::kAllow));
  verdict.policy_revision = tried.judged.policy_revision;
  verdict.policy = tried.verdict.policy;
  verdict.rule = tried.verdict.rule;
  verdict.reason = tried.verdict.reason;
  verdict.action = tried.verdict.action;
  verdict.resource = tried.verdict.resource;
  return verdict;
}

// Fills `parameters`.
void ParametersOf(const StatementRecorder::Tried& tried, std::vector<recording::Parameter>* parameters) {
  parameters->clear();
  pg::BindValues values = tried.bind->values;
  for (size_t i = 0; i < tried.bind->values.size(); ++i) {
    const pg::BindValue value = values.Next();
    recording::Parameter& parameter = parameters->emplace_back();
    parameter.type_oid = i < tried.parameter_types.size() ? tried.parameter_types[i] : 0;
    parameter.binary = tried.bind->IsBinary(i);
    parameter.is_null = value.is_null;
    parameter.value_bytes = static_cast<uint32_t>(value.bytes.size());
    // Which parameter goes to a masked column is not told apart: none is shown.
    parameter.masked = tried.judged.touches_masked;
    if (!parameter.masked) {
      parameter.value = value.bytes.substr(0, StatementRecorder::kParameterBytesMax);
    }
  }
}

}  // namespace

uint64_t StatementRecorder::NowMicros() const {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(clock_.Wall().time_since_epoch()).count());
}

bool StatementRecorder::Attempt(const Tried& tried, uint64_t* statement) {
  recording::Attempt attempt;
  attempt.statement = next_statement_;
  attempt.channel = tried.channel;
  attempt.decision = Recorded(tried.verdict.decision);
  attempt.approval_id = tried.approval_id;
  if (tried.bind != nullptr) {
    thread_local std::vector<recording::Parameter> parameters;  // kept, so that an attempt allocates nothing
    ParametersOf(tried, &parameters);
    attempt.parameters = parameters;
  }
  const bool is_own_verdict = &tried.verdict == &tried.judged.verdict;
  const auto* const known = is_own_verdict ? recorder_.Find(tried.judged.key) : nullptr;
  const bool appended =
      known != nullptr ? recorder_.AppendAttempt(NowMicros(), *known, attempt)
                       : recorder_.AppendAttempt(NowMicros(), {tried.judged.key, tried.judged.text, is_own_verdict},
                                                 VerdictOf(tried), attempt);
  if (!appended) {
    return false;
  }
  *statement = next_statement_++;
  return true;
}

bool StatementRecorder::FindShape(std::string_view description, const Formats* formats,
                                  const std::shared_ptr<masking::ResultPlan>& plan, uint32_t* shape_id) const {
  for (const KnownShape& shape : shapes_) {
    if (shape.plan == plan && shape.description == description &&
        (formats == nullptr ? shape.formats.empty() : shape.formats == *formats)) {
      *shape_id = shape.id;
      return true;
    }
  }
  return false;
}

bool StatementRecorder::Shape(std::string_view description, const std::vector<pg::FieldDescription>& fields,
                              const Formats* formats, const std::shared_ptr<masking::ResultPlan>& plan,
                              uint32_t* shape_id) {
  if (FindShape(description, formats, plan, shape_id)) {
    return true;
  }
  std::vector<recording::Column> columns;
  columns.reserve(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    recording::Column& column = columns.emplace_back();
    column.name = fields[i].name;
    column.type_oid = fields[i].type_oid;
    column.table_oid = fields[i].table_oid;
    column.attnum = fields[i].attnum;
    column.binary = fields[i].format == 1;
    if (plan != nullptr) {
      column.mask_rule = plan->RuleOf(i);
      column.mask_method = plan->MethodOf(i);
    }
  }
  if (!recorder_.Append(NowMicros(), recording::Columns{next_shape_, columns})) {
    return false;
  }
  if (shapes_.size() == kShapesMax) {
    shapes_.erase(shapes_.begin());
  }
  shapes_.push_back(KnownShape{std::string(description), plan, formats != nullptr ? *formats : Formats(), next_shape_});
  *shape_id = next_shape_++;
  return true;
}

bool StatementRecorder::Row(Run& run, std::string_view body) {
  if (!recorder_.Append(NowMicros(), recording::Row{run.statement, run.shape_id, body})) {
    return false;
  }
  ++run.recorded_rows;
  return true;
}

bool StatementRecorder::CopyData(const Run& run, bool from_client, std::string_view data) {
  if (options_.results != policy::RecordingOptions::Results::kMasked || run.bytes > kCopyBytesMax) {
    return true;
  }
  // As with parameters: what goes to a masked column is not told apart, so none is shown.
  if (from_client && run.judged->touches_masked) {
    return true;
  }
  return recorder_.Append(NowMicros(), recording::CopyData{run.statement, from_client, data});
}

bool StatementRecorder::Outcome(const Run& run, std::string_view tag, std::string_view sqlstate,
                                std::string_view message, std::chrono::steady_clock::time_point now) {
  recording::Outcome outcome;
  outcome.statement = run.statement;
  outcome.tag = tag;
  outcome.sqlstate = sqlstate;
  outcome.message = message;
  outcome.rows = run.rows;
  outcome.bytes = run.bytes;
  outcome.masked_cells = run.masked_cells;
  outcome.recorded_rows = run.recorded_rows;
  const auto latency = std::chrono::duration_cast<std::chrono::microseconds>(now - run.started).count();
  outcome.latency_us = static_cast<uint32_t>(std::clamp<int64_t>(latency, 0, UINT32_MAX));
  return recorder_.Append(NowMicros(), outcome);
}

bool StatementRecorder::Notice(uint64_t statement, std::string_view severity, std::string_view sqlstate,
                               std::string_view message) {
  return recorder_.Append(NowMicros(), recording::Notice{statement, severity, sqlstate, message});
}

bool StatementRecorder::Approval(uint64_t statement, std::string_view approval_id, std::string_view state,
                                 std::string_view by) {
  return recorder_.Append(NowMicros(), recording::ApprovalEvent{statement, approval_id, state, by});
}

}  // namespace chaperone::session
