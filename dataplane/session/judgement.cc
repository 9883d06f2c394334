#include "dataplane/session/judgement.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace chaperone::session {

namespace {

// A text longer than this is not kept: it would push out many others.
constexpr size_t kCachedTextMax = 32 << 10;
// A text that is asked for often is not moved each time: it costs the memory of its neighbours.
constexpr uint64_t kMoveAfter = 32;

uint64_t NextKey() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

bool IsWrite(const sql::Statement& statement) {
  return std::any_of(statement.needs.begin(), statement.needs.end(), [](const sql::Need& need) {
    return need.action != sql::Action::kRead && need.action != sql::Action::kSession;
  });
}

}  // namespace

JudgeContext::JudgeContext(JudgeBasis basis, uint64_t policy_revision, sql::SessionContext names,
                           const Options& options)
    : id_(NextKey()),
      basis_(std::make_shared<const JudgeBasis>(std::move(basis))),
      policy_revision_(policy_revision),
      names_(std::move(names)),
      options_(options) {}

JudgedPtr JudgeContext::Judge(std::string_view text, const std::vector<uint32_t>& parameter_types,
                              std::chrono::system_clock::time_point now) {
  ++lookups_;
  std::string_view key = text;
  if (std::any_of(parameter_types.begin(), parameter_types.end(), [](uint32_t type) { return type != 0; })) {
    // No text holds a NUL.
    typed_key_.assign(text).push_back('\0');
    typed_key_.append(reinterpret_cast<const char*>(parameter_types.data()),
                      parameter_types.size() * sizeof(parameter_types[0]));
    key = typed_key_;
  }
  const auto found = cache_.find(key);
  if (found != cache_.end()) {
    Entry& entry = found->second;
    const JudgedPtr& judged = entry.judged;
    if (!judged->verdict.valid_until || now < *judged->verdict.valid_until) {
      ++hits_;
      if (lookups_ - entry.moved_at >= kMoveAfter) {
        ages_.splice(ages_.end(), ages_, entry.age);
        entry.moved_at = lookups_;
      }
      return judged;
    }
    cached_text_bytes_ -= found->first.size();
    ages_.erase(entry.age);
    cache_.erase(found);
  }
  JudgedPtr judged = Make(text, parameter_types, key, now);
  Remember(judged);
  return judged;
}

JudgedPtr JudgeContext::Make(std::string_view text, const std::vector<uint32_t>& parameter_types, std::string_view key,
                             std::chrono::system_clock::time_point now) const {
  auto* const judged = new Judged;
  JudgedPtr owner(judged);
  judged->basis = basis_;
  judged->key = NextKey();
  judged->text = text;
  judged->parameter_types = parameter_types;
  if (key.size() != text.size()) {
    judged->typed_key = key;
  }
  judged->policy_revision = policy_revision_;
  sql::SessionContext typed;
  if (!parameter_types.empty()) {
    typed = names_;
    typed.parameter_types = parameter_types;
  }
  static_cast<judgement::Judgement&>(*judged) = judgement::Judge({.text = text,
                                                                  .catalog = catalog(),
                                                                  .names = parameter_types.empty() ? names_ : typed,
                                                                  .view = view(),
                                                                  .now = now,
                                                                  .text_bytes_max = options_.statement_bytes_max});
  for (const sql::Statement& statement : judged->facts.statements) {
    judged->is_barrier = judged->is_barrier || statement.is_barrier;
    judged->is_behind_possible_rename = judged->is_behind_possible_rename || statement.behind_possible_rename;
    judged->has_session_objects = judged->has_session_objects || statement.object_verb != sql::SessionObjectVerb::kNone;
    judged->copies_in = judged->copies_in || statement.copy == sql::CopyDirection::kFromStdin;
    judged->is_write = judged->is_write || IsWrite(statement);
    judged->is_charged = judged->is_charged || statement.transaction == sql::TransactionVerb::kNone;
  }
  for (size_t i = 0; i < judged->plans.size(); ++i) {
    const masking::StatementPlan& plan = judged->plans[i];
    const sql::Statement& statement = judged->facts.statements[i];
    // What EXECUTE and FETCH touch is what they name; that is known when they run.
    const bool is_reference = (statement.object_verb == sql::SessionObjectVerb::kExecute ||
                               statement.object_verb == sql::SessionObjectVerb::kFetch) &&
                              !statement.is_explain;
    judged->touches_masked = judged->touches_masked || (plan.touches_masked && !is_reference);
    judged->changes_rows = judged->changes_rows || plan.changes_rows;
    judged->writes_masked = judged->writes_masked || plan.written_mask.has_value();
    judged->has_probes = judged->has_probes || !plan.probes.empty();
  }
  judged->is_plain = judged->verdict.decision == policy::Decision::kAllow && !judged->verdict.max_affected_rows &&
                     !judged->has_session_objects && !judged->is_behind_possible_rename && !judged->writes_masked &&
                     !judged->has_probes;
  return owner;
}

void JudgeContext::Remember(const JudgedPtr& judged) {
  const std::string_view key = judged->typed_key.empty() ? judged->text : judged->typed_key;
  if (key.size() > kCachedTextMax) {
    return;
  }
  cached_text_bytes_ += key.size();
  const auto age = ages_.insert(ages_.end(), key);
  cache_.emplace(key, Entry{judged, age, lookups_});
  while (cache_.size() > options_.cache_entries_max || cached_text_bytes_ > options_.cache_text_bytes_max) {
    const auto oldest = cache_.find(ages_.front());
    cached_text_bytes_ -= oldest->first.size();
    ages_.pop_front();
    cache_.erase(oldest);
  }
}

}  // namespace chaperone::session
