// Whole reads and writes for the parts of a connection that go step by step: startup, authentication, the catalog's
// queries. Relaying does not use these.
#ifndef CHAPERONE_DATAPLANE_RUNTIME_TRANSFER_H_
#define CHAPERONE_DATAPLANE_RUNTIME_TRANSFER_H_

#include <string>

#include "api/base/status.h"
#include "dataplane/runtime/stream.h"
#include "dataplane/runtime/task.h"
#include "dataplane/runtime/waiter.h"

namespace chaperone::runtime {

// A stream, how its readiness is waited for, and until when.
struct Channel {
  Channel(Stream& s, WatchedFd& w, Waiter& waiting) : stream(s), watched(w), waiter(waiting) {}
  Stream& stream;
  WatchedFd& watched;
  Waiter& waiter;
};

// Errors of all: DeadlineExceeded, Cancelled (interrupted), Unavailable (the peer closed, or the connection broke).

// Waits for input and appends some to `in`.
Task<absl::Status> ReadSome(Channel channel, SteadyTime deadline, std::string* in);
// Writes all of `out`.
Task<absl::Status> WriteAll(Channel channel, SteadyTime deadline, std::string out);
// Finishes the TLS handshake that was started on the stream. Further errors: Unavailable with OpenSSL's reason.
Task<absl::Status> FinishHandshake(Channel channel, SteadyTime deadline);
// Waits until a non-blocking connect has succeeded or failed.
Task<absl::Status> FinishConnect(Channel channel, SteadyTime deadline);

}  // namespace chaperone::runtime

#endif  // CHAPERONE_DATAPLANE_RUNTIME_TRANSFER_H_
