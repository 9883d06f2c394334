// What the configuration says about sessions.
#ifndef CHAPERONE_DATAPLANE_SESSION_OPTIONS_H_
#define CHAPERONE_DATAPLANE_SESSION_OPTIONS_H_

#include <chrono>
#include <map>
#include <string>

#include "dataplane/session/conversation.h"

namespace chaperone::session {

struct SessionOptions {
  // The sidecar's name, and the endpoint's in policies.
  std::string sidecar;
  std::string endpoint;
  std::map<std::string, std::string> labels;
  // Sessions at a time, over all loops.
  uint32_t sessions_max = 1000;
  // From accept to the end of authentication.
  std::chrono::milliseconds startup_timeout{10'000};
  // To connect to the database and read its catalog.
  std::chrono::milliseconds connect_timeout{10'000};
  // Without a byte from the client while nothing runs; 0: none.
  std::chrono::milliseconds idle_timeout{0};
  // How long a statement is held for its approval before it is answered.
  std::chrono::milliseconds hold_timeout{25'000};
  // Bytes from the client while its statement waits for an answer are read up to this.
  size_t read_ahead_bytes = 64 << 10;
  ConversationLimits conversation;
  JudgeContext::Options judge;
};

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_OPTIONS_H_
