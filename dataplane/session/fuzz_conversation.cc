// Everything at once: a client, a server and what happens round them, in an order that the input picks. The client's
// messages are made of a few texts and names, so that they meet, or are raw bytes; the server is the model of
// model_server.h, answering in pieces and late, or sends raw bytes.
//
// Whatever comes: nothing crashes; the server runs no text that policy does not allow or a human has not approved, by
// the texts that it really has under its names; no masked value reaches the client; both streams stay framed. And as
// long as both sides speak the protocol, the conversation does not lose its place in it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/session/conversation_testing.h"
#include "dataplane/session/model_server.h"
#include "dataplane/wire/postgres/bytes.h"

namespace chaperone::session {
namespace {

namespace pg = wire::postgres;

void Require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
  }
}

constexpr std::array<std::string_view, 56> kTexts = {
    "SELECT id FROM users",
    "SELECT name, ssn FROM users",
    "SELECT upper(name) FROM open_t",
    "SELECT note FROM orders",
    "SELECT 1",
    "TABLE users",
    "INSERT INTO open_t VALUES (1, 'a', 'b')",
    "UPDATE open_t SET x = 'y' RETURNING id, name",
    "DELETE FROM open_t",
    "DELETE FROM orders",
    "DELETE FROM orders WHERE id = 1",
    "SELECT * FROM crm.contacts",
    "DELETE FROM crm.contacts",
    "SELECT phone FROM crm.contacts",
    "SELECT 1; DELETE FROM crm.contacts",
    "BEGIN; SELECT 1; SELECT * FROM crm.contacts; COMMIT",
    "SELECT 1; SELECT name FROM users",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "COMMIT AND CHAIN",
    "SAVEPOINT a",
    "ROLLBACK TO a",
    "BEGIN; INSERT INTO open_t VALUES (1)",
    "PREPARE q1 AS SELECT name FROM users",
    "PREPARE q1 AS SELECT ssn FROM users",
    "PREPARE q1 AS DELETE FROM orders",
    "PREPARE q2 AS SELECT note FROM orders",
    "PREPARE q2 AS SELECT * FROM crm.contacts",
    "EXECUTE q1",
    "EXECUTE q2",
    "SELECT 1; EXECUTE q1; SELECT 2",
    "PREPARE q2 AS SELECT 1; EXECUTE q2",
    "DEALLOCATE q1",
    "DEALLOCATE ALL",
    "DECLARE c1 CURSOR FOR SELECT name, ssn FROM users",
    "DECLARE c1 CURSOR FOR SELECT note FROM orders",
    "DECLARE c1 CURSOR WITH HOLD FOR SELECT * FROM crm.contacts",
    "FETCH 2 FROM c1",
    "FETCH ALL FROM q1",
    "CLOSE c1",
    "CLOSE ALL",
    "DISCARD ALL",
    "COPY open_t FROM STDIN",
    "COPY open_t TO STDOUT",
    "COPY users TO STDOUT",
    "COPY open_t FROM STDIN; SELECT 1; COPY open_t FROM STDIN",
    "SET search_path = crm, public",
    "SET TimeZone = 'UTC'",
    "SET standard_conforming_strings = off",
    "CREATE TABLE crm.made (id int)",
    "SELECT * FROM nowhere",
    "SELECT FROM WHERE",
    "",
    ";",
    "LISTEN a",
};
constexpr std::array<std::string_view, 6> kNames = {"", "", "q1", "q2", "c1", "s1"};

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  uint8_t Byte() {
    if (size_ == 0) {
      return 0;
    }
    --size_;
    return *data_++;
  }
  std::string_view Bytes(size_t count) {
    count = std::min(count, size_);
    const std::string_view bytes(reinterpret_cast<const char*>(data_), count);
    data_ += count;
    size_ -= count;
    return bytes;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

// Follows a stream of messages without keeping them.
class Framing {
 public:
  explicit Framing(std::string_view types) : types_(types) {}
  void Add(std::string_view bytes) {
    pending_ += bytes;
    size_t used = 0;
    while (pending_.size() - used >= pg::kHeaderBytes) {
      const uint32_t length = pg::LoadU32(pending_.data() + used + 1);
      Require(types_.find(pending_[used]) != std::string_view::npos && length >= 4, "a stream is not framed");
      if (pending_.size() - used < 1 + size_t{length}) {
        break;
      }
      used += 1 + size_t{length};
    }
    pending_.erase(0, used);
  }

 private:
  const std::string_view types_;
  std::string pending_;
};

const std::shared_ptr<JudgeContext>& ContextOf(TestPolicy policy) {
  static const std::array<std::shared_ptr<JudgeContext>, 3> contexts = {
      MakeContext(TestPolicy::kPlain), MakeContext(TestPolicy::kMasked), MakeContext(TestPolicy::kDetecting)};
  return contexts[static_cast<size_t>(policy)];
}

class World {
 public:
  World(Input* input, TestPolicy policy)
      : input_(*input),
        policy_(policy),
        rig_(ContextOf(policy), SmallLimits()),
        server_(ContextOf(TestPolicy::kPlain), {[this](const ModelServer::Text& text) { OnRun(text); },
                                                [this] { return Fails(); }, [this] { return rows_; }}) {
    Require(rig_.conversation().pause() == Pause::kNone, "a new conversation waits");
  }

  void Play() {
    while (!input_.empty() && !rig_.conversation().ending()) {
      Step(input_.Byte());
      Exchange();
    }
    Finish();
    if (!is_raw_server_ && rig_.conversation().ending()) {
      const auto& error = rig_.conversation().ending()->error;
      const bool lost = error && error->sqlstate == pg::sqlstate::kConnectionFailure;
      Require(!lost, lost ? error->message.c_str() : "");
    }
    rig_.conversation().Abandon();
  }

 private:
  // The server answers, approvals are given, until nothing changes any more: then no whole message of the client's
  // waits.
  void Finish() {
    const Conversation& conversation = rig_.conversation();
    constexpr int kRoundsMax = 100'000;
    int quiet = 0;
    for (int i = 0; i < kRoundsMax && quiet < 4 && !conversation.ending(); ++i) {
      const size_t waits = rig_.client_input().size();
      EndPause();
      Deliver(SIZE_MAX);
      Exchange();
      quiet = rig_.client_input().size() == waits && server_.answers().empty() ? quiet + 1 : 0;
    }
    if (!conversation.ending() && !conversation.client_terminated() && !is_raw_server_) {
      const size_t frame_bytes = conversation.client_frame_bytes(rig_.client_input());
      Require(frame_bytes == 0 || rig_.client_input().size() < frame_bytes, "a message waits for ever");
    }
  }

  static ConversationLimits SmallLimits() {
    ConversationLimits limits;
    limits.frames.statement_bytes_max = 4096;
    limits.frames.bind_bytes_max = 4096;
    limits.prepared_statements_max = 3;
    limits.pipeline_max = 16;
    limits.row_bytes_max = 1024;
    limits.recorded_row_bytes_max = 64;
    return limits;
  }

  void OnRun(const ModelServer::Text& text) {
    const JudgedPtr judged = ContextOf(policy_)->Judge(text.text, text.types, rig_.host().Wall());
    if (judged->verdict.decision == policy::Decision::kAllow || ModelServer::IsOwnQuestion(text.text)) {
      return;
    }
    const auto approved = std::find_if(approved_.begin(), approved_.end(), [&](const std::string& ask) {
      return ask.find(text.text) != std::string::npos;
    });
    Require(judged->verdict.decision == policy::Decision::kRequireApproval && approved != approved_.end(),
            "a statement ran that nothing allows");
    approved_.erase(approved);
  }

  bool Fails() {
    if (failures_ == 0) {
      return false;
    }
    --failures_;
    return true;
  }

  void Exchange() {
    const std::string to_server = rig_.ToServer();
    server_framing_.Add(to_server);
    if (!rig_.conversation().ending()) {
      server_.Receive(to_server);
    }
    const std::string to_client = rig_.ToClient();
    client_framing_.Add(to_client);
    if (policy_ == TestPolicy::kMasked && !is_raw_server_) {
      Require(to_client.find(ModelServer::kSecret) == std::string::npos, "a masked value reached the client");
    }
  }

  void Deliver(size_t bytes) {
    std::string& answers = server_.answers();
    bytes = std::min(bytes, answers.size());
    const std::string part = answers.substr(0, bytes);
    answers.erase(0, bytes);
    rig_.FromServer(part);
  }

  void EndPause() {
    Conversation& conversation = rig_.conversation();
    if (conversation.pause() == Pause::kCatalog) {
      conversation.CatalogRefreshed();
    } else if (conversation.pause() == Pause::kApproval) {
      Answer(input_.Byte());
    }
    rig_.Continue();
  }

  void Answer(uint8_t choice) {
    Conversation& conversation = rig_.conversation();
    if ((choice & 0x80) != 0) {
      if (!conversation.StillNeedsApproval()) {
        return conversation.WithdrawAsk();
      }
    }
    ApprovalAnswer answer;
    answer.state = static_cast<ApprovalAnswer::State>(choice % 6);
    answer.id = "apr_1";
    answer.comment = "because";
    if (answer.state == ApprovalAnswer::State::kConsumed) {
      approved_.push_back(conversation.ask().text);
    }
    conversation.AnswerApproval(std::move(answer));
  }

  void ClientMessage(uint8_t choice) {
    const std::string_view text = kTexts[input_.Byte() % kTexts.size()];
    const std::string_view name = kNames[(choice >> 4) % kNames.size()];
    std::string out;
    const pg::ObjectKind kind = (choice & 0x80) != 0 ? pg::ObjectKind::kPortal : pg::ObjectKind::kStatement;
    switch (choice & 0x0f) {
      case 0:
      case 1:
        pg::AppendQuery(text, &out);
        break;
      case 2:
      case 3:
        pg::AppendParse(name, text, &out);
        break;
      case 4:
      case 5:
        pg::AppendBind(kNames[text.size() % kNames.size()], name, &out);
        break;
      case 6:
      case 7:
        pg::AppendExecute(name, static_cast<uint32_t>(text.size() % 4), &out);
        break;
      case 8:
        pg::AppendDescribe(kind, name, &out);
        break;
      case 9:
        pg::AppendClose(kind, name, &out);
        break;
      case 10:
      case 11:
        pg::AppendSync(&out);
        break;
      case 12:
        pg::AppendFlush(&out);
        break;
      case 13:
        pg::MessageWriter(&out).Begin('d').Bytes("1\ta\tb\n").End();
        break;
      case 14:
        pg::MessageWriter(&out).Begin('c').End();
        break;
      default:
        if ((choice & 0x10) != 0) {
          pg::MessageWriter(&out).Begin('f').CString("no").End();
        } else {
          pg::MessageWriter(&out).Begin('F').U32(1).U16(0).U16(0).U16(0).End();
        }
        break;
    }
    rig_.FromClient(out);
  }

  void Step(uint8_t op) {
    switch (op & 0x0f) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return ClientMessage(input_.Byte());
      case 5:
      case 6:
        return Deliver(SIZE_MAX);
      case 7:
        return Deliver(input_.Byte() % 32);
      case 8:
        failures_ = 1 + (op >> 6);
        return;
      case 9:
        rows_ = op >> 5;
        return;
      case 10:
        return EndPause();
      case 11:
        return Event(op >> 4);
      case 12:
        return rig_.FromClient(input_.Bytes(input_.Byte()));
      case 13:
        is_raw_server_ = true;
        return rig_.FromServer(input_.Bytes(input_.Byte()));
      case 14:  // a notification and a notice, anywhere between messages
        if (server_.answers().empty()) {
          std::string out;
          pg::MessageWriter(&out).Begin('A').U32(1).CString("a").CString("b").End();
          pg::ErrorMessage notice;
          notice.severity = "NOTICE";
          notice.sqlstate = "00000";
          notice.message = "hello";
          if (rig_.conversation().busy()) {
            pg::AppendNotice(notice, &out);
          }
          server_.answers() += out;
        }
        return;
      default:
        return Deliver(1);
    }
  }

  void Event(int which) {
    Conversation& conversation = rig_.conversation();
    switch (which % 6) {
      case 0:
        return conversation.OnStatementTimeout("statement_timeout = 1 ms");
      case 1:
        rig_.host().catalog_may_be_stale = !rig_.host().catalog_may_be_stale;
        return;
      case 2:
        rig_.host().stale = rig_.host().stale.empty() ? "no control plane" : "";
        return;
      case 3:
        rig_.host().clock.Advance(std::chrono::seconds(1));
        return;
      case 4:
        Require(conversation.running_since() == std::nullopt || conversation.busy(), "runs and is not busy");
        return;
      default:
        conversation.CatalogRefreshed();
        return rig_.Continue();
    }
  }

  Input& input_;
  const TestPolicy policy_;
  Rig rig_;
  ModelServer server_;
  Framing client_framing_{"123ACDEGHINSTVZcdnst"};
  Framing server_framing_{"BCDEFHPQSXcdf"};
  std::vector<std::string> approved_;
  uint32_t failures_ = 0;
  uint32_t rows_ = 1;
  bool is_raw_server_ = false;
};

}  // namespace
}  // namespace chaperone::session

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chaperone::session;
  Input input(data, size);
  World(&input, static_cast<TestPolicy>(input.Byte() % 3)).Play();
  return 0;
}
