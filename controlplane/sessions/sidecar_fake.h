// A sidecar's side of recording, for tests: sessions that write records, sealed into chunks and batches with true chain
// values.
#ifndef CHAPERONE_CONTROLPLANE_SESSIONS_SIDECAR_FAKE_H_
#define CHAPERONE_CONTROLPLANE_SESSIONS_SIDECAR_FAKE_H_

#include <cstdint>
#include <string>

#include "api/base/clock.h"
#include "api/base/id.h"
#include "api/recording/chain.h"
#include "chaperone/v1/sidecar.pb.h"

namespace chaperone::sessions {

// One session that is being recorded.
class FakeRecording {
 public:
  FakeRecording(const base::Clock& clock, std::string subject);

  const base::SessionId& id() const { return id_; }

  // The next chunk: the records since the last one. A new recording starts with its SessionStarted.
  FakeRecording& Statement(bool denied = false, uint64_t rows = 1, uint64_t masked_cells = 0);
  // Filler, so that chunks have a size.
  FakeRecording& Text(size_t bytes);
  FakeRecording& End(const std::string& reason);
  v1::Chunk Seal();

 private:
  template <typename Body>
  void Write(const Body& body);

  const base::Clock& clock_;
  const base::SessionId id_;
  std::string payload_;
  uint32_t pending_ = 0;
  uint64_t next_record_ = 0;
  uint64_t statements_ = 0;
  uint64_t denied_ = 0;
  uint64_t rows_ = 0;
  uint64_t masked_cells_ = 0;
  recording::ChainValue chain_ = recording::kChainStart;
};

// A batch of chunks that ends at `position`.
v1::RecordBatch BatchOf(uint64_t position, std::initializer_list<v1::Chunk> chunks);

}  // namespace chaperone::sessions

#endif  // CHAPERONE_CONTROLPLANE_SESSIONS_SIDECAR_FAKE_H_
