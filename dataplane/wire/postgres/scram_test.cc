#include "dataplane/wire/postgres/scram.h"

#include <catch2/catch.hpp>

namespace chaperone::wire::postgres {
namespace {

// The exchange of RFC 7677 section 3. Its client sends the user name "user", which PostgreSQL's clients leave out, so
// the proof differs from the RFC's; the known answers below were computed with Python's hashlib from the same inputs.
constexpr std::string_view kNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const base::Secret<std::string> kPassword(std::string("pencil"));

TEST_CASE("an exchange yields the known proof and accepts the known verifier") {
  ScramClient client("", false, kNonce);
  CHECK(client.ClientFirst() == "n,,n=,r=rOprNGfwEbeRWgbNEkqO");
  ScramKeys keys;
  const auto final_message = client.ServerFirst(kServerFirst, kPassword, &keys);
  REQUIRE(final_message.ok());
  CHECK(*final_message ==
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=qvT2SWdEH5Q06albL+hjSYuUhCG7VndFyzIb7CK4n9k=");
  CHECK(client.ServerFinal("v=3HO6Qt1M4MKJrmlKaoOqLAI0/0TV0HZe7J9H3MBtSOg=").ok());
  CHECK(keys.iterations == 4096);
}

TEST_CASE("a server that does not know the password is found out [fail-closed]") {
  ScramClient client("", false, kNonce);
  client.ClientFirst();
  CHECK_FALSE(client.ServerFinal("v=").ok());
  ScramKeys keys;
  REQUIRE(client.ServerFirst(kServerFirst, kPassword, &keys).ok());
  CHECK_FALSE(client.ServerFinal("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").ok());
  CHECK_FALSE(client.ServerFinal("e=invalid-proof").ok());
  CHECK_FALSE(client.ServerFinal("").ok());
}

TEST_CASE("hostile challenges are refused [fail-closed]") {
  for (const std::string_view challenge : {
           "",
           "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
           "r=other%hvYDp,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
           "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
           "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=999999999",
           "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=40x",
           "r=rOprNGfwEbeRWgbNEkqOx,s=!!!!,i=4096",
           "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
           "s=W22ZaJ0SNY7soEsUEjb6gQ==,r=rOprNGfwEbeRWgbNEkqOx,i=4096",
       }) {
    ScramClient client("", false, kNonce);
    client.ClientFirst();
    ScramKeys keys;
    CHECK_FALSE(client.ServerFirst(challenge, kPassword, &keys).ok());
  }
}

TEST_CASE("channel binding goes into the message") {
  ScramClient bound("hash", true, kNonce);
  CHECK(bound.ClientFirst().substr(0, 24) == "p=tls-server-end-point,,");
  ScramClient could(std::string_view(), true, kNonce);
  CHECK(could.ClientFirst().substr(0, 3) == "y,,");
}

TEST_CASE("keys are used again for the same salt") {
  ScramKeys keys;
  for (int i = 0; i < 2; ++i) {
    ScramClient client("", false, kNonce);
    client.ClientFirst();
    // The second round gets a wrong password: with the keys kept it is not looked at.
    const base::Secret<std::string> password(std::string(i == 0 ? "pencil" : "wrong"));
    const auto message = client.ServerFirst(kServerFirst, password, &keys);
    REQUIRE(message.ok());
    CHECK(message->find("p=qvT2SWdEH5Q06albL+hjSYuUhCG7VndFyzIb7CK4n9k=") != std::string::npos);
  }
}

TEST_CASE("base64 survives the way there and back") {
  for (const std::string_view text : {"", "a", "ab", "abc", "abcd"}) {
    CHECK(*Base64Decode(Base64Encode(text)) == text);
  }
  CHECK_FALSE(Base64Decode("abc").ok());
  CHECK_FALSE(Base64Decode("a\nbc").ok());
}

}  // namespace
}  // namespace chaperone::wire::postgres
