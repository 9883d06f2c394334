// Runs a sequence on one connection and keeps what came back; compares two such transcripts.
#ifndef CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_RUNNER_H_
#define CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_RUNNER_H_

#include <string>
#include <vector>

#include "api/base/status.h"
#include "tests/integration/differential/connection.h"
#include "tests/integration/differential/sequence.h"

namespace chaperone::differential {

enum class Side : uint8_t { kProxy, kDirect };

struct Transcript {
  std::vector<Message> messages;
  // OK, or how the conversation broke off.
  absl::Status end;
};

// Brings the session and the tables back to where every sequence begins. Not recorded.
absl::Status Reset(Connection* connection);

Transcript Run(Connection* connection, const Sequence& sequence, Side side);

// Empty when the transcripts agree, else the first difference. The error of a denied statement must be 42501 on the
// proxy's side (25P02, as the server says it, in a transaction that has failed); everything else must agree byte for
// byte.
std::string Difference(const Transcript& proxy, const Transcript& direct);

}  // namespace chaperone::differential

#endif  // CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_RUNNER_H_
