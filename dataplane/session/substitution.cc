// Denial by substitution: what the server gets in place of a refused message. Each is bound to fail in every state of
// the session, a failed transaction included, and leaves nothing behind.
#include <utility>

#include "dataplane/session/conversation.h"

namespace chaperone::session {

namespace pg = wire::postgres;

namespace {

// PostgreSQL's grammar knows no statement that begins so: a syntax error, raised before the transaction's state is
// looked at. It is what the server's log shows of a refused statement.
constexpr std::string_view kRefusedText = "chaperone_refused";
// No client can make these: names that begin like this are refused in names of its own by the same map look-up as any
// other.
constexpr std::string_view kNoSuchName = "chaperone: no such name";
// Why a COPY FROM STDIN was ended in the client's place.
constexpr std::string_view kViolation = "chaperone: unexpected message";

}  // namespace

void Conversation::Substitute(Kind kind, Admission refused, std::string_view name) {
  std::string* const out = to_server_.own();
  Names::UndoStep undo;
  switch (kind) {
    case Kind::kQuery:
    case Kind::kFunctionCall:
      pg::AppendQuery(kRefusedText, out);
      break;
    case Kind::kParse:
      // A Parse that fails drops the unnamed statement if that is what it would have made, and no other.
      pg::AppendParse(name.empty() ? name : kNoSuchName, kRefusedText, out);
      if (name.empty()) {
        names_.SetStatement(name, nullptr, &undo);
      }
      break;
    case Kind::kBind:
      pg::AppendBind(kNoSuchName, kNoSuchName, out);
      break;
    default:
      pg::AppendExecute(kNoSuchName, 0, out);
      break;
  }
  to_server_.Added();
  Expectation& entry = expected_.Push(kind);
  entry.MakeErrors().denial = std::move(refused.denial);
  entry.run = std::move(refused.run);
  entry.undo = std::move(undo);
  if (kind == Kind::kQuery || kind == Kind::kFunctionCall) {
    executed_since_sync_ = false;
    unsynced_ = false;
  } else {
    unsynced_ = true;
    dropping_ = true;
  }
}

// Everything before the statement at fault goes as it is; in its place goes one of its kind that fails alike.
void Conversation::SubstituteMissing(Admission refused) {
  const sql::Statement& statement = refused.run->judged->facts.statements[*refused.missing];
  std::string text = refused.run->judged->text.substr(0, statement.offset);
  text += fmt::format("\n{} \"{}\"",
                      statement.object_verb == sql::SessionObjectVerb::kExecute ? "EXECUTE" : "FETCH ALL FROM",
                      kNoSuchName);
  pg::AppendQuery(text, to_server_.own());
  to_server_.Added();
  Expectation& entry = expected_.Push(Kind::kQuery);
  entry.MakeErrors().missing = std::move(refused.denial);
  entry.run = std::move(refused.run);
  executed_since_sync_ = false;
  unsynced_ = false;
  PauseForAnswers();
}

void Conversation::EndCopyIn(char type) {
  pg::AppendCopyFail(kViolation, to_server_.own());
  to_server_.Added();
  copy_in_ = false;
  Expectation& entry = expected_.front();
  auto violation = std::make_unique<pg::ErrorMessage>();
  violation->sqlstate = pg::sqlstate::kProtocolViolation;
  violation->message =
      fmt::format("unexpected message type 0x{:02X} during COPY from stdin", static_cast<uint8_t>(type));
  entry.MakeErrors().violation = std::move(violation);
  PauseForAnswers();
}

bool Conversation::IsViolation(const pg::ErrorFields& fields) {
  return fields.message().find(kViolation) != std::string_view::npos;
}

bool Conversation::IsMissing(const pg::ErrorFields& fields) {
  return fields.message().find(kNoSuchName) != std::string_view::npos;
}

// The server passes over a Sync within COPY FROM STDIN, unless it has failed before it reads it: then it answers. A
// Sync of ours and something that is always answered behind it tell how many of the client's were.
void Conversation::Resync() {
  std::string* const out = to_server_.own();
  pg::AppendSync(out);
  pg::AppendClose(pg::ObjectKind::kStatement, kNoSuchName, out);
  pg::AppendFlush(out);
  to_server_.Added();
  loose_syncs_ = 0;
  expected_.Push(Kind::kResync).injected = true;
  pause_ = Pause::kBarrier;
}

void Conversation::SubstituteNatural(Kind kind, std::string_view state, std::string message) {
  Admission refused;
  refused.denial = std::make_unique<pg::ErrorMessage>();
  refused.denial->sqlstate = state;
  refused.denial->message = std::move(message);
  Substitute(kind, std::move(refused));
}

}  // namespace chaperone::session
