#include "dataplane/masking/detect/classes.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

namespace chaperone::masking::detect {
namespace {

TEST_CASE("each byte is of the classes that it belongs to") {
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const auto c = static_cast<char>(byte);
    const ByteClasses classes = Classify(&c, 1);
    CHECK(classes.digits == (byte >= '0' && byte <= '9' ? 1 : 0));
    CHECK(classes.letters == ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ? 1 : 0));
    CHECK(classes.separators == (byte != 0 && std::string(" ()-./").find(c) != std::string::npos ? 1 : 0));
    CHECK(classes.signs == (byte != 0 && std::string("@:-").find(c) != std::string::npos ? 1 : 0));
  }
}

TEST_CASE("wide registers and tables tell the same of every size") {
  std::mt19937 random(1);
  for (size_t size = 0; size <= kBlockBytes; ++size) {
    for (int round = 0; round < 50; ++round) {
      // Exactly as long as the text, so that a read past it is one past the allocation.
      const std::string letters = " ()-./@:09azAZ_{~[`\x80\xff";
      std::string text;
      for (size_t i = 0; i < size; ++i) {
        text.push_back(round % 2 == 0 ? static_cast<char>(random()) : letters[random() % letters.size()]);
      }
      text.shrink_to_fit();
      CHECK(Classify(text.data(), text.size()) == ClassifyPortable(text.data(), text.size()));
    }
  }
}

}  // namespace
}  // namespace chaperone::masking::detect
