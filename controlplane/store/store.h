// The store port: a small transactional key-value store, the only thing of the control plane that survives a restart.
// FORMAT.md says which families there are and what stands in them.
//
// A WriteBatch is all or nothing, durable once its commit is OK, and may carry preconditions that are checked against
// the state it is applied to. Commits of many callers share one sync of the log (commit_queue.h).
//
// Threading: every function may be called from any thread.
#ifndef CHAPERONE_CONTROLPLANE_STORE_STORE_H_
#define CHAPERONE_CONTROLPLANE_STORE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"

namespace chaperone::store {

// Column families. The numbers are of this process only; on disk they go by name.
enum class Family : uint8_t {
  kMeta,
  kPolicies,
  kRevisions,
  kApprovals,
  kApprovalDigests,
  kSessions,
  kLiveSessions,
  kChunks,
  kSpools,
  kSpoolSessions,
  kRevocations,
  kIssuers,
  kSidecars,
  kAudit,
};
inline constexpr size_t kFamilies = static_cast<size_t>(Family::kAudit) + 1;

// The family's name on disk, e.g. "approval_digests".
std::string_view FamilyName(Family family);

struct Entry {
  std::string key;
  std::string value;
};

// Keys in [begin, end), in byte order; an empty `end` has no bound.
struct ScanRange {
  Family family = Family::kMeta;
  std::string begin;
  std::string end;
  // From the last key down.
  bool reverse = false;
  size_t limit = 1000;
  // Stops after the entry that reaches this many bytes of values.
  size_t value_bytes_max = 32 << 20;
};

// All keys that start with `prefix`.
ScanRange Prefix(Family family, std::string_view prefix);

// The first key after every key that starts with `prefix`; empty when there is none.
std::string PrefixEnd(std::string_view prefix);

// Changes and what must hold for them.
class WriteBatch {
 public:
  struct Change {
    Family family;
    std::string key;
    // Absent: delete.
    std::optional<std::string> value;
  };
  struct Precondition {
    Family family;
    std::string key;
    // Absent: the key must not exist.
    std::optional<std::string> value;
  };

  void Put(Family family, std::string key, std::string value);
  void Delete(Family family, std::string key);
  void RequireAbsent(Family family, std::string key);
  void RequireValue(Family family, std::string key, std::string value);
  // RequireAbsent or RequireValue, as `value` is: "as I read it".
  void Require(Family family, std::string key, std::optional<std::string> value);

  const std::vector<Change>& changes() const { return changes_; }
  const std::vector<Precondition>& preconditions() const { return preconditions_; }
  // Of all keys and values.
  size_t bytes() const { return bytes_; }

 private:
  std::vector<Change> changes_;
  std::vector<Precondition> preconditions_;
  size_t bytes_ = 0;
};

// Told the fate of a batch, on the store's commit thread, in the order of the commits. Must be quick; may call
// CommitAsync, never Commit.
using CommitCallback = std::function<void(const absl::Status&)>;

class Store {
 public:
  virtual ~Store() = default;

  // The value of a key, if it exists. Errors: Unavailable or DataLoss when the medium fails.
  virtual absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const = 0;

  // Errors: as Get.
  virtual absl::StatusOr<std::vector<Entry>> Scan(const ScanRange& range) const = 0;

  // Queues a batch; blocks only while the queue is full. `done` gets OK when the batch is applied and durable; Aborted
  // when a precondition does not hold (nothing is applied: read again and retry); Unavailable when the medium fails or
  // the store is closing (nothing is applied as far as readers of this process see; a crash may still bring it to
  // light).
  virtual void CommitAsync(WriteBatch batch, CommitCallback done) = 0;

  // CommitAsync, and waits for the outcome. `on_commit` runs before it returns, in commit order, only after success.
  absl::Status Commit(WriteBatch batch, std::function<void()> on_commit = {});
};

}  // namespace chaperone::store

#endif  // CHAPERONE_CONTROLPLANE_STORE_STORE_H_
