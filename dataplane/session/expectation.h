// What the server still owes: one entry for each message that was sent to it and that it answers, in order. PostgreSQL
// answers strictly in order, so the front entry says what an arriving message belongs to.
#ifndef CHAPERONE_DATAPLANE_SESSION_EXPECTATION_H_
#define CHAPERONE_DATAPLANE_SESSION_EXPECTATION_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/base/prefetch.h"
#include "dataplane/session/names.h"
#include "dataplane/session/run.h"
#include "dataplane/wire/postgres/error.h"

namespace chaperone::session {

struct Expectation {
  enum class Kind : uint8_t {
    kQuery,
    kParse,
    kBind,
    kDescribeStatement,
    kDescribePortal,
    kExecute,
    kClose,
    kSync,
    // FunctionCall, always substituted.
    kFunctionCall,
    // Ours, after a COPY FROM STDIN that failed: finds out which of the client's Syncs the server has answered.
    kResync,
  };

  Kind kind = Kind::kQuery;
  // Ours: the client knows nothing of it and gets none of its answers.
  bool injected = false;
  // The client has got an error in place of its answers already.
  bool suppressed = false;
  // And it does not even wait for the ReadyForQuery, since it waits for that of a Sync behind.
  bool skipped = false;
  // What becomes of the server's error. Apart, since few have any: an entry is a line of the cache.
  struct Errors {
    // The message was replaced by one that is bound to fail; its error becomes this one.
    std::unique_ptr<wire::postgres::ErrorMessage> denial;
    // The text was cut before a statement that names what does not exist; the error of what stands in its place becomes
    // this one.
    std::unique_ptr<wire::postgres::ErrorMessage> missing;
    // COPY FROM STDIN was ended in place of the server, since the client sent what has no place in it; the error of
    // that becomes this one.
    std::unique_ptr<wire::postgres::ErrorMessage> violation;
  };
  std::unique_ptr<Errors> errors;
  RunPtr run;
  StatementPtr statement;
  // How to take back what the message did to the names.
  Names::UndoStep undo;

  bool is_denied() const { return errors != nullptr && errors->denial != nullptr; }
  // To be filled.
  Errors& MakeErrors() {
    if (errors == nullptr) {
      errors = std::make_unique<Errors>();
    }
    return *errors;
  }

  // As new. Most of it is unset in most entries: asking first is cheaper than assigning.
  void Clear() {
    injected = suppressed = skipped = false;
    if (errors != nullptr) {
      ClearErrors();
    }
    if (run != nullptr) {
      run = nullptr;
    }
    if (statement != nullptr) {
      statement = nullptr;
    }
    if (undo.kind != Names::UndoStep::Kind::kNone) {
      undo.Clear();
    }
  }

 private:
  // Apart, so that what every message runs through stays small.
  [[gnu::cold, gnu::noinline]] void ClearErrors() { errors.reset(); }
};

static_assert(sizeof(Expectation) <= base::kCacheLineBytes);

// A first-in, first-out queue that keeps its memory. Entries that are not in use are clear.
class ExpectationQueue {
 public:
  // Asks for the memory of the first few entries.
  void Prefetch() const {
    base::Prefetch(entries_.data(), entries_.data() + std::min(entries_.size(), kPrefetchEntries));
  }

  bool empty() const { return first_ == end_; }
  size_t size() const { return end_ - first_; }
  Expectation& front() { return entries_[first_]; }
  const Expectation& front() const { return entries_[first_]; }
  Expectation& operator[](size_t i) { return entries_[first_ + i]; }
  Expectation& back() { return entries_[end_ - 1]; }

  // A round stands in the queue whose end the server has not answered.
  bool has_open_rounds() const { return open_rounds_ > 0; }

  // Rounds that have begun: a round ends with the ReadyForQuery that answers a Sync, Query or FunctionCall.
  uint64_t rounds() const { return rounds_; }

  static bool EndsRound(Expectation::Kind kind) {
    constexpr auto bit = [](Expectation::Kind each) { return 1u << static_cast<unsigned>(each); };
    return (bit(kind) & (bit(Expectation::Kind::kSync) | bit(Expectation::Kind::kQuery) |
                         bit(Expectation::Kind::kFunctionCall))) != 0;
  }

  Expectation& Push(Expectation::Kind kind) {
    const bool ends_round = EndsRound(kind);
    rounds_ += ends_round ? 1 : 0;
    open_rounds_ += ends_round ? 1 : 0;
    if (end_ == entries_.size()) {
      entries_.emplace_back();
    }
    Expectation& entry = entries_[end_++];
    entry.kind = kind;
    return entry;
  }
  void PopFront() {
    Expectation& entry = entries_[first_++];
    open_rounds_ -= EndsRound(entry.kind) ? 1 : 0;
    entry.Clear();
    if (first_ == end_) {
      first_ = end_ = 0;
      if (entries_.size() > kKeepEntries) {
        std::vector<Expectation>().swap(entries_);
      }
    } else if (first_ >= kCompactAt && first_ * 2 >= end_) {
      entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
      end_ -= first_;
      first_ = 0;
    }
  }
  // A round that was known too late to have an entry has begun.
  void AddRound() { ++rounds_; }

 private:
  static constexpr size_t kKeepEntries = 16;
  // A query of the extended protocol.
  static constexpr size_t kPrefetchEntries = 5;
  static constexpr size_t kCompactAt = 256;

  std::vector<Expectation> entries_;
  // Those in use: [first_, end_).
  size_t first_ = 0;
  size_t end_ = 0;
  uint64_t rounds_ = 0;
  size_t open_rounds_ = 0;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_EXPECTATION_H_
