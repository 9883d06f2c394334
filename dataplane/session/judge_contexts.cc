#include "dataplane/session/judge_contexts.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace chaperone::session {

namespace {

// Entries whose context is gone are swept out when the map has grown to this.
constexpr size_t kSweepAt = 256;
constexpr std::chrono::minutes kLookEvery{1};

void AppendField(std::string_view field, std::string* key) {
  key->append(std::to_string(field.size())).append(":").append(field);
}

// A context keeps its view and catalog alive, so their addresses name them for as long as it lives.
std::string KeyFor(const JudgeContexts::Basis& basis) {
  std::string key =
      fmt::format("{} {} {} ", fmt::ptr(basis.view.get()), fmt::ptr(basis.catalog.get()), basis.policy_revision);
  AppendField(basis.names.role, &key);
  AppendField(basis.names.temp_schema, &key);
  for (const std::string& schema : basis.names.search_path) {
    AppendField(schema, &key);
  }
  return key;
}

}  // namespace

JudgeContexts::JudgeContexts(runtime::Loop& loop, SharedDetectors& detectors, const JudgeContext::Options& options)
    : loop_(loop), detectors_(detectors), options_(options), timer_(loop, [this] { LetGoOfUnused(); }) {}

std::shared_ptr<JudgeContext> JudgeContexts::For(const Basis& basis) {
  std::weak_ptr<JudgeContext>& known = known_[KeyFor(basis)];
  std::shared_ptr<JudgeContext> context = known.lock();
  if (context == nullptr) {
    context = Make(basis);
    known = context;
    if (known_.size() >= kSweepAt) {
      std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    }
  }
  // One whose detectors could not be made refuses results: the next session tries again.
  if (context->search() != nullptr || basis.view->detectors().empty()) {
    Keep(context);
  }
  return context;
}

std::shared_ptr<JudgeContext> JudgeContexts::Make(const Basis& basis) const {
  absl::StatusOr<std::shared_ptr<const masking::SearchRules>> search;
  {
    const std::lock_guard lock(detectors_.mutex);
    search = masking::SearchRules::Make(*basis.view, basis.masking_key, &detectors_.cache);
  }
  if (!search.ok()) {
    // Results are refused then: see masking/result.h.
    spdlog::error("the policy's detectors cannot be made: {}", base::Message(search.status()));
    search = nullptr;
  }
  return std::make_shared<JudgeContext>(JudgeBasis{basis.view, basis.catalog, *std::move(search)},
                                        basis.policy_revision, basis.names, options_);
}

void JudgeContexts::Keep(const std::shared_ptr<JudgeContext>& context) {
  const auto found =
      std::find_if(kept_.begin(), kept_.end(), [&context](const Kept& kept) { return kept.context == context; });
  if (found != kept_.end()) {
    kept_.erase(found);
  } else if (kept_.size() == kKeptMax) {
    kept_.erase(kept_.begin());
  }
  kept_.push_back({context, loop_.clock().Steady()});
  if (!timer_.armed()) {
    timer_.ArmAfter(kLookEvery);
  }
}

void JudgeContexts::LetGoOf(const sql::Catalog* catalog) {
  std::erase_if(kept_, [catalog](const Kept& kept) { return &kept.context->catalog() == catalog; });
}

void JudgeContexts::LetGoOfUnused() {
  const runtime::SteadyTime now = loop_.clock().Steady();
  for (Kept& kept : kept_) {
    if (kept.context.use_count() > 1) {
      kept.used_at = now;
    }
  }
  std::erase_if(kept_, [now](const Kept& kept) { return now - kept.used_at >= kKeptFor; });
  if (!kept_.empty()) {
    timer_.ArmAfter(kLookEvery);
  }
}

}  // namespace chaperone::session
