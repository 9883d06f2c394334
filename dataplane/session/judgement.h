// The judgement of a text: what it would do, whether it may, and how its results are masked. Made once for each text
// and context, then shared.
//
// A context is everything besides the text that a judgement depends on: principal and policy revision (the view),
// database and catalog version, role and search_path. When any of it changes the session gets another context, and
// every text is judged anew; nothing is ever carried over.
#ifndef CHAPERONE_DATAPLANE_SESSION_JUDGEMENT_H_
#define CHAPERONE_DATAPLANE_SESSION_JUDGEMENT_H_

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/base/prefetch.h"
#include "api/judgement/judge.h"
#include "api/policy/policy.h"
#include "api/sql/analyze.h"
#include "api/sql/catalog.h"
#include "dataplane/masking/search.h"
#include "dataplane/session/counted.h"

namespace chaperone::session {

// What a judgement was made from; it lives as long as any judgement that points into it.
struct JudgeBasis {
  std::shared_ptr<const policy::View> view;
  std::shared_ptr<const sql::Catalog> catalog;
  // Null when the view detects nothing, or its detectors could not be made.
  std::shared_ptr<const masking::SearchRules> search;
};

struct Judged;

// A judgement that will probably be asked for: its memory is asked for while the message is read. For that alone: it
// may be gone.
struct JudgedHint {
  const Judged* judged = nullptr;
  const sql::Statement* facts = nullptr;
  const char* text = nullptr;

  static JudgedHint Of(const Judged& judged);
  void Prefetch() const;
};

// Threading: one loop, references to it too.
struct Judged : judgement::Judgement, Counted<Judged> {
  std::shared_ptr<const JudgeBasis> basis;
  // Identifies the text for the recorder; never repeats within the process.
  uint64_t key = 0;
  std::string text;
  // Types of its parameters as the Parse message declares them; empty when it declares none.
  std::vector<uint32_t> parameter_types;
  // What the cache finds it by: the text and those types; empty when the text will do.
  std::string typed_key;
  // The revision of the policies that judged it.
  uint64_t policy_revision = 0;
  // Sums over the statements.
  bool is_barrier = false;
  // Some statement is judged by names that something before it in the same text may change (sql::Statement).
  bool is_behind_possible_rename = false;
  bool has_session_objects = false;
  bool copies_in = false;
  bool touches_masked = false;
  bool changes_rows = false;
  bool has_probes = false;
  bool writes_masked = false;
  // Does anything but reading, for `degraded`.
  bool is_write = false;
  // Counts in quotas: the end of a transaction is not refused, whatever is used up.
  bool is_charged = false;
  // Allowed whatever its parameters are, without a bound and without a look at the session's names: only what is
  // measured in time and quotas can keep it from running.
  bool is_plain = false;
  // What some session parsed after it, the last time.
  mutable JudgedHint follower;
};
using JudgedPtr = Ref<const Judged>;

inline JudgedHint JudgedHint::Of(const Judged& judged) {
  return {&judged, judged.facts.statements.data(), judged.text.data()};
}

inline void JudgedHint::Prefetch() const {
  base::PrefetchObject(judged);
  base::PrefetchObject(facts);
  if (text != nullptr) {  // as much of it as most statements have
    base::Prefetch(text, text + 2 * base::kCacheLineBytes);
  }
}

// Threading: one loop.
class JudgeContext {
 public:
  struct Options {
    // Texts, with what is known of them, that are kept for the next time.
    size_t cache_entries_max = 1024;
    size_t cache_text_bytes_max = 1 << 20;
    size_t statement_bytes_max = judgement::kTextBytesMax;
  };

  JudgeContext(JudgeBasis basis, uint64_t policy_revision, sql::SessionContext names, const Options& options);

  // The judgement of `text` at `now`. Never fails: what cannot be understood is denied.
  // Declared types of parameters decide which functions and operators a text calls, and so are part of what is judged.
  JudgedPtr Judge(std::string_view text, const std::vector<uint32_t>& parameter_types,
                  std::chrono::system_clock::time_point now);

  // Differs between contexts of the process.
  uint64_t id() const { return id_; }
  const policy::View& view() const { return *basis_->view; }
  const sql::Catalog& catalog() const { return *basis_->catalog; }
  const sql::SessionContext& names() const { return names_; }
  const masking::SearchRules* search() const { return basis_->search.get(); }
  uint64_t policy_revision() const { return policy_revision_; }

  // Judgements made since it was created, and of these found in the cache.
  uint64_t lookups() const { return lookups_; }
  uint64_t hits() const { return hits_; }

 private:
  struct Entry {
    JudgedPtr judged;
    std::list<std::string_view>::iterator age;
    // The lookup that moved it to the end of `ages_`.
    uint64_t moved_at = 0;
  };
  JudgedPtr Make(std::string_view text, const std::vector<uint32_t>& parameter_types, std::string_view key,
                 std::chrono::system_clock::time_point now) const;
  void Remember(const JudgedPtr& judged);

  const uint64_t id_;
  const std::shared_ptr<const JudgeBasis> basis_;
  const uint64_t policy_revision_;
  const sql::SessionContext names_;
  const Options options_;
  // Keys are views of the judgements' own texts or typed keys; the list is ordered from the longest unused,
  // within a few lookups.
  std::unordered_map<std::string_view, Entry> cache_;
  std::list<std::string_view> ages_;
  size_t cached_text_bytes_ = 0;
  // Kept for its memory.
  std::string typed_key_;
  uint64_t lookups_ = 0;
  uint64_t hits_ = 0;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_JUDGEMENT_H_
