// Policy: YAML documents -> a compiled bundle; Facts + principal -> Verdict. Pure: no clock, no I/O (but for the tz
// database, which ParseDocument reads for time windows); both planes link it, so that the control plane simulates with
// the very evaluator that sidecars enforce with. Semantics: POLICY.md. More: lint.h (remarks), changes.h (differences
// in words).
//
// Threading: a Bundle and a View are immutable once made; share them freely.
#ifndef CHAPERONE_API_POLICY_POLICY_H_
#define CHAPERONE_API_POLICY_POLICY_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "api/sql/facts.h"

namespace chaperone::policy {

// Who asks. Mirrors chaperone.v1.Principal.
struct Principal {
  std::string issuer;
  std::string subject;
  std::vector<std::string> groups;
  std::string client;
  std::string human;
  std::string task;
};

// Where the statement would run.
struct Target {
  std::string endpoint;
  std::string database;
  // The sidecar's labels.
  std::map<std::string, std::string> labels;
};

enum class Decision : uint8_t { kAllow, kRequireApproval, kDeny };
// "allow", "require_approval", "deny".
std::string_view DecisionName(Decision decision);

struct ApprovalDemand {
  // Groups; a member of any one may vote.
  std::vector<std::string> approvers;
  int count = 1;
  std::chrono::seconds expires{900};
  bool estimate_blast_radius = false;
};

// The judgement of a whole message: the strictest over its statements and their needs.
struct Verdict {
  Decision decision = Decision::kDeny;
  // The policy and the id of the rule that decided; empty for the default deny.
  std::string policy;
  std::string rule;
  // The rule's reason, or words for the default deny.
  std::string reason;
  // The need that decided, as policy names it.
  std::string action;
  std::string resource;
  // What the agent may do instead; never empty for deny.
  std::string hint;
  // For require_approval: what all demanding rules ask together (the groups that every one of them names, the highest
  // count, the shortest expiry). Rules that have no group in common deny.
  ApprovalDemand approval;
  // Rows that the statement may change at most; enforced inside a transaction. Absent: no bound.
  std::optional<uint64_t> max_affected_rows;
  // "<policy>/<rule>" of the rule that set it.
  std::string max_affected_rows_rule;
  // Set when a policy with `mode: observe` applies: what the decision would be if it were enforced, by which rule and
  // why.
  std::optional<Decision> observed;
  std::string observed_policy;
  std::string observed_rule;
  std::string observed_reason;
  // When a time window opens or closes next, and the verdict has to be made again.
  std::optional<std::chrono::system_clock::time_point> valid_until;
};

enum class MaskMethod : uint8_t { kRedact, kNull, kHash, kKeepFirst, kKeepLast, kEmail, kDateTruncate, kRound, kFake };
enum class InPredicates : uint8_t { kDeny, kEquality, kAllow };

// "redact", "keep_last_4", "date_truncate_month", …, as documents write it.
std::string MaskMethodName(MaskMethod method, int64_t argument);

// A detector of the operator's own.
struct DetectorPattern {
  std::string name;
  // RE2 syntax; known to compile.
  std::string regex;

  bool operator==(const DetectorPattern&) const = default;
};

struct MaskingRule {
  std::string policy;
  std::string id;
  MaskMethod method = MaskMethod::kRedact;
  // keep_first_n, keep_last_n: n. round: the step. date_truncate: 0 year, 1 month, 2 day.
  int64_t argument = 0;
  InPredicates in_predicates = InPredicates::kDeny;
  // For kEquality: how many distinct values one principal may compare the column with.
  uint32_t equality_budget = 0;
  // Detector kinds (detector_kinds.h, groups resolved) and patterns, for a rule with `detect` or `patterns`; empty for
  // a rule with `columns`.
  std::vector<std::string> detect;
  std::vector<DetectorPattern> patterns;
};

// One step into a JSON value.
struct JsonStep {
  // A key; empty with `any`.
  std::string key;
  // `*`: every key of an object.
  bool any = false;

  bool operator==(const JsonStep&) const = default;
};

// A mask on a part of a JSON column. An array on the way stands for each of its elements.
struct JsonPathMask {
  std::vector<JsonStep> path;
  // Valid as long as the view.
  const MaskingRule* rule = nullptr;
};

// Totals; 0: no bound.
struct Quota {
  uint64_t rows = 0;
  uint64_t bytes = 0;
  uint64_t statements = 0;
  // Values of masked columns that were delivered: cells that a mask or detector changed.
  uint64_t masked_values = 0;

