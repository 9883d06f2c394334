// A sequence: what one client says, in batches, and which answers a correct server gives in kind and number.
#ifndef CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_SEQUENCE_H_
#define CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_SEQUENCE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace chaperone::differential {

// What answers a message.
enum class Answer : uint8_t { kNone, kParse, kBind, kClose, kDescribe, kExecute, kSync, kQuery };

// One frontend message, or COPY data.
struct Step {
  // For people: "Q BEGIN", "P s1 SELECT …".
  std::string text;
  // What goes to the sidecar, and what to the server: the same, unless policy denies the statement; then the server
  // gets a statement that fails at the same place.
  std::string to_proxy;
  std::string to_direct;
  Answer answer = Answer::kNone;
  // COPY data: sent only once the server has asked for it, unless the batch is eager.
  bool copy_data = false;
};

// Messages that are sent in one go; then all answers are read.
struct Batch {
  std::vector<Step> steps;
  // COPY data goes out without waiting for CopyInResponse.
  bool eager = false;
  // The first Sync stands before the COPY data: a server that reads COPY data passes over it.
  bool sync_in_copy = false;
};

// Every sequence leaves the protocol in step: an extended batch is followed by a Sync before the next simple query.
using Sequence = std::vector<Batch>;

// The statement that stands for a denied one: it fails in parse analysis, where a denial strikes too.
inline constexpr const char* kDenied = "SELECT chaperone_denied()";
// Statements that touch this table are the denied ones.
inline constexpr const char* kForbidden = "forbidden";

// The sequence for a seed: the same for the same seed, always. Without `denials` both sides get the same bytes.
Sequence Generate(uint64_t seed, bool denials);

std::string Show(const Sequence& sequence);

}  // namespace chaperone::differential

#endif  // CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_SEQUENCE_H_
