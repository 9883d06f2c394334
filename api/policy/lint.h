// The linter: what is odd about a set of documents, by themselves and, where known, against who may approve and what
// the connected databases hold. The codes of all findings are listed in POLICY.md. Linear in the size of the bundle and
// the catalogs but for a bounded number of comparisons; past the bound it says so.
#ifndef CHAPERONE_API_POLICY_LINT_H_
#define CHAPERONE_API_POLICY_LINT_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/policy/policy.h"

namespace chaperone::policy {

// A remark about a set of documents.
struct Finding {
  enum class Severity : uint8_t { kWarning, kError };
  Severity severity = Severity::kWarning;
  std::string policy;
  // Of a statement or mask; empty when the whole document is meant.
  std::string rule;
  // 1-based; 0 when there is none.
  int line = 0;
  // Stable: "shadowed-by-deny".
  std::string code;
  // What is odd and what to do about it.
  std::string message;
};

struct KnownGroup {
  std::string name;
  // How many people are in it; absent when not known.
  std::optional<int> members;
};

struct KnownRelation {
  std::string schema;
  std::string name;
  std::vector<std::string> columns;
};

struct KnownDatabase {
  std::string endpoint;
  std::string database;
  std::vector<KnownRelation> relations;
};

struct LintOptions {
  // Every group whose members may vote on approvals. Absent: not known, nothing is said about them.
  std::optional<std::vector<KnownGroup>> approver_groups;
  // Every connected database. Empty: not known.
  std::vector<KnownDatabase> databases;
  // How often one rule is compared with another at most; the default takes about a second.
  size_t comparisons_max = 5'000'000;
};

// Findings by policy and line. An error means that the bundle cannot work as written, a warning that it may not be
// meant so.
std::vector<Finding> Lint(const std::vector<std::shared_ptr<const Document>>& documents, const LintOptions& options);
// Without knowledge of the surroundings.
std::vector<Finding> Lint(const std::vector<std::shared_ptr<const Document>>& documents);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_LINT_H_
