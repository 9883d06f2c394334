// What the statements of one text do to the names of those behind them. A text is judged as a whole before any of it
// runs: SET search_path is followed, and behind anything else that may change what names mean nothing that depends on
// names is understood. Internal to api/sql.
#ifndef CHAPERONE_API_SQL_NAME_CHANGES_H_
#define CHAPERONE_API_SQL_NAME_CHANGES_H_

#include "api/sql/analyze.h"
#include "api/sql/facts.h"
#include "api/sql/name_path.h"
#include "api/sql/tree.h"

namespace chaperone::sql {

class NameChanges {
 public:
  // Both must outlive the object.
  NameChanges(const Catalog& catalog, const SessionContext& session);
  NameChanges(const NameChanges&) = delete;
  NameChanges& operator=(const NameChanges&) = delete;

  // What names mean to the next statement. Changes with Note().
  const NamePath& path() const { return path_; }

  // Adds a need for `unknown` to `facts`, the analysis of `statement`, when its names may mean something else by the
  // time it runs.
  void Check(const Node& statement, Statement* facts) const;
  // Takes `facts`' effects over for the statements behind it.
  void Note(const Statement& facts);

 private:
  void NoteSettings(const Statement& facts);
  void MakeUncertain();

  const Catalog& catalog_;
  SessionContext session_;
  NamePath path_;
  bool changed_ = false;
  bool uncertain_ = false;
  bool transaction_ended_ = false;
  // EXECUTE or FETCH has run what the session names.
  bool named_ran_ = false;
  // PREPARE or DECLARE of this text holds what changes names.
  bool made_barrier_ = false;
};

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_NAME_CHANGES_H_
