// The parts of the linter, one file for each kind of question. Each appends what it finds.
#ifndef CHAPERONE_API_POLICY_LINT_CHECKS_H_
#define CHAPERONE_API_POLICY_LINT_CHECKS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/policy/document.h"
#include "api/policy/lint.h"

namespace chaperone::policy {

using Documents = std::vector<std::shared_ptr<const Document>>;

// Where a finding stands.
struct Place {
  const Document* document = nullptr;
  std::string_view rule;
  int line = 0;
};

class Findings {
 public:
  void Warn(const Place& place, std::string_view code, std::string message) {
    Add(Finding::Severity::kWarning, place, code, std::move(message));
  }
  void Fail(const Place& place, std::string_view code, std::string message) {
    Add(Finding::Severity::kError, place, code, std::move(message));
  }
  std::vector<Finding> Take() { return std::move(findings_); }

 private:
  void Add(Finding::Severity severity, const Place& place, std::string_view code, std::string message) {
    findings_.push_back(Finding{severity, place.document == nullptr ? "" : place.document->name,
                                std::string(place.rule), place.line, std::string(code), std::move(message)});
  }

  std::vector<Finding> findings_;
};

inline Place PlaceOf(const Document& document, const StatementRule& rule) { return {&document, rule.id, rule.line}; }
inline Place PlaceOf(const Document& document, const MaskingEntry& entry) {
  return {&document, entry.rule.id, entry.line};
}

// How many comparisons of one rule with another are still allowed. Shared by the checks that compare.
class Budget {
 public:
  explicit Budget(size_t comparisons) : left_(comparisons) {}
  bool Spend() { return left_ > 0 && left_-- > 0; }
  bool spent() const { return left_ == 0; }

 private:
  size_t left_;
};

// lint_document.cc: what one document shows by itself.
void CheckDocument(const Document& document, Findings* findings);
// lint_rules.cc: rules that other rules make pointless, or that stand in each other's way.
void CheckRules(const Documents& documents, Budget* budget, Findings* findings);
// lint_masks.cc: masks that cover nothing readable, or are covered by stricter ones.
void CheckMasks(const Documents& documents, Budget* budget, Findings* findings);
// lint_surroundings.cc: approvals that nobody can give, names that no database has.
void CheckApprovers(const Documents& documents, const std::vector<KnownGroup>& groups, Findings* findings);
void CheckCatalogs(const Documents& documents, const std::vector<KnownDatabase>& databases, Findings* findings);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_LINT_CHECKS_H_
