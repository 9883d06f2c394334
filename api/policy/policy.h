// Policy: YAML documents -> a compiled bundle; Facts + principal -> Verdict. Pure: no clock, no I/O; both planes link
// it, so that the control plane simulates with the very evaluator that sidecars enforce with. Semantics: POLICY.md.
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
  // For require_approval: what the strictest of all demanding rules asks.
  ApprovalDemand approval;
  // Rows that the statement may change at most; enforced inside a transaction. Absent: no bound.
  std::optional<uint64_t> max_affected_rows;
  // The decision is only recorded (mode: observe): what it would have been.
  std::optional<Decision> observed;
  // When a time window opens or closes next, and the verdict has to be made again.
  std::optional<std::chrono::system_clock::time_point> valid_until;
};

enum class MaskMethod : uint8_t { kRedact, kNull, kHash, kKeepFirst, kKeepLast, kEmail, kDateTruncate, kRound, kFake };
enum class InPredicates : uint8_t { kDeny, kEquality, kAllow };

struct MaskingRule {
  std::string policy;
  std::string id;
  MaskMethod method = MaskMethod::kRedact;
  // keep_first_n, keep_last_n: n. round: the step. date_truncate: 0 year, 1 month, 2 day.
  int64_t argument = 0;
  InPredicates in_predicates = InPredicates::kDeny;
  // Detector kinds, for a rule with `detect`; empty for a rule with `columns`.
  std::vector<std::string> detect;
};

struct Limits {
  // 0: no bound.
  uint64_t rows_per_statement = 0;
  uint64_t bytes_per_statement = 0;
  std::chrono::milliseconds statement_timeout{0};
  uint32_t sessions = 0;
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

  // False when no policy applies: the session may not even start.
  virtual bool Applies() const = 0;
  // Judges a message. `now` matters only for rules with time windows.
  virtual Verdict Judge(const sql::Facts& facts, std::chrono::system_clock::time_point now) const = 0;
  // The strictest masking rule for a column, or null. Valid as long as the view.
  virtual const MaskingRule* MaskFor(std::string_view schema, std::string_view relation,
                                     std::string_view column) const = 0;
  // True when any column of the relation is masked.
  virtual bool MasksRelation(std::string_view schema, std::string_view relation) const = 0;
  // Rules with `detect`, in document order.
  virtual const std::vector<MaskingRule>& detectors() const = 0;
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

// A remark about a set of documents.
struct Finding {
  enum class Severity : uint8_t { kWarning, kError };
  Severity severity = Severity::kWarning;
  std::string policy;
  std::string rule;
  int line = 0;
  std::string code;
  std::string message;
};

// What is odd about the documents as a set, without knowledge of any database.
std::vector<Finding> Lint(const std::vector<std::shared_ptr<const Document>>& documents);

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_POLICY_H_
