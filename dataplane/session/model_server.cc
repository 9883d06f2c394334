#include "dataplane/session/model_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "api/sql/fixture.h"
#include "dataplane/wire/postgres/backend.h"
#include "dataplane/wire/postgres/bytes.h"
#include "dataplane/wire/postgres/error.h"
#include "dataplane/wire/postgres/frame.h"
#include "dataplane/wire/postgres/frontend.h"

namespace chaperone::session {

namespace pg = wire::postgres;
using sql::SessionObjectVerb;
using sql::TransactionVerb;

namespace {

constexpr uint32_t kTextOid = 25;

bool IsSsn(sql::ColumnId column) { return sql::ShopCatalog().ColumnName(column) == "public.users.ssn"; }

bool ReadsTables(const sql::Statement& statement) {
  return std::any_of(statement.needs.begin(), statement.needs.end(),
                     [](const sql::Need& need) { return need.kind == sql::ResourceKind::kRelation; });
}

bool ComesFromSsn(const sql::OutputColumn& output) {
  return output.unknown || std::any_of(output.sources.begin(), output.sources.end(), IsSsn);
}

}  // namespace

void ModelServer::Send(char type, std::string_view body) { pg::MessageWriter(&answers_).Begin(type).Bytes(body).End(); }

bool ModelServer::IsOwnQuestion(std::string_view text) {
  return text.starts_with("SELECT pg_catalog.current_setting('search_path'), cu");
}

bool ModelServer::Fails(const Text& text) const { return !IsOwnQuestion(text.text) && callbacks_.fails(); }

JudgedPtr ModelServer::Analyse(const Text& text) const { return analyst_->Judge(text.text, text.types, {}); }

void ModelServer::Receive(std::string_view bytes) {
  in_ += bytes;
  size_t used = 0;
  while (!terminated_) {
    pg::Header header;
    absl::Status error;
    const std::string_view rest = std::string_view(in_).substr(used);
    const pg::FrameState state = pg::ReadFrontendHeader(rest, pg::FrameLimits{}, &header, &error);
    if (state == pg::FrameState::kError) {
      std::abort();  // what reaches the server is framed
    }
    if (state == pg::FrameState::kNeedMore || rest.size() < header.frame_bytes()) {
      break;
    }
    OnMessage(header.type, rest.substr(pg::kHeaderBytes, header.body_bytes));
    used += header.frame_bytes();
  }
  in_.erase(0, used);
}

void ModelServer::OnMessage(char type, std::string_view body) {
  if (type == 'X') {
    terminated_ = true;
    return;
  }
  if (copying_) {
    return OnCopyMessage(type, body);
  }
  if (skipping_ && type != 'S') {
    return;
  }
  simple_ = type == 'Q';
  switch (type) {
    case 'Q':
      return OnQuery(body);
    case 'P':
      return OnParse(body);
    case 'B':
      return OnBind(body);
    case 'D':
      return OnDescribe(body);
    case 'E':
      return OnExecute(body);
    case 'C':
      return OnClose(body);
    case 'S':
      skipping_ = false;
      return Ready();
    default:
      return;  // Flush; COPY's messages outside of COPY are passed over
  }
}

void ModelServer::OnCopyMessage(char type, std::string_view body) {
  if (type == 'd' || type == 'S' || type == 'H') {
    return;
  }
  copying_ = false;
  simple_ = copy_.simple;
  const Copy copy = std::exchange(copy_, Copy());
  if (type != 'c' || callbacks_.fails()) {
    Fail(type == 'f'   ? "57014"
         : type == 'c' ? "22P04"
                       : "08P01",
         type == 'f' ? fmt::format("COPY from stdin failed: {}", body.substr(0, body.find('\0')))
                     : "unexpected message during COPY from stdin");
    return EndSimple();
  }
  pg::MessageWriter(&answers_).Begin('C').CString("COPY 1").End();
  if (copy.simple) {
    RunSimple(copy.text, copy.next);
  }
}

void ModelServer::OnQuery(std::string_view body) {
  pg::Query query;
  if (!pg::DecodeQuery(body, &query).ok()) {
    std::abort();
  }
  statements_.erase("");
  portals_.erase("");
  RunSimple({std::string(query.text), {}}, 0);
}

void ModelServer::RunSimple(const Text& text, uint32_t first) {
  const JudgedPtr judged = Analyse(text);
  if (judged->facts.error) {
    Fail("42601", "syntax error");
    return EndSimple();
  }
  const auto count = static_cast<uint32_t>(judged->facts.statements.size());
  if (count == 0) {
    Send('I', "");
  }
  for (uint32_t i = first; i < count; ++i) {
    if (!Run(text, i, 0, nullptr)) {
      if (copying_) {
        copy_ = {true, text, i + 1};
        return;
      }
      break;
    }
  }
  EndSimple();
}

void ModelServer::EndSimple() {
  if (simple_) {
    Ready();
  }
}

bool ModelServer::Fail(std::string_view state, std::string_view message) {
  pg::ErrorMessage error;
  error.sqlstate = state;
  error.message = message;
  pg::AppendError(error, &answers_);
  skipping_ = !simple_;
  if (transaction_ == 'T') {
    transaction_ = 'E';
  }
  return false;
}

void ModelServer::Ready() {
  if (transaction_ == 'I') {
    EndTransaction();
  }
  Send('Z', std::string_view(&transaction_, 1));
}

void ModelServer::EndTransaction() {
  std::erase_if(portals_, [](const auto& entry) { return !entry.second.holdable; });
}

// In a failed transaction the server looks at a statement's kind before it does anything else with it.
bool ModelServer::MayRunWhenFailed(const Text& text) {
  const JudgedPtr judged = Analyse(text);
  return std::all_of(judged->facts.statements.begin(), judged->facts.statements.end(), [](const auto& statement) {
    return statement.transaction == TransactionVerb::kCommit || statement.transaction == TransactionVerb::kRollback ||
           statement.transaction == TransactionVerb::kRollbackToSavepoint;
  });
}

void ModelServer::OnParse(std::string_view body) {
  pg::Parse parse;
  if (!pg::DecodeParse(body, &parse).ok()) {
    std::abort();
  }
  Text text{std::string(parse.text), {}};
  for (size_t i = 0; i < parse.parameter_types.size(); ++i) {
    text.types.push_back(parse.parameter_types[i]);
  }
  if (parse.name.empty()) {
    statements_.erase("");
  }
  const JudgedPtr judged = Analyse(text);
  if (judged->facts.error || judged->facts.statements.size() > 1) {
    Fail("42601", "syntax error");
  } else if (transaction_ == 'E' && !MayRunWhenFailed(text)) {
    Fail("25P02", "current transaction is aborted");
  } else if (Fails(text)) {
    Fail("42P18", "could not determine data type of parameter $1");
  } else if (!statements_.try_emplace(std::string(parse.name), text).second) {
    Fail("42P05", "prepared statement already exists");
  } else {
    Send('1', "");
  }
}

void ModelServer::OnBind(std::string_view body) {
  pg::Bind bind;
  if (!pg::DecodeBind(body, &bind).ok()) {
    std::abort();
  }
  const auto statement = statements_.find(bind.statement);
  if (statement == statements_.end()) {
    Fail("26000", "prepared statement does not exist");
  } else if (transaction_ == 'E' && !MayRunWhenFailed(statement->second)) {
    Fail("25P02", "current transaction is aborted");
  } else if (!bind.portal.empty() && portals_.find(bind.portal) != portals_.end()) {
    Fail("42P03", "cursor already exists");
  } else {
    if (bind.portal.empty()) {
      portals_.erase("");
    }
    if (Fails(statement->second)) {
      Fail("22P02", "invalid input syntax");
      return;
    }
    portals_[std::string(bind.portal)] = Portal{statement->second, 0};
    Send('2', "");
  }
}

// Whose columns the statement returns: EXECUTE and FETCH return those of what they name. Null when it returns none.
const sql::Statement* ModelServer::ResultOf(const Text& text, uint32_t index, JudgedPtr* keep) const {
  *keep = Analyse(text);
  const sql::Statement* statement = &(*keep)->facts.statements[index];
  if (!statement->returns_rows) {
    return nullptr;
  }
  if (statement->object_verb == SessionObjectVerb::kExecute) {
    const auto target = statements_.find(statement->object_name);
    if (target == statements_.end()) {
      return nullptr;
    }
    *keep = Analyse(target->second);
    // An empty text has none.
    return (*keep)->facts.statements.empty() ? nullptr : &(*keep)->facts.statements[0];
  }
  if (statement->object_verb == SessionObjectVerb::kFetch) {
    const auto target = portals_.find(statement->object_name);
    if (target == portals_.end()) {
      return nullptr;
    }
    *keep = Analyse(target->second.text);
    const auto& statements = (*keep)->facts.statements;
    return target->second.index < statements.size() ? &statements[target->second.index] : nullptr;
  }
  return statement;
}

void ModelServer::SendDescription(const Text& text, uint32_t index) {
  JudgedPtr judged = Analyse(text);
  const sql::Statement* const result =
      index < judged->facts.statements.size() ? ResultOf(text, index, &judged) : nullptr;
  if (result == nullptr || result->outputs.empty()) {
    return Send('n', "");
  }
  const sql::Statement& statement = *result;
  pg::MessageWriter writer(&answers_);
  writer.Begin('T').U16(static_cast<uint16_t>(statement.outputs.size()));
  for (const sql::OutputColumn& output : statement.outputs) {
    const bool known = output.origin_known;
    writer.CString(output.name.find('\0') == std::string::npos ? output.name : "")
        .U32(known ? output.origin.relation : 0);
    writer.U16(known ? static_cast<uint16_t>(output.origin.attnum) : 0)
        .U32(kTextOid)
        .U16(0xffff)
        .U32(0xffffffff)
        .U16(0);
  }
  writer.End();
}

void ModelServer::OnDescribe(std::string_view body) {
  pg::Describe describe;
  if (!pg::DecodeDescribe(body, &describe).ok()) {
    std::abort();
  }
  if (describe.kind == pg::ObjectKind::kStatement) {
    const auto statement = statements_.find(describe.name);
    if (statement == statements_.end()) {
      Fail("26000", "prepared statement does not exist");
      return;
    }
    Send('t', std::string_view("\0\0", 2));
    return SendDescription(statement->second, 0);
  }
  const auto portal = portals_.find(describe.name);
  if (portal == portals_.end()) {
    Fail("34000", "portal does not exist");
    return;
  }
  SendDescription(portal->second.text, portal->second.index);
}

void ModelServer::OnExecute(std::string_view body) {
  pg::Execute execute;
  if (!pg::DecodeExecute(body, &execute).ok()) {
    std::abort();
  }
  const auto portal = portals_.find(execute.portal);
  if (portal == portals_.end()) {
    Fail("34000", "portal does not exist");
    return;
  }
  const Text text = portal->second.text;
  if (Analyse(text)->facts.statements.empty()) {
    return Send('I', "");
  }
  Run(text, portal->second.index, execute.rows_max, &portal->second);
}

void ModelServer::OnClose(std::string_view body) {
  pg::Close close;
  if (!pg::DecodeClose(body, &close).ok()) {
    std::abort();
  }
  if (close.kind == pg::ObjectKind::kStatement) {
    statements_.erase(std::string(close.name));
  } else {
    portals_.erase(std::string(close.name));
  }
  Send('3', "");
}

bool ModelServer::ReturnsRows(const Text& text, uint32_t index) {
  JudgedPtr keep;
  const sql::Statement* const statement = ResultOf(text, index, &keep);
  return statement != nullptr && !statement->outputs.empty();
}

bool ModelServer::Run(const Text& text, uint32_t index, uint32_t rows_max, Portal* portal) {
  const JudgedPtr judged = Analyse(text);
  const sql::Statement& statement = judged->facts.statements[index];
  const bool ends = statement.transaction == TransactionVerb::kCommit ||
                    statement.transaction == TransactionVerb::kRollback ||
                    statement.transaction == TransactionVerb::kRollbackToSavepoint;
  if (transaction_ == 'E' && !ends) {
    return Fail("25P02", "current transaction is aborted");
  }
  if (Fails(text)) {
    const bool quotes = std::any_of(statement.referenced.begin(), statement.referenced.end(), IsSsn);
    return Fail("22012", fmt::format("division by zero near {}", quotes ? kSecret : kPublic));
  }
  // Once started a portal only returns what rows there are left, which a utility statement such as EXECUTE has put
  // aside (PORTAL_UTIL_SELECT); what has none is done (MarkPortalActive, portalmem.c).
  const bool started = portal != nullptr && portal->started;
  if (started && !ReturnsRows(text, index)) {
    return Fail("55000", "portal cannot be run anymore");
  }
  if (!started) {
    callbacks_.on_run(text);
  }
  if (portal != nullptr) {
    portal->started = true;
  }
  if (statement.copy == sql::CopyDirection::kFromStdin) {
    Send('G', std::string_view("\0\0\1\0\0", 5));
    copying_ = true;
    copy_ = {};
    return false;
  }
  if (statement.copy == sql::CopyDirection::kToStdout) {
    Send('H', std::string_view("\0\0\1\0\0", 5));
    for (uint32_t i = callbacks_.rows(); i > 0; --i) {
      Send('d', fmt::format("{}\n", kPublic));
    }
    Send('c', "");
    pg::MessageWriter(&answers_).Begin('C').CString("COPY 1").End();
    return true;
  }
  // DISCARD ALL and CLOSE ALL leave the portal that they run in.
  if (!started && !RunVerb(text, index, statement, portal)) {
    return false;
  }
  SendRows(text, index, rows_max, portal);
  return true;
}

// What the statement does to the session. False: it failed.
bool ModelServer::RunVerb(const Text& text, uint32_t index, const sql::Statement& statement, const Portal* portal) {
  switch (statement.transaction) {
    case TransactionVerb::kBegin:
    case TransactionVerb::kRollbackToSavepoint:
      transaction_ = 'T';
      break;
    case TransactionVerb::kCommit:
    case TransactionVerb::kRollback:
      transaction_ = statement.transaction_chain ? 'T' : 'I';
      break;
    default:
      break;
  }
  const std::string& name = statement.object_name;
  switch (statement.object_verb) {
    case SessionObjectVerb::kPrepare:
      return statements_.try_emplace(name, Text{text.text, text.types}).second || Fail("42P05", "already exists");
    case SessionObjectVerb::kDeclareCursor:
      return portals_.try_emplace(name, Portal{text, index}).second || Fail("42P03", "already exists");
    case SessionObjectVerb::kExecute: {
      const auto target = statements_.find(name);
      if (target == statements_.end()) {
        return Fail("26000", fmt::format("prepared statement \"{}\" does not exist", name));
      }
      const JudgedPtr executed = Analyse(target->second);
      if (!executed->facts.statements.empty() && executed->facts.statements[0].copy != sql::CopyDirection::kNone) {
        return Fail("0A000", "this model does not copy by EXECUTE");
      }
      callbacks_.on_run(target->second);
      return true;
    }
    case SessionObjectVerb::kFetch: {
      const auto target = portals_.find(name);
      if (target == portals_.end()) {
        return Fail("34000", fmt::format("cursor \"{}\" does not exist", name));
      }
      const JudgedPtr fetched = Analyse(target->second.text);
      const auto& bound = fetched->facts.statements;
      if (target->second.index < bound.size() && bound[target->second.index].copy != sql::CopyDirection::kNone) {
        return Fail("XX000", "unsupported portal strategy");  // PortalRunFetch of a utility statement
      }
      callbacks_.on_run(target->second.text);
      return true;
    }
    case SessionObjectVerb::kDeallocate:
      return statements_.erase(name) > 0 || Fail("26000", "prepared statement does not exist");
    case SessionObjectVerb::kDeallocateAll:
      DropNamedStatements();
      return true;
    case SessionObjectVerb::kCloseCursor: {
      const auto target = portals_.find(name);
      if (target == portals_.end()) {
        return Fail("34000", "cursor does not exist");
      }
      if (&target->second == portal) {  // PortalDrop of the one that runs this
        return Fail("24000", "cannot drop active portal");
      }
      portals_.erase(target);
      return true;
    }
    case SessionObjectVerb::kCloseAll:
    case SessionObjectVerb::kDiscardAll:
      std::erase_if(portals_, [](const auto& entry) { return !entry.second.started; });
      if (statement.object_verb == SessionObjectVerb::kDiscardAll) {
        DropNamedStatements();
      }
      return true;
    default:
      return true;
  }
}

// DropAllPreparedStatements: the unnamed one is not among them.
void ModelServer::DropNamedStatements() {
  std::erase_if(statements_, [](const auto& entry) { return !entry.first.empty(); });
}

void ModelServer::SendRows(const Text& text, uint32_t index, uint32_t rows_max, Portal* portal) {
  const JudgedPtr judged = Analyse(text);
  JudgedPtr keep;
  const sql::Statement* const statement = ResultOf(text, index, &keep);
  const bool has_rows = statement != nullptr && !statement->outputs.empty();
  if (portal == nullptr && has_rows) {
    SendDescription(text, index);
  }
  // What reads no table has one row, as the sidecar's own question has.
  uint32_t rows = !has_rows ? 0 : ReadsTables(*statement) ? callbacks_.rows() : 1;
  if (portal != nullptr) {
    rows = portal->fetched ? portal->rows_left : rows;
    portal->fetched = true;
    portal->rows_left = rows_max != 0 && rows > rows_max ? rows - rows_max : 0;
    rows -= portal->rows_left;
  }
  for (uint32_t i = 0; i < rows; ++i) {
    pg::MessageWriter writer(&answers_);
    writer.Begin('D').U16(static_cast<uint16_t>(statement->outputs.size()));
    for (const sql::OutputColumn& output : statement->outputs) {
      const std::string_view cell = ComesFromSsn(output) ? kSecret : kPublic;
      writer.U32(static_cast<uint32_t>(cell.size())).Bytes(cell);
    }
    writer.End();
  }
  if (portal != nullptr && portal->rows_left > 0) {
    return Send('s', "");
  }
  const std::string& tag = judged->facts.statements[index].tag;
  pg::MessageWriter(&answers_).Begin('C').CString(has_rows ? fmt::format("{} {}", tag, rows) : tag).End();
}

}  // namespace chaperone::session
