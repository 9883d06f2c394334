// COPY in both directions: any bytes as the data, cut into messages and reads as the input says. What the client sends
// reaches the server unchanged; what the server sends stays framed, whatever detectors make of it, and nothing crashes.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dataplane/session/conversation_testing.h"
#include "dataplane/wire/postgres/bytes.h"
#include "dataplane/wire/postgres/frame.h"
#include "dataplane/wire/postgres/frontend.h"

namespace chaperone::session {
namespace {

namespace pg = wire::postgres;

void Require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
  }
}

const std::shared_ptr<JudgeContext>& Context() {
  static const auto context = MakeContext(TestPolicy::kDetecting);
  return context;
}

ConversationLimits SmallLimits() {
  ConversationLimits limits;
  limits.row_bytes_max = 512;
  return limits;
}

// Gives `bytes` in pieces that `seed` picks.
template <typename Give>
void InPieces(std::string_view bytes, uint8_t seed, Give give) {
  size_t piece = 1 + seed % 64;
  while (!bytes.empty()) {
    give(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    piece = 1 + (piece * 7 + seed) % 97;
  }
}

std::string Message(char type, std::string_view body) {
  std::string out;
  pg::MessageWriter(&out).Begin(type).Bytes(body).End();
  return out;
}

// The input as CopyData messages; a byte in front of each says how long it is.
std::string AsCopyData(std::string_view in) {
  std::string out;
  while (!in.empty()) {
    const size_t size = std::min<size_t>(static_cast<uint8_t>(in[0]), in.size() - 1);
    out += Message('d', in.substr(1, size));
    in.remove_prefix(1 + size);
  }
  return out;
}

void CheckFramed(std::string_view bytes, std::string_view types) {
  while (bytes.size() >= pg::kHeaderBytes) {
    const uint32_t length = pg::LoadU32(bytes.data() + 1);
    Require(types.find(bytes[0]) != std::string_view::npos && length >= 4, "not framed");
    if (bytes.size() < 1 + size_t{length}) {
      break;
    }
    bytes.remove_prefix(1 + size_t{length});
  }
}

void Out(std::string_view in, uint8_t seed) {
  Rig rig(Context(), SmallLimits());
  std::string query;
  pg::AppendQuery("COPY open_t TO STDOUT", &query);
  rig.FromClient(query);
  Require(rig.ToServer() == query, "COPY TO STDOUT is allowed");
  const std::string_view start =
      (seed & 1) != 0 ? std::string_view("\1\0\1\0\1", 5) : std::string_view("\0\0\1\0\0", 5);
  const std::string end = Message('c', "") + Message('C', std::string_view("COPY 1\0", 7)) + Message('Z', "I");
  InPieces(Message('H', start) + AsCopyData(in) + end, seed, [&](std::string_view piece) { rig.FromServer(piece); });
  CheckFramed(rig.ToClient(), "HdcCZE");
  Require(rig.conversation().ending() || !rig.conversation().busy(), "COPY has not ended");
}

void In(std::string_view in, uint8_t seed) {
  Rig rig(Context(), SmallLimits());
  std::string query;
  pg::AppendQuery("COPY open_t FROM STDIN", &query);
  rig.FromClient(query);
  rig.FromServer(Message('G', std::string_view("\0\0\1\0\0", 5)));
  rig.ToServer();
  const std::string data = AsCopyData(in);
  InPieces(data, seed, [&](std::string_view piece) { rig.FromClient(piece); });
  Require(rig.ToServer() == data, "COPY data was changed");
  rig.FromClient(Message((seed & 1) != 0 ? 'f' : 'c', (seed & 1) != 0 ? std::string_view("no\0", 3) : ""));
  rig.FromServer(Message('C', std::string_view("COPY 1\0", 7)) + Message('Z', "I"));
  CheckFramed(rig.ToClient(), "GCZ");
  Require(!rig.conversation().ending() && !rig.conversation().busy(), "COPY has not ended");
}

}  // namespace
}  // namespace chaperone::session

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) {
    return 0;
  }
  const std::string_view in(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 0x80) != 0) {
    chaperone::session::In(in, data[0]);
  } else {
    chaperone::session::Out(in, data[0]);
  }
  return 0;
}