  bool operator==(const Quota&) const = default;
};

// Totals over any stretch of `window`.
struct WindowedQuota {
  std::chrono::seconds window{3600};
  Quota quota;

  bool operator==(const WindowedQuota&) const = default;
};

struct Limits {
  // 0: no bound.
  uint64_t rows_per_statement = 0;
  uint64_t bytes_per_statement = 0;
  uint64_t masked_values_per_statement = 0;
  std::chrono::milliseconds statement_timeout{0};
  // Sessions that one principal may have at a time.
  uint32_t sessions = 0;
  Quota per_session;
  // Over all sessions of the principal (issuer, subject), and of the task; all of them hold. One entry for each window,
  // the shortest first.
  std::vector<WindowedQuota> per_principal;
  std::vector<WindowedQuota> per_task;

  bool operator==(const Limits&) const = default;
};

struct RecordingOptions {
  enum class Results : uint8_t { kNone, kMasked };
  Results results = Results::kMasked;
  uint64_t rows_per_statement = 1000;
};

// How long each class may run on the last policy without the control plane.
struct Degraded {
  std::chrono::seconds read{3600};
  std::chrono::seconds write{0};
};

// The policies that apply to one principal on one target.
class View {
 public:
  virtual ~View() = default;

  // False when no policy grants anything here, be it under conditions or after approval: the session may not even
  // start. Policies that only deny, mask or limit do not count.
  virtual bool Applies() const = 0;
  // The names of the policies whose principals and databases match, sorted.
  virtual const std::vector<std::string>& policies() const = 0;
  // Judges a message: denies what nothing allows. `now` matters only for rules with time windows.
  virtual Verdict Judge(const sql::Facts& facts, std::chrono::system_clock::time_point now) const = 0;
  // What holds for a column, or null when it is not masked: the strictest method of all matching rules with the
  // strictest `in_predicates` of them all. Valid as long as the view.
  virtual const MaskingRule* MaskFor(std::string_view schema, std::string_view relation,
                                     std::string_view column) const = 0;
  // Masks on parts of a JSON column, in document order; empty when there are none. A mask on the whole column goes
  // before.
  virtual std::vector<JsonPathMask> JsonPathMasksFor(std::string_view schema, std::string_view relation,
                                                     std::string_view column) const = 0;
  // True when some column of that relation could be masked, in whole or in part; false is certain. `*.*.ssn` makes it
  // true for every relation: ask MaskFor about the columns that there are.
  virtual bool MasksRelation(std::string_view schema, std::string_view relation) const = 0;
  // False when there is no mask and no detector: then no value has to be hidden, wherever it comes from.
  virtual bool MasksAnything() const = 0;
  // Rules with `detect` or `patterns`, in document order. All of them apply to a value whose relation is not known.
  virtual const std::vector<MaskingRule>& detectors() const = 0;
  // Those that look at values of this relation (`tables`).
  virtual std::vector<const MaskingRule*> DetectorsFor(std::string_view schema, std::string_view relation) const = 0;
  // The tightest of all applying policies.
  virtual const Limits& limits() const = 0;
  virtual const RecordingOptions& recording() const = 0;
  virtual const Degraded& degraded() const = 0;
};

// One YAML document as read. Opaque outside this folder but for its name.
struct Document;

// Reads one document. Errors: InvalidArgument "<file>:<line>: …" for syntax, unknown keys (with the nearest known key),
// wrong types, values out of range.
absl::StatusOr<std::shared_ptr<const Document>> ParseDocument(std::string_view yaml, std::string_view file_name);
const std::string& DocumentName(const Document& document);

// A set of policies that is enforced together.
class Bundle {
 public:
  virtual ~Bundle() = default;

  // Errors: InvalidArgument when two documents share a name or a document cannot be compiled.
  static absl::StatusOr<std::shared_ptr<const Bundle>> Compile(
      const std::vector<std::shared_ptr<const Document>>& documents, uint64_t revision);

  virtual uint64_t revision() const = 0;
  // Never null; cheap enough for each session, not for each statement.
  virtual std::shared_ptr<const View> ViewFor(const Principal& principal, const Target& target) const = 0;
};

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_POLICY_H_
