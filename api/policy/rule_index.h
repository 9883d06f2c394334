// Finds the statement rules that are about a need without trying each rule: by action, then by the parts of the
// resource. What it finds is what RuleMatches (rule_match.h) defines, before `except` and `where`.
//
// Built once per view, then immutable but for its memo, and shared by threads.
#ifndef CHAPERONE_API_POLICY_RULE_INDEX_H_
#define CHAPERONE_API_POLICY_RULE_INDEX_H_

#include <absl/container/inlined_vector.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "api/policy/document.h"
#include "api/policy/glob_map.h"
#include "api/policy/rule_memo.h"
#include "api/sql/facts.h"

namespace chaperone::policy {

// A statement rule of a view. Its place in the view's list is its precedence when several say the same.
struct ViewRule {
  const Document* document = nullptr;
  const StatementRule* rule = nullptr;
  bool observe = false;
  // Whether it holds depends on more than action and resource.
  bool conditional = false;
};

using RuleNumbers = absl::InlinedVector<uint32_t, 16>;

// Rules with a pattern in common, by precedence, without those that cannot matter: behind an unconditional deny no
// further deny does, and behind an unconditional allow no further allow does unless it bounds rows.
class RuleList {
 public:
  // REQUIRES: numbers ascend.
  void Add(uint32_t number, const ViewRule& rule);
  void AppendTo(RuleNumbers* out) const { out->insert(out->end(), numbers_.begin(), numbers_.end()); }

 private:
  std::vector<uint32_t> numbers_;
  // Bit per (effect, observe) with an unconditional rule in the list.
  uint8_t settled_ = 0;
};

class RuleIndex {
 public:
  // `rules` must outlive the index.
  explicit RuleIndex(const std::vector<ViewRule>& rules);

  // The numbers of the rules whose action and resources match, ascending, without repeats. Valid as long as the index
  // and `scratch`.
  std::span<const uint32_t> Find(const sql::Need& need, RuleNumbers* scratch) const;

 private:
  // Rules with patterns schema.name whose schema part is the same glob.
  struct SchemaRules {
    GlobMap<RuleList> names;
    // Those of all names that restrict.
    RuleList restricting;
  };
  struct ActionRules {
    // The lone `*`.
    RuleList any;
    GlobMap<SchemaRules> qualified;
    // Filled for actions whose resources may be single names.
    GlobMap<RuleList> flat;
    GlobMap<RuleList> settings;
    // Rules that restrict, with a pattern schema.name; and with whatever pattern.
    RuleList restricting_qualified;
    RuleList restricting;
  };

  static void Add(uint32_t number, const ViewRule& rule, const ResourcePattern& pattern, sql::Action action,
                  ActionRules* out);
  static void FindQualified(const ActionRules& rules, std::string_view schema, std::string_view name, RuleNumbers* out);
  // Appends; unordered, with repeats.
  void Collect(const sql::Need& need, RuleNumbers* out) const;
  void FindOneByOne(const sql::Need& need, RuleNumbers* out) const;

  const std::vector<ViewRule>& rules_;
  std::array<ActionRules, sql::kActionCount> by_action_;
  RuleMemo memo_;
};

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_RULE_INDEX_H_
