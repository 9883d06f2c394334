// The judgement of a text: what it would do, whether it may, how its results are masked. Pure. Enforcement and
// simulation both end here.
#ifndef CHAPERONE_API_JUDGEMENT_JUDGE_H_
#define CHAPERONE_API_JUDGEMENT_JUDGE_H_

#include <chrono>
#include <string_view>
#include <vector>

#include "api/masking/plan.h"
#include "api/policy/policy.h"
#include "api/sql/analyze.h"
#include "api/sql/catalog.h"
#include "api/sql/facts.h"

namespace chaperone::judgement {

// Texts longer than this are not read unless the sidecar's configuration says so.
inline constexpr size_t kTextBytesMax = size_t{4} << 20;

// All that a judgement depends on.
struct Question {
  std::string_view text;
  const sql::Catalog& catalog;
  const sql::SessionContext& names;
  const policy::View& view;
  std::chrono::system_clock::time_point now;
  size_t text_bytes_max = kTextBytesMax;
};

struct Judgement {
  sql::Facts facts;
  policy::Verdict verdict;
  // A masking rule refuses it: then the verdict is deny, and made from this.
  bool refused_by_masking = false;
  // One for each statement.
  std::vector<masking::StatementPlan> plans;
};

// Makes a denial of it.
void ApplyRefusal(const masking::MaskingRefusal& refusal, policy::Verdict* verdict);

// Never fails: what cannot be understood is denied. REQUIRES: the view outlives the plans.
Judgement Judge(const Question& question);

}  // namespace chaperone::judgement

#endif  // CHAPERONE_API_JUDGEMENT_JUDGE_H_
