// Limits on what is delivered: by one statement, and by all of a session, a principal or a task (quota.h).
#include <utility>

#include "dataplane/session/conversation.h"
#include "dataplane/session/denial.h"

namespace chaperone::session {

namespace pg = wire::postgres;

// False when a limit is passed: the row is withheld and the statement cancelled.
bool Conversation::CheckRowLimits(Run& run, size_t row_bytes) {
  const policy::Limits& limits = context_->view().limits();
  const bool rows = limits.rows_per_statement != 0 && run.rows > limits.rows_per_statement;
  const bool bytes = limits.bytes_per_statement != 0 && run.bytes > limits.bytes_per_statement;
  if (rows || bytes) {
    ReachLimit(run,
               rows ? fmt::format("rows_per_statement = {}", limits.rows_per_statement)
                    : fmt::format("bytes_per_statement = {}", limits.bytes_per_statement),
               "Ask for less: add LIMIT or a WHERE clause, or aggregate in the database.", std::nullopt);
    return false;
  }
  QuotaMeter* const quota = host_.quota();
  if (quota == nullptr ||
      (quota->Spend(Measure::kRows, 1, host_.Steady()) && quota->Spend(Measure::kBytes, row_bytes, host_.Steady()))) {
    return true;
  }
  ReachLimit(run, quota->exhausted().limit, quota->exhausted().hint, quota->exhausted().free_in);
  return false;
}

// The same for a row in which `masked_cells` were masked.
bool Conversation::CheckMaskedLimits(Run& run, uint64_t masked_cells) {
  const uint64_t limit = context_->view().limits().masked_values_per_statement;
  if (limit != 0 && run.masked_cells + masked_cells > limit) {
    ReachLimit(run, fmt::format("masked_values_per_statement = {}", limit),
               "Leave out the columns that are masked, or ask for fewer rows.", std::nullopt);
    return false;
  }
  QuotaMeter* const quota = host_.quota();
  if (quota == nullptr || quota->Spend(Measure::kMaskedValues, masked_cells, host_.Steady())) {
    return true;
  }
  ReachLimit(run, quota->exhausted().limit, quota->exhausted().hint + " Columns that are not masked do not count.",
             quota->exhausted().free_in);
  return false;
}

void Conversation::ReachLimit(Run& run, std::string limit, std::string hint,
                              std::optional<std::chrono::seconds> retry_after) {
  run.limit_reached = true;
  run.passed = std::make_unique<PassedLimit>(PassedLimit{std::move(limit), std::move(hint), retry_after});
  metrics_.Add(events::Count::kLimitsReached);
  host_.CancelStatement();
}

pg::ErrorMessage Conversation::LimitError(const Run& run) const {
  return LimitReached(run.passed->limit, run.passed->hint, AuditId(run.statement), "", run.passed->retry_after);
}

Conversation::Admission Conversation::RefuseUsedUp(const policy::Verdict& verdict, const JudgedPtr& judged,
                                                   recording::Channel channel, const pg::Bind* bind,
                                                   const std::vector<uint32_t>& parameter_types) {
  const QuotaMeter::Exhausted exhausted = host_.quota()->exhausted();
  Admission admission = Start(verdict, judged, channel, bind, parameter_types, "");
  if (admission.outcome == Admission::Outcome::kRun) {
    metrics_.Add(events::Count::kLimitsReached);
    admission.outcome = Admission::Outcome::kRefuse;
    admission.denial = std::make_unique<pg::ErrorMessage>(
        LimitReached(exhausted.limit, exhausted.hint, AuditId(admission.run->statement), "", exhausted.free_in));
  }
  return admission;
}

}  // namespace chaperone::session
