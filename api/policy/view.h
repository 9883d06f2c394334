// The compiled View: the rules that one kind of session meets, indexed. Sessions for whom the same rules hold share
// one.
#ifndef CHAPERONE_API_POLICY_VIEW_H_
#define CHAPERONE_API_POLICY_VIEW_H_

#include <memory>
#include <string_view>
#include <vector>

#include "api/policy/document.h"
#include "api/policy/mask_index.h"
#include "api/policy/policy.h"
#include "api/policy/rule_index.h"

namespace chaperone::policy {

// What a view is made of. Documents by name, rules in the order of their documents; only what holds for the session.
struct ViewParts {
  std::vector<std::shared_ptr<const Document>> documents;
  std::vector<ViewRule> rules;
};

class CompiledView final : public View {
 public:
  explicit CompiledView(ViewParts parts);

  bool Applies() const override { return enforced_grants_ || observed_grants_; }
  const std::vector<std::string>& policies() const override { return policies_; }
  Verdict Judge(const sql::Facts& facts, std::chrono::system_clock::time_point now) const override;
  const MaskingRule* MaskFor(std::string_view schema, std::string_view relation,
                             std::string_view column) const override {
    return masks_.MaskFor(schema, relation, column);
  }
  std::vector<JsonPathMask> JsonPathMasksFor(std::string_view schema, std::string_view relation,
                                             std::string_view column) const override {
    return masks_.JsonPathMasksFor(schema, relation, column);
  }
  bool MasksRelation(std::string_view schema, std::string_view relation) const override {
    return masks_.MasksRelation(schema, relation);
  }
  bool MasksAnything() const override { return masks_.has_masks() || !masks_.detectors().empty(); }
  const std::vector<MaskingRule>& detectors() const override { return masks_.detectors(); }
  std::vector<const MaskingRule*> DetectorsFor(std::string_view schema, std::string_view relation) const override {
    return masks_.DetectorsFor(schema, relation);
  }
  const Limits& limits() const override { return limits_; }
  const RecordingOptions& recording() const override { return recording_; }
  const Degraded& degraded() const override { return degraded_; }

  // For the evaluator and its hints.
  const std::vector<ViewRule>& rules() const { return parts_.rules; }
  const RuleIndex& index() const { return index_; }
  // Enforced rules that deny always, wherever they reach.
  const std::vector<const ViewRule*>& bans() const { return bans_; }
  bool has_observed_rules() const { return has_observed_rules_; }
  // An enforced policy grants something here: then what nothing allows is denied. Otherwise, with observed policies
  // only, it is let through and recorded.
  bool enforced_grants() const { return enforced_grants_; }

 private:
  ViewParts parts_;
  std::vector<std::string> policies_;
  RuleIndex index_;
  MaskIndex masks_;
  Limits limits_;
  RecordingOptions recording_;
  Degraded degraded_;
  std::vector<const ViewRule*> bans_;
  bool has_observed_rules_ = false;
  bool enforced_grants_ = false;
  bool observed_grants_ = false;
};

// The combined settings of documents: see "How policies combine" in POLICY.md.
Limits CombineLimits(const std::vector<std::shared_ptr<const Document>>& documents);
RecordingOptions CombineRecording(const std::vector<std::shared_ptr<const Document>>& documents);
Degraded CombineDegraded(const std::vector<std::shared_ptr<const Document>>& documents);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_VIEW_H_
