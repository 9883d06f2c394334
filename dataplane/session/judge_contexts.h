// A loop's judge contexts: sessions for which the same holds share one, and with it what was judged.
//
// A context outlives its last session by a while. Agents come and go, some with a connection for each statement: the
// next one finds its statements judged and its detectors made.
#ifndef CHAPERONE_DATAPLANE_SESSION_JUDGE_CONTEXTS_H_
#define CHAPERONE_DATAPLANE_SESSION_JUDGE_CONTEXTS_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/policy/policy.h"
#include "api/sql/catalog.h"
#include "dataplane/masking/detector_cache.h"
#include "dataplane/masking/keyed_hash.h"
#include "dataplane/runtime/loop.h"
#include "dataplane/session/judgement.h"

namespace chaperone::session {

// The process's detectors. While one loop makes a detector, another that asks for any waits.
struct SharedDetectors {
  std::mutex mutex;
  // Guarded by mutex.
  masking::DetectorCache cache;
};

// Threading: the loop's.
class JudgeContexts {
 public:
  // Of those that no session uses, the last ones are kept, each for this long.
  static constexpr size_t kKeptMax = 16;
  static constexpr std::chrono::minutes kKeptFor{5};

  JudgeContexts(runtime::Loop& loop, SharedDetectors& detectors, const JudgeContext::Options& options);

  // What holds for a session.
  struct Basis {
    std::shared_ptr<const policy::View> view;
    std::shared_ptr<const sql::Catalog> catalog;
    uint64_t policy_revision = 0;
    const sql::SessionContext& names;
    const masking::DeploymentKey& masking_key;
  };
  std::shared_ptr<JudgeContext> For(const Basis& basis);

  // Policies have changed: keeps nothing of what was.
  void LetGo() { kept_.clear(); }
  // The same for a catalog that another one has replaced.
  void LetGoOf(const sql::Catalog* catalog);

 private:
  struct Kept {
    std::shared_ptr<JudgeContext> context;
    runtime::SteadyTime used_at;
  };
  std::shared_ptr<JudgeContext> Make(const Basis& basis) const;
  void Keep(const std::shared_ptr<JudgeContext>& context);
  void LetGoOfUnused();

  runtime::Loop& loop_;
  SharedDetectors& detectors_;
  const JudgeContext::Options options_;
  std::unordered_map<std::string, std::weak_ptr<JudgeContext>> known_;
  // From the longest unused.
  std::vector<Kept> kept_;
  runtime::Loop::Timer timer_;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_JUDGE_CONTEXTS_H_
