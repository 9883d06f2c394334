#include "api/policy/lint.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "api/policy/lint_checks.h"

namespace chaperone::policy {

namespace {

void CheckNames(const Documents& documents, Findings* findings) {
  std::set<std::string_view> names;
  for (const auto& document : documents) {
    if (!names.insert(document->name).second) {
      findings->Fail({document.get(), "", 0}, "duplicate-name",
                     fmt::format("two documents are called {}; give each its own metadata.name", document->name));
    }
  }
}

}  // namespace

std::vector<Finding> Lint(const Documents& documents, const LintOptions& options) {
  Findings findings;
  Budget budget(options.comparisons_max);
  CheckNames(documents, &findings);
  for (const auto& document : documents) {
    CheckDocument(*document, &findings);
  }
  CheckRules(documents, &budget, &findings);
  CheckMasks(documents, &budget, &findings);
  if (options.approver_groups) {
    CheckApprovers(documents, *options.approver_groups, &findings);
  }
  if (!options.databases.empty()) {
    CheckCatalogs(documents, options.databases, &findings);
  }
  if (budget.spent()) {
    findings.Warn({}, "lint-incomplete",
                  "the bundle has too many overlapping rules to compare them all; merge rules that say the same");
  }
  std::vector<Finding> sorted = findings.Take();
  std::stable_sort(sorted.begin(), sorted.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.policy, a.line, a.code) < std::tie(b.policy, b.line, b.code);
  });
  return sorted;
}

std::vector<Finding> Lint(const Documents& documents) { return Lint(documents, LintOptions()); }

}  // namespace chaperone::policy
