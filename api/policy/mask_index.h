// The masking rules of a view, found by column. Built once, then immutable but for a cache of merged rules behind a
// lock.
#ifndef CHAPERONE_API_POLICY_MASK_INDEX_H_
#define CHAPERONE_API_POLICY_MASK_INDEX_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

#include "api/base/mutex.h"
#include "api/policy/document.h"
#include "api/policy/glob_map.h"

namespace chaperone::policy {

// Whether an exception takes a column out of what a pattern names. A path is spared only by an exception for the whole
// column or for exactly that path.
bool Spares(const ColumnPattern& except, const ColumnPattern& pattern, std::string_view schema,
            std::string_view relation, std::string_view column);

class MaskIndex {
 public:
  // `entries` by precedence; they must outlive the index.
  explicit MaskIndex(std::vector<const MaskingEntry*> entries);

  // See View, which these serve.
  const MaskingRule* MaskFor(std::string_view schema, std::string_view relation, std::string_view column) const;
  std::vector<JsonPathMask> JsonPathMasksFor(std::string_view schema, std::string_view relation,
                                             std::string_view column) const;
  bool MasksRelation(std::string_view schema, std::string_view relation) const;
  // Some mask names columns.
  bool has_masks() const { return has_masks_; }
  const std::vector<MaskingRule>& detectors() const { return detectors_; }
  std::vector<const MaskingRule*> DetectorsFor(std::string_view schema, std::string_view relation) const;

 private:
  struct Ref {
    const MaskingEntry* entry = nullptr;
    const ColumnPattern* pattern = nullptr;
  };
  using Columns = GlobMap<std::vector<Ref>>;
  using Tables = GlobMap<Columns>;

  // Refs whose pattern matches and that no `except` spares, by precedence.
  std::vector<Ref> Find(std::string_view schema, std::string_view relation, std::string_view column) const;
  const MaskingRule* Merge(const std::vector<const MaskingRule*>& rules) const;

  GlobMap<Tables> schemas_;
  bool has_masks_ = false;
  std::vector<const MaskingEntry*> detector_entries_;
  std::vector<MaskingRule> detectors_;

  // (rule of the method, predicates, budget) -> the merged rule. As many entries at most as rules times choices.
  using MergedKey = std::tuple<const MaskingRule*, InPredicates, uint32_t>;
  mutable base::Mutex mutex_;
  mutable std::map<MergedKey, std::unique_ptr<const MaskingRule>> merged_;  // guarded by mutex_
};

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_MASK_INDEX_H_
