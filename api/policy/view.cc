#include "api/policy/view.h"

#include <algorithm>
#include <utility>

namespace chaperone::policy {

namespace {

std::vector<const MaskingEntry*> MaskingOf(const std::vector<std::shared_ptr<const Document>>& documents) {
  std::vector<const MaskingEntry*> entries;
  for (const auto& document : documents) {
    for (const MaskingEntry& entry : document->masking) {
      entries.push_back(&entry);
    }
  }
  return entries;
}

}  // namespace

CompiledView::CompiledView(ViewParts parts)
    : parts_(std::move(parts)),
      index_(parts_.rules),
      masks_(MaskingOf(parts_.documents)),
      limits_(CombineLimits(parts_.documents)),
      recording_(CombineRecording(parts_.documents)),
      degraded_(CombineDegraded(parts_.documents)) {
  for (const auto& document : parts_.documents) {
    policies_.push_back(document->name);
  }
  for (const ViewRule& rule : parts_.rules) {
    const bool grants = rule.rule->effect != Decision::kDeny;
    has_observed_rules_ |= rule.observe;
    if (!grants && !rule.observe && !rule.conditional) {
      bans_.push_back(&rule);
    }
    (rule.observe ? observed_grants_ : enforced_grants_) |= grants;
  }
}

}  // namespace chaperone::policy
