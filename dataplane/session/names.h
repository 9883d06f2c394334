// The prepared statements, portals and cursors of a session: names that the client gave, with what is known of the text
// behind them. The map runs ahead of the server (a Parse counts as done when it is sent, since a Bind may follow in the
// same packet) and is taken back when the server refuses or skips the message.
//
// Both protocol messages and SQL (PREPARE, DECLARE, …) make names; the server keeps them in the same two spaces, so do
// we. A name that is not here is never passed on: the server could know it for something that was never judged.
#ifndef CHAPERONE_DATAPLANE_SESSION_NAMES_H_
#define CHAPERONE_DATAPLANE_SESSION_NAMES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/base/prefetch.h"
#include "dataplane/session/judgement.h"
#include "dataplane/session/run.h"
#include "dataplane/wire/postgres/error.h"

namespace chaperone::session {

// A prepared statement, by Parse or by SQL PREPARE.
struct PreparedStatement : Counted<PreparedStatement>, Pooled<PreparedStatement> {
  JudgedPtr judged;
  // The context that judged it.
  uint64_t context_id = 0;
  // Which statement of the judged text; for Parse always 0.
  uint32_t index = 0;
  // Types that the client declared in Parse.
  std::vector<uint32_t> parameter_types;
  // The server's RowDescription of it (text formats), once it was described; and that it has none.
  std::string row_description;
  bool described = false;
  // The record's number for those columns in `plain_formats`, whose rows pass as they are; 0: not known.
  uint32_t plain_shape = 0;
  Formats plain_formats;

  // The name in Names that it was given; empty for the unnamed one.
  std::string name;
  // What was asked for by name after it, the last time that this was another one.
  struct Follower {
    // Not to be followed unless `as_of` is the number of changes.
    PreparedStatement* statement = nullptr;
    uint64_t as_of = 0;
    JudgedHint hint;
  };
  Follower follower;

  // What it runs is a barrier. The text that a PREPARE stands in may hold others, which EXECUTE does not run.
  bool IsBarrier() const {
    const auto& statements = judged->facts.statements;
    return index < statements.size() ? statements[index].is_barrier : judged->is_barrier;
  }
};
using StatementPtr = Ref<PreparedStatement>;

// A portal, by Bind or by SQL DECLARE.
struct Portal : Counted<Portal>, Pooled<Portal> {
  StatementPtr statement;
  RunPtr run;
  // It would run a statement or cursor that does not exist: the error of every Execute.
  std::unique_ptr<wire::postgres::ErrorMessage> missing;
  // The context that admitted it, and the decision.
  uint64_t context_id = 0;
  policy::Decision admitted = policy::Decision::kDeny;
  // WITH HOLD: survives its transaction.
  bool holdable = false;
  // The round (see ExpectationQueue) in which it was bound: it dies with the transaction that ends that round.
  uint64_t round = 0;
  // By DECLARE: each protocol-level Execute is an attempt of its own.
  bool is_cursor = false;
};
using PortalPtr = Ref<Portal>;

class Names {
 public:
  // What a message changed, so that it can be taken back.
  struct UndoStep {
    enum class Kind : uint8_t { kNone, kStatement, kPortal };
    Kind kind = Kind::kNone;
    StatementPtr statement;
    PortalPtr portal;
    // Null for the unnamed ones, which most steps are about.
    std::unique_ptr<std::string> given_name;

    std::string_view name() const { return given_name != nullptr ? std::string_view(*given_name) : std::string_view(); }
    // REQUIRES: it is clear.
    void Set(Kind changed, std::string_view changed_name) {
      kind = changed;
      if (!changed_name.empty()) {
        given_name = std::make_unique<std::string>(changed_name);
      }
    }
    void Clear() {
      kind = Kind::kNone;
      given_name = nullptr;
      statement = nullptr;
      portal = nullptr;
    }
  };

  Names() = default;
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  // Null when there is none.
  StatementPtr FindStatement(std::string_view name) const;
  PortalPtr FindPortal(std::string_view name) const;
  // Null when there is none.
  const PreparedStatement* unnamed_statement() const { return unnamed_statement_.get(); }
  // The unnamed one, when no portal and nothing else refers to it; else null.
  PreparedStatement* LoneUnnamedStatement() const {
    return unnamed_statement_ != nullptr && unnamed_statement_->use_count() == 1 ? unnamed_statement_.get() : nullptr;
  }

  // Setting null removes. How to take it back is left in `undo`, if that is not null.
  void SetStatement(std::string_view name, StatementPtr statement, UndoStep* undo = nullptr);
  void SetPortal(std::string_view name, PortalPtr portal, UndoStep* undo = nullptr);
  void TakeBack(UndoStep step);

  // DEALLOCATE ALL: the unnamed one stays.
  void RemoveAllStatements() {
    Changed();
    statements_.clear();
  }
  // All but the one that runs: what closes all portals may run in one.
  void RemoveAllPortals(const Run& running);
  // The transaction that ended `round` is over, and with it every portal of that round and earlier ones, but those that
  // are holdable.
  void EndTransaction(uint64_t round);

  // Asks for the memory of the statement that is probably asked for next, and of what has no name.
  void Prefetch() const {
    base::PrefetchObject(unnamed_statement_.get());
    base::PrefetchObject(unnamed_portal_.get());
    base::PrefetchObject(expected_.statement);
    expected_.hint.Prefetch();
  }

  size_t statement_count() const { return statements_.size(); }
  size_t portal_count() const { return portals_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  template <typename T>
  using Map = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  // A named statement has come or gone.
  void Changed() {
    ++changes_;
    last_found_ = nullptr;
    expected_ = {};
  }

  // The unnamed ones are replaced with every query.
  StatementPtr unnamed_statement_;
  PortalPtr unnamed_portal_;
  // The named statement that was found last, and what followed it then: mostly one of them is asked for next.
  mutable PreparedStatement* last_found_ = nullptr;
  mutable PreparedStatement::Follower expected_;
  // Of named statements.
  uint64_t changes_ = 0;
  Map<StatementPtr> statements_;
  Map<PortalPtr> portals_;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_NAMES_H_
