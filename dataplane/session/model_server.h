// Test support: a PostgreSQL that only knows the protocol. It takes what a conversation sends to the server and answers
// as the server does (src/backend/tcop/postgres.c): names, rounds, skipping to Sync, failed transactions, COPY. What
// runs is handed to the test, by the text that the server would really execute under a name, whatever the conversation
// thinks of it.
#ifndef CHAPERONE_DATAPLANE_SESSION_MODEL_SERVER_H_
#define CHAPERONE_DATAPLANE_SESSION_MODEL_SERVER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/session/judgement.h"

namespace chaperone::session {

class ModelServer {
 public:
  // A statement's text and the parameter types that its Parse declared.
  struct Text {
    std::string text;
    std::vector<uint32_t> types;
  };
  struct Callbacks {
    // This runs now.
    std::function<void(const Text&)> on_run;
    // Asked before each statement, Parse and Bind: it fails for a reason of its own.
    std::function<bool()> fails;
    // How many rows there are.
    std::function<uint32_t()> rows;
  };

  // What stands in cells of public.users.ssn and everything that is made of it; in all others stands kPublic.
  static constexpr std::string_view kSecret = "123-45-6789";
  static constexpr std::string_view kPublic = "public";

  // `analyst` reads texts; what it would allow plays no part.
  ModelServer(std::shared_ptr<JudgeContext> analyst, Callbacks callbacks)
      : analyst_(std::move(analyst)), callbacks_(std::move(callbacks)) {}

  // Whole or part of messages. REQUIRES: they are well-formed.
  void Receive(std::string_view bytes);
  // Answers that have not been taken yet.
  std::string& answers() { return answers_; }
  bool terminated() const { return terminated_; }

  // The sidecar's probe of names (effects.cc), which no server refuses.
  static bool IsOwnQuestion(std::string_view text);

 private:
  struct Portal {
    Text text;
    uint32_t index = 0;
    uint32_t rows_left = 0;
    bool started = false;
    bool fetched = false;
    bool holdable = false;
  };
  // A simple query or an Execute that waits for COPY data.
  struct Copy {
    bool simple = false;
    Text text;
    uint32_t next = 0;
  };

  void OnMessage(char type, std::string_view body);
  void OnCopyMessage(char type, std::string_view body);
  void OnQuery(std::string_view body);
  void OnParse(std::string_view body);
  void OnBind(std::string_view body);
  void OnDescribe(std::string_view body);
  void OnExecute(std::string_view body);
  void OnClose(std::string_view body);
  void RunSimple(const Text& text, uint32_t first);
  bool ReturnsRows(const Text& text, uint32_t index);
  // False when it failed or waits for COPY data; an error has been sent then.
  bool Run(const Text& text, uint32_t index, uint32_t rows_max, Portal* portal);
  bool RunVerb(const Text& text, uint32_t index, const sql::Statement& statement, const Portal* portal);
  void DropNamedStatements();
  bool Fails(const Text& text) const;
  void SendRows(const Text& text, uint32_t index, uint32_t rows_max, Portal* portal);
  const sql::Statement* ResultOf(const Text& text, uint32_t index, JudgedPtr* keep) const;
  void SendDescription(const Text& text, uint32_t index);
  bool Fail(std::string_view sqlstate, std::string_view message);
  void EndSimple();
  void Ready();
  void EndTransaction();
  bool MayRunWhenFailed(const Text& text);
  JudgedPtr Analyse(const Text& text) const;
  void Send(char type, std::string_view body);

  const std::shared_ptr<JudgeContext> analyst_;
  const Callbacks callbacks_;
  std::string in_;
  std::string answers_;
  std::map<std::string, Text, std::less<>> statements_;
  std::map<std::string, Portal, std::less<>> portals_;
  char transaction_ = 'I';
  bool simple_ = false;
  bool skipping_ = false;
  bool copying_ = false;
  bool terminated_ = false;
  Copy copy_;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_MODEL_SERVER_H_
