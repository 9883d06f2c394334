#include <algorithm>
#include <map>
#include <utility>

#include "api/base/mutex.h"
#include "api/policy/view.h"

namespace chaperone::policy {

namespace {

// Views that no session holds any more are dropped when the table has grown to this size.
constexpr size_t kViewsMin = 64;

struct BundledDocument {
  std::shared_ptr<const Document> document;
  // Rules whose conditions hold or fail for a session as a whole.
  std::vector<const StatementRule*> session_rules;
};

class CompiledBundle final : public Bundle {
 public:
  // `documents` by name.
  CompiledBundle(const std::vector<std::shared_ptr<const Document>>& documents, uint64_t revision);

  uint64_t revision() const override { return revision_; }
  std::shared_ptr<const View> ViewFor(const Principal& principal, const Target& target) const override;

 private:
  // Names the set of rules that hold: equal keys, equal views.
  std::string KeyFor(const Principal& principal, const Target& target) const;

  std::vector<BundledDocument> documents_;
  const uint64_t revision_;

  // What rules hold -> the view of just those rules.
  mutable base::Mutex mutex_;
  mutable std::map<std::string, std::weak_ptr<const View>, std::less<>> views_;  // guarded by mutex_
  mutable size_t sweep_at_ = kViewsMin;                                          // guarded by mutex_
};

CompiledBundle::CompiledBundle(const std::vector<std::shared_ptr<const Document>>& documents, uint64_t revision)
    : revision_(revision) {
  for (const auto& document : documents) {
    BundledDocument& bundled = documents_.emplace_back(BundledDocument{document, {}});
    for (const StatementRule& rule : document->statements) {
      if (rule.when.HasSessionPart()) {
        bundled.session_rules.push_back(&rule);
      }
    }
  }
}

std::string CompiledBundle::KeyFor(const Principal& principal, const Target& target) const {
  std::string key;
  for (const BundledDocument& bundled : documents_) {
    if (!bundled.document->AppliesTo(principal, target)) {
      continue;
    }
    key += bundled.document->name;
    key.push_back(':');
    for (const StatementRule* rule : bundled.session_rules) {
      key.push_back(rule->when.SessionPartHolds(principal, target) ? '1' : '0');
    }
    key.push_back(';');
  }
  return key;
}

ViewParts PartsFor(const std::vector<BundledDocument>& documents, const Principal& principal, const Target& target) {
  ViewParts parts;
  for (const BundledDocument& bundled : documents) {
    const Document& document = *bundled.document;
    if (!document.AppliesTo(principal, target)) {
      continue;
    }
    parts.documents.push_back(bundled.document);
    for (const StatementRule& rule : document.statements) {
      const Conditions& when = rule.when;
      if (when.HasSessionPart() && !when.SessionPartHolds(principal, target)) {
        continue;
      }
      const bool conditional = when.where != WhereCondition::kAny || when.time.has_value() ||
                               when.max_affected_rows.has_value() || !rule.except.empty();
      parts.rules.push_back(ViewRule{&document, &rule, document.mode == Mode::kObserve, conditional});
    }
  }
  return parts;
}

std::shared_ptr<const View> CompiledBundle::ViewFor(const Principal& principal, const Target& target) const {
  std::string key = KeyFor(principal, target);
  const base::MutexLock lock(mutex_);
  if (const auto found = views_.find(key); found != views_.end()) {
    if (std::shared_ptr<const View> view = found->second.lock()) {
      return view;
    }
  }
  if (views_.size() >= sweep_at_) {
    std::erase_if(views_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max(kViewsMin, views_.size() * 2);
  }
  auto view = std::make_shared<const CompiledView>(PartsFor(documents_, principal, target));
  views_[std::move(key)] = view;
  return view;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Bundle>> Bundle::Compile(
    const std::vector<std::shared_ptr<const Document>>& documents, uint64_t revision) {
  std::vector<std::shared_ptr<const Document>> sorted = documents;
  if (std::find(sorted.begin(), sorted.end(), nullptr) != sorted.end()) {
    return base::InvalidArgument("a policy document is missing from the bundle");
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
  const auto twice =
      std::adjacent_find(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a->name == b->name; });
  if (twice != sorted.end()) {
    return base::InvalidArgument("two documents share the name \"{}\" ({} and {}); names must be unique in a bundle",
                                 (*twice)->name, (*twice)->file_name, (*std::next(twice))->file_name);
  }
  return std::make_shared<const CompiledBundle>(sorted, revision);
}

}  // namespace chaperone::policy
