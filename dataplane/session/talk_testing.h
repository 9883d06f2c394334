// A client's side of a conversation, for tests: its messages in short, and a talk with the model server.
#ifndef CHAPERONE_DATAPLANE_SESSION_TALK_TESTING_H_
#define CHAPERONE_DATAPLANE_SESSION_TALK_TESTING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/recorder/spool.h"
#include "dataplane/session/conversation.h"
#include "dataplane/session/conversation_testing.h"
#include "dataplane/session/model_server.h"
#include "dataplane/wire/postgres/bytes.h"
#include "dataplane/wire/postgres/frontend.h"

namespace chaperone::session {

// Query, Parse, Bind, Execute, Describe, Close, and any message by its type.
inline std::string Q(std::string_view text) {
  std::string out;
  wire::postgres::AppendQuery(text, &out);
  return out;
}
inline std::string P(std::string_view name, std::string_view text) {
  std::string out;
  wire::postgres::AppendParse(name, text, &out);
  return out;
}
inline std::string B(std::string_view portal, std::string_view statement) {
  std::string out;
  wire::postgres::AppendBind(portal, statement, &out);
  return out;
}
inline std::string E(std::string_view portal, uint32_t rows_max = 0) {
  std::string out;
  wire::postgres::AppendExecute(portal, rows_max, &out);
  return out;
}
inline std::string D(wire::postgres::ObjectKind kind, std::string_view name) {
  std::string out;
  wire::postgres::AppendDescribe(kind, name, &out);
  return out;
}
inline std::string C(wire::postgres::ObjectKind kind, std::string_view name) {
  std::string out;
  wire::postgres::AppendClose(kind, name, &out);
  return out;
}
inline std::string M(char type, std::string_view body = "") {
  std::string out;
  wire::postgres::MessageWriter(&out).Begin(type).Bytes(body).End();
  return out;
}
inline const std::string kSync = M('S');
inline const std::string kFlush = M('H');
inline const std::string kData = M('d', "1\ta\tb\n");
inline const std::string kDone = M('c');
inline const std::string kFail = M('f', std::string_view("no\0", 3));

// A client's conversation with the model server, which answers at once.
class Talk {
 public:
  explicit Talk(TestPolicy policy = TestPolicy::kPlain, ConversationLimits limits = {},
                recorder::Spool* spool = nullptr)
      : rig_(policy, limits, spool),
        server_(MakeContext(TestPolicy::kPlain),
                {[this](const ModelServer::Text& text) { ran_.push_back(text.text); },
                 [this] { return std::exchange(fail_next, false); }, [this] { return rows; }}) {}

  // What the client gets when it says this.
  std::string Say(std::string_view bytes) { return InWords(SayRaw(bytes), true); }
  std::string SayRaw(std::string_view bytes) {
    rig_.FromClient(bytes);
    Exchange();
    return rig_.ToClient();
  }
  void Exchange() {
    for (std::string out = rig_.ToServer(); !out.empty(); out = rig_.ToServer()) {
      sent_ += out;
      server_.Receive(out);
      rig_.FromServer(std::exchange(server_.answers(), ""));
    }
  }
  // What the server has got since the last time.
  std::string Sent() { return InWords(std::exchange(sent_, ""), false); }
  // Hands the server what has been taken out for it.
  void Give(std::string_view bytes) {
    server_.Receive(bytes);
    rig_.FromServer(std::exchange(server_.answers(), ""));
    Exchange();
  }
  // What has run since the last time.
  std::vector<std::string> Ran() { return std::exchange(ran_, {}); }
  Rig& rig() { return rig_; }
  Conversation& conversation() { return rig_.conversation(); }
  std::string EndingState() {
    const Ending* const ending = conversation().ending();
    return ending != nullptr && ending->error ? ending->error->sqlstate : "";
  }

  bool fail_next = false;
  uint32_t rows = 1;

 private:
  Rig rig_;
  std::string sent_;
  std::vector<std::string> ran_;
  ModelServer server_;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_TALK_TESTING_H_
