#include "api/judgement/judge.h"

#include <utility>

#include "api/masking/written_mask.h"

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
    if (plan.refusal && judgement.verdict.decision != policy::Decision::kDeny) {
      ApplyRefusal(*plan.refusal, &judgement.verdict);
      judgement.refused_by_masking = true;
    }
    judgement.plans.push_back(std::move(plan));
  }
  return judgement;
}

}  // namespace chaperone::judgement
