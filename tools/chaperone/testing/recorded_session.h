// A recording made in memory, for tests: records go in, chunks with a valid chain come out.
#ifndef CHAPERONE_TOOLS_CHAPERONE_TESTING_RECORDED_SESSION_H_
#define CHAPERONE_TOOLS_CHAPERONE_TESTING_RECORDED_SESSION_H_

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/id.h"
#include "api/recording/chain.h"
#include "api/recording/record.h"
#include "chaperone/v1/session.pb.h"

namespace chaperone::testing {

// 2025-11-30 14:03:07Z.
inline constexpr uint64_t kStartUs = 1'764'511'387'000'000;

// The body of a DataRow message; none is NULL.
std::string DataRow(const std::vector<std::optional<std::string>>& cells);

class RecordedSession {
 public:
  explicit RecordedSession(std::string_view id);

  // Appends one record to the open chunk, 1 ms after the one before.
  template <typename Body>
  RecordedSession& Add(const Body& body) {
    std::string bytes(recording::EncodedBytesMax(body), '\0');
    bytes.resize(
        recording::Encode({recording::OriginOf(id_), time_us_}, body, reinterpret_cast<uint8_t*>(bytes.data())));
    return AddBytes(bytes);
  }
  RecordedSession& AddBytes(std::string_view bytes);
  // Ends the open chunk.
  RecordedSession& Seal();

  const std::vector<v1::Chunk>& chunks() const { return chunks_; }
  std::vector<v1::Chunk>& chunks() { return chunks_; }
  // As the control plane would describe it: ended, with counts and head.
  v1::Session Describe() const;

 private:
  base::SessionId id_;
  std::vector<v1::Chunk> chunks_;
  std::string payload_;
  uint32_t records_ = 0;
  uint64_t first_record_ = 0;
  recording::ChainValue head_ = recording::kChainStart;
  uint64_t time_us_ = kStartUs;
};

// A session with a masked read, a denial, an approved update with parameters, a notice, a copy and an end.
RecordedSession SampleSession(std::string_view id);

}  // namespace chaperone::testing

#endif  // CHAPERONE_TOOLS_CHAPERONE_TESTING_RECORDED_SESSION_H_
