#include "dataplane/wire/postgres/frame.h"

#include <catch2/catch.hpp>
#include <string>

#include "dataplane/wire/postgres/bytes.h"

namespace chaperone::wire::postgres {
namespace {

std::string HeaderOf(char type, uint32_t length) {
  std::string bytes(5, '\0');
  bytes[0] = type;
  StoreU32(bytes.data() + 1, length);
  return bytes;
}

FrameState Front(std::string_view bytes, absl::Status* error) {
  Header header;
  return ReadFrontendHeader(bytes, FrameLimits{}, &header, error);
}

TEST_CASE("a header needs five bytes, and an unknown type none but its own") {
  absl::Status error;
  const std::string query = HeaderOf('Q', 10);
  for (size_t size = 0; size < query.size(); ++size) {
    CHECK(Front(std::string_view(query).substr(0, size), &error) == FrameState::kNeedMore);
  }
  CHECK(Front(query, &error) == FrameState::kHeader);
  CHECK(Front("z", &error) == FrameState::kError);
  CHECK(base::Message(error) == "invalid frontend message type 'z'");
  CHECK(Front("\x16\x03\x01", &error) == FrameState::kError);
  CHECK(base::Message(error) == "invalid frontend message type 0x16");
}

TEST_CASE("lengths below four and over the type's bound are errors [fail-closed]") {
  absl::Status error;
  for (const char type : std::string_view("QPBFdpCDEHSXcf")) {
    for (const uint32_t length : {0u, 3u, 0x40000003u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
      CHECK(Front(HeaderOf(type, length), &error) == FrameState::kError);
    }
    CHECK(Front(HeaderOf(type, 4), &error) == FrameState::kHeader);
  }
  CHECK(Front(HeaderOf('S', kSmallBodyMax + 5), &error) == FrameState::kError);
  CHECK(Front(HeaderOf('S', kSmallBodyMax + 4), &error) == FrameState::kHeader);
  CHECK(Front(HeaderOf('Q', (4 << 20) + 5), &error) == FrameState::kError);
  CHECK(error.code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("a server's message of unknown type or bad length is an error [fail-closed]") {
  Header header;
  absl::Status error;
  CHECK(ReadBackendHeader(HeaderOf('D', 4), &header, &error) == FrameState::kHeader);
  CHECK(ReadBackendHeader(HeaderOf('D', 3), &header, &error) == FrameState::kError);
  CHECK(ReadBackendHeader(HeaderOf('Q', 4), &header, &error) == FrameState::kError);
  CHECK(ReadBackendHeader(HeaderOf('D', 0x7fffffff), &header, &error) == FrameState::kError);
}

TEST_CASE("a startup packet has 8 to 10,000 bytes") {
  uint32_t size = 0;
  absl::Status error;
  std::string length(4, '\0');
  for (const auto& [bytes, want] : {std::pair<uint32_t, FrameState>{7, FrameState::kError},
                                    {8, FrameState::kHeader},
                                    {10'000, FrameState::kHeader},
                                    {10'001, FrameState::kError}}) {
    StoreU32(length.data(), bytes);
    CHECK(ReadStartupLength(length, &size, &error) == want);
  }
  CHECK(ReadStartupLength("abc", &size, &error) == FrameState::kNeedMore);
}

}  // namespace
}  // namespace chaperone::wire::postgres
