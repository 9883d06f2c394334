// A policy document as read: every field of the YAML with the line it stood on. Seen by the compiler, the linter and
// the comparer of this folder only; everybody else holds it as an opaque pointer (policy.h).
#ifndef CHAPERONE_API_POLICY_DOCUMENT_H_
#define CHAPERONE_API_POLICY_DOCUMENT_H_

#include <bitset>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/policy/glob.h"
#include "api/policy/pattern.h"
#include "api/policy/policy.h"
#include "api/policy/time_window.h"
#include "api/sql/facts.h"

namespace chaperone::policy {

// How long lists may be, and words.
inline constexpr size_t kListItemsMax = 2000;
inline constexpr size_t kWordsBytesMax = 500;
inline constexpr size_t kNameBytesMax = 63;

using ActionSet = std::bitset<sql::kActionCount>;

// A demand on one attribute of the principal.
struct AttributeMatch {
  enum class Kind : uint8_t { kAny, kPresent, kAbsent, kGlobs };
  Kind kind = Kind::kAny;
  std::vector<Glob> globs;
  // As written, for comparison and messages.
  std::string text;

  // An absent attribute is the empty string; no glob matches it.
  bool Matches(std::string_view value) const;
};

// One entry of `principals`. All that is set must match.
struct PrincipalEntry {
  int line = 0;
  AttributeMatch issuer;
  AttributeMatch subject;
  AttributeMatch groups;
  AttributeMatch client;
  AttributeMatch human;
  AttributeMatch task;

  bool Matches(const Principal& principal) const;
};

enum class WhereCondition : uint8_t { kAny, kAbsent, kPresent };

struct LabelMatch {
  std::string name;
  Glob value;
  std::string text;
};

// `when` of a statement rule.
struct Conditions {
  WhereCondition where = WhereCondition::kAny;
  std::optional<uint64_t> max_affected_rows;
  std::optional<TimeWindow> time;
  std::vector<LabelMatch> labels;
  AttributeMatch client;
  AttributeMatch human;
  AttributeMatch task;

  // What holds for a whole session: labels, client, human, task.
  bool HasSessionPart() const;
  bool SessionPartHolds(const Principal& principal, const Target& target) const;
};

// One entry of `statements`.
struct StatementRule {
  std::string id;
  int line = 0;
  Decision effect = Decision::kDeny;
  // `*` is resolved: all but unknown, and for deny unknown as well.
  ActionSet actions;
  // As written, for comparison and messages.
  std::string actions_text;
  std::vector<ResourcePattern> resources;
  std::vector<ResourcePattern> except;
  std::string reason;
  std::string hint;
  Conditions when;
  ApprovalDemand approval;
};

// One entry of `masking`.
struct MaskingEntry {
  MaskingRule rule;
  int line = 0;
  std::string method_text;
  std::vector<ColumnPattern> columns;
  std::vector<ColumnPattern> except;
  // `detect` as written, before groups are resolved.
  std::vector<std::string> detect_text;
  // Where detectors look; empty: everywhere.
  std::vector<ResourcePattern> tables;
};

// What a document says about a session's bounds; absent is not the same as the default, since documents combine.
struct SessionSettings {
  Limits limits;
  std::optional<RecordingOptions::Results> recording_results;
  std::optional<uint64_t> recording_rows;
  std::optional<std::chrono::seconds> degraded_read;
  std::optional<std::chrono::seconds> degraded_write;
  int limits_line = 0;
  int recording_line = 0;
  int degraded_line = 0;
};

enum class Mode : uint8_t { kEnforce, kObserve };

struct Document {
  std::string name;
  std::string description;
  std::string file_name;
  Mode mode = Mode::kEnforce;
  int mode_line = 0;
  std::vector<PrincipalEntry> principals;
  std::vector<DatabasePattern> databases;
  int databases_line = 0;
  std::vector<StatementRule> statements;
  std::vector<MaskingEntry> masking;
  SessionSettings settings;

  bool AppliesTo(const Principal& principal, const Target& target) const;
};

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_DOCUMENT_H_
