#include "api/judgement/judge.h"

#include <utility>

#include "api/masking/written_mask.h"
#include "api/sql/settings.h"

namespace chaperone::judgement {

void ApplyRefusal(const masking::MaskingRefusal& refusal, policy::Verdict* verdict) {
  verdict->decision = policy::Decision::kDeny;
  verdict->policy = refusal.policy;
  verdict->rule = refusal.rule;
  verdict->reason = refusal.message;
  verdict->action = "read";
  verdict->resource = refusal.column;
  verdict->hint = refusal.hint;
}

namespace {

// The setting that the statement takes off the value which texts are read with; null when there is none.
const sql::SettingChange* FindUnpinned(const sql::Statement& statement) {
  for (const sql::SettingChange& change : statement.settings) {
    const bool to_one_value = change.value && change.value->size() == 1;
    if (sql::DecidesReading(change.name) && !change.reset &&
        !(to_one_value && sql::IsPinnedValue(change.name, change.value->front()))) {
      return &change;
    }
  }
  return nullptr;
}

// No policy can allow it: the session could only be ended.
void RefuseUnpinning(const sql::SettingChange& change, policy::Verdict* verdict) {
  verdict->decision = policy::Decision::kDeny;
  verdict->policy.clear();
  verdict->rule.clear();
  verdict->reason =
      fmt::format("{} decides how statements are read, and the sidecar reads them in one way", change.name);
  verdict->action = sql::ActionName(sql::Action::kSession);
  verdict->resource = change.name;
  verdict->hint = "Leave it as it is; E'...' strings take backslash escapes, and text is UTF-8.";
}

}  // namespace

Judgement Judge(const Question& question) {
  Judgement judgement;
  sql::AnalyzeLimits limits;
  limits.parse.text_bytes_max = question.text_bytes_max;
  judgement.facts = sql::Analyze(question.text, question.catalog, question.names, limits);
  judgement.verdict = question.view.Judge(judgement.facts, question.now);
  for (const sql::Statement& statement : judgement.facts.statements) {
    masking::StatementPlan plan = masking::PlanStatement(statement, question.catalog, question.view);
    if (plan.written_mask && !plan.refusal &&
        masking::HoldsMaskedConstant(question.text.substr(statement.offset, statement.length))) {
      plan.refusal = plan.written_mask;
    }
    if (const sql::SettingChange* const change = FindUnpinned(statement);
        change != nullptr && judgement.verdict.decision != policy::Decision::kDeny) {
      RefuseUnpinning(*change, &judgement.verdict);
    }
    if (plan.refusal && judgement.verdict.decision != policy::Decision::kDeny) {
      ApplyRefusal(*plan.refusal, &judgement.verdict);
      judgement.refused_by_masking = true;
    }
    judgement.plans.push_back(std::move(plan));
  }
  return judgement;
}

}  // namespace chaperone::judgement
