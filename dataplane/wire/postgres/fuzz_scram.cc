// Any bytes as a server's side of SCRAM-SHA-256: the first byte picks the binding and whether the challenge continues
// our nonce, a line break parts server-first from server-final. Nobody who does not know the password is believed.
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dataplane/wire/postgres/scram.h"

namespace chaperone::wire::postgres {
namespace {

constexpr std::string_view kNonce = "rOprNGfwEbeRWgbNEkqO";
// PBKDF2 is slow by design: more rounds than this teach the fuzzer nothing.
constexpr uint32_t kFuzzIterationsMax = 64;

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// Any of the places where a count may be read from.
bool IsSlow(std::string_view challenge) {
  for (size_t at = challenge.find(",i="); at != std::string_view::npos; at = challenge.find(",i=", at + 1)) {
    uint32_t iterations = 0;
    std::from_chars(challenge.data() + at + 3, challenge.data() + challenge.size(), iterations);
    if (iterations > kFuzzIterationsMax && iterations <= kScramIterationsMax) {
      return true;
    }
  }
  return false;
}

void Check(std::string_view in) {
  if (in.empty()) {
    return;
  }
  const bool plus = (in[0] & 1) != 0;
  const bool continues = (in[0] & 2) != 0;
  const bool knows_salt = (in[0] & 4) != 0;
  in.remove_prefix(1);
  const size_t line = in.find('\n');
  const std::string_view challenge = in.substr(0, line);
  const std::string_view verdict = line == std::string_view::npos ? std::string_view() : in.substr(line + 1);
  std::string first(challenge);
  if (continues) {
    first = "r=" + std::string(kNonce) + first;
  }
  if (IsSlow(first)) {
    return;
  }
  ScramClient client(plus ? std::string_view("0123456789abcdef0123456789abcdef") : std::string_view(), true, kNonce);
  Require(client.ClientFirst().find(kNonce) != std::string::npos);
  Require(!client.ServerFinal(verdict).ok());  // not before the challenge
  const base::Secret<std::string> password(std::string("pencil"));
  ScramKeys keys;
  if (knows_salt) {
    keys.salt = "salt";
    keys.iterations = 1;
  }
  const auto answer = client.ServerFirst(first, password, &keys);
  if (answer.ok()) {
    Require(keys.iterations >= 1 && keys.iterations <= kScramIterationsMax && !keys.salt.empty());
    Require(answer->find(",r=" + std::string(kNonce)) != std::string::npos && answer->find(",p=") != std::string::npos);
  }
  // 32 bytes of an HMAC under a key that the input does not have.
  Require(!client.ServerFinal(verdict).ok());
  const auto bytes = Base64Decode(in);
  if (bytes.ok()) {
    Require(Base64Decode(Base64Encode(*bytes)).value() == *bytes);
  }
}

}  // namespace
}  // namespace chaperone::wire::postgres

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  chaperone::wire::postgres::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
