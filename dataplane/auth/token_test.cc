#include <catch2/catch.hpp>

extern "C" {
#include <cjose/cjose.h>
}

#include <functional>
#include <string>

#include "api/base/fake_clock.h"
#include "dataplane/auth/token.h"

namespace chaperone::auth {
namespace {

struct JwkDeleter {
  void operator()(cjose_jwk_t* jwk) const { cjose_jwk_release(jwk); }
};
using Jwk = std::unique_ptr<cjose_jwk_t, JwkDeleter>;

const uint8_t kExponent[] = {1, 0, 1};

Jwk NewRsa(std::string_view id, size_t bits = 2048) {
  cjose_err error{};
  Jwk key(cjose_jwk_create_RSA_random(bits, kExponent, sizeof(kExponent), &error));
  REQUIRE(cjose_jwk_set_kid(key.get(), id.data(), id.size(), &error));
  return key;
}

Jwk NewEc(std::string_view id) {
  cjose_err error{};
  Jwk key(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error));
  REQUIRE(cjose_jwk_set_kid(key.get(), id.data(), id.size(), &error));
  return key;
}

std::string PublicJson(const Jwk& key) {
  cjose_err error{};
  char* const text = cjose_jwk_to_json(key.get(), false, &error);
  REQUIRE(text != nullptr);
  std::string json(text);
  free(text);
  return json;
}

std::string Sign(const Jwk& key, std::string_view algorithm, std::string_view key_id, std::string_view claims,
                 const std::function<void(cjose_header_t*)>& change = {}) {
  cjose_err error{};
  cjose_header_t* const header = cjose_header_new(&error);
  cjose_header_set(header, "alg", std::string(algorithm).c_str(), &error);
  if (!key_id.empty()) {
    cjose_header_set(header, "kid", std::string(key_id).c_str(), &error);
  }
  if (change) {
    change(header);
  }
  cjose_jws_t* const jws =
      cjose_jws_sign(key.get(), header, reinterpret_cast<const uint8_t*>(claims.data()), claims.size(), &error);
  cjose_header_release(header);
  REQUIRE(jws != nullptr);
  const char* text = nullptr;
  REQUIRE(cjose_jws_export(jws, &text, &error));
  std::string token(text);
  cjose_jws_release(jws);
  return token;
}

std::string Base64Url(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(c);
    for (count += 8; count >= 6; count -= 6) {
      text.push_back(kDigits[bits >> (count - 6) & 63]);
    }
  }
  if (count > 0) {
    text.push_back(kDigits[bits << (6 - count) & 63]);
  }
  return text;
}

constexpr int64_t kNow = 1767225600;  // FakeClock's start

std::string Claims(std::string_view more = "", int64_t expires = kNow + 600) {
  return fmt::format(R"({{"iss":"https://idp","sub":"agent-7","aud":"chaperone","exp":{}{}}})", expires, more);
}

// Keys are slow to make: one set for all cases.
struct Fixture {
  Fixture() : rsa(NewRsa("r1")), ec(NewEc("e1")), stranger(NewRsa("r1")) {
    const std::string jwks =
        fmt::format(R"({{"keys":[{},{},{{"kty":"oct","kid":"o1","k":"c2VjcmV0"}}]}})", PublicJson(rsa), PublicJson(ec));
    auto built = KeyRing::Build({{"https://idp", {"chaperone", "other-sidecar"}, jwks}});
    REQUIRE(built.ok());
    ring = *built;
  }
  absl::StatusOr<Identity> Verify(std::string_view token) const { return VerifyToken(token, *ring, clock.Wall()); }
  std::string Reason(std::string_view token) const {
    const auto identity = Verify(token);
    CHECK(identity.status().code() == absl::StatusCode::kUnauthenticated);
    return std::string(base::Message(identity.status()));
  }
  Jwk rsa, ec, stranger;
  std::shared_ptr<const KeyRing> ring;
  base::FakeClock clock;
};

const Fixture& Shared() {
  static const Fixture fixture;
  return fixture;
}

TEST_CASE("a good token yields its identity, under each key's algorithms") {
  const Fixture& f = Shared();
  const std::string claims = Claims(R"(,"groups":["a","b"],"azp":"cli","act":{"sub":"alice"},"task":"T-1","jti":"x")");
  for (const std::string_view algorithm : {"RS256", "RS512", "PS256"}) {
    const auto identity = f.Verify(Sign(f.rsa, algorithm, "r1", claims));
    REQUIRE(identity.ok());
    CHECK(identity->subject == "agent-7");
    CHECK(identity->groups == std::vector<std::string>{"a", "b"});
    CHECK(identity->client == "cli");
    CHECK(identity->human == "alice");
    CHECK(identity->task == "T-1");
    CHECK(identity->token_id == "x");
    CHECK(identity->expires_at.time_since_epoch() == std::chrono::seconds(kNow + 600));
  }
  CHECK(f.Verify(Sign(f.ec, "ES256", "e1", claims)).ok());
}

TEST_CASE("aud may be a list, and must name us [fail-closed]") {
  const Fixture& f = Shared();
  const auto with_audience = [&](std::string_view audience) {
    return Sign(f.rsa, "RS256", "r1",
                fmt::format(R"({{"iss":"https://idp","sub":"a","exp":{},"aud":{}}})", kNow + 60, audience));
  };
  CHECK(f.Verify(with_audience(R"(["x","chaperone"])")).ok());
  for (const std::string_view bad :
       {R"("billing")", R"([])", R"(["x"])", "7", "null", R"("chaperone2")", R"([["chaperone"]])"}) {
    CHECK(f.Reason(with_audience(bad)) == "token refused: it is for another audience");
  }
}

TEST_CASE("expiry is required and kept, with a minute's leeway [fail-closed]") {
  const Fixture& f = Shared();
  CHECK(f.Verify(Sign(f.rsa, "RS256", "r1", Claims("", kNow - 59))).ok());
  CHECK(f.Reason(Sign(f.rsa, "RS256", "r1", Claims("", kNow - 60))) == "token refused: it has expired");
  CHECK(f.Reason(Sign(f.rsa, "RS256", "r1", R"({"iss":"https://idp","sub":"a","aud":"chaperone"})")) ==
        "token refused: it has no expiry");
  CHECK(f.Reason(Sign(f.rsa, "RS256", "r1", Claims(fmt::format(R"(,"nbf":{})", kNow + 61)))) ==
        "token refused: it is not valid yet");
  for (const std::string_view bad : {R"("soon")", "-1", "1e300", "true"}) {
    CHECK(f.Reason(Sign(f.rsa, "RS256", "r1",
                        fmt::format(R"({{"iss":"https://idp","sub":"a","aud":"chaperone","exp":{}}})", bad))) ==
          "token refused: a time in it is malformed");
  }
}

TEST_CASE("a stranger's signature, a changed claim and an unknown key are refused [fail-closed]") {
  const Fixture& f = Shared();
  CHECK(f.Reason(Sign(f.stranger, "RS256", "r1", Claims())) == "token refused: its signature is wrong");
  CHECK(f.Reason(Sign(f.stranger, "RS256", "r9", Claims())) == "token refused: its key is not among the issuer's keys");
  std::string changed = Sign(f.rsa, "RS256", "r1", Claims());
  const size_t dot = changed.find('.');
  changed =
      changed.substr(0, dot + 1) + Base64Url(Claims(R"(,"groups":["admins"])")) + changed.substr(changed.rfind('.'));
  CHECK(f.Reason(changed) == "token refused: its signature is wrong");
  // Without a kid the choice would be a guess: this issuer has two keys.
  CHECK(f.Reason(Sign(f.rsa, "RS256", "", Claims())) == "token refused: its key is not among the issuer's keys");
  const std::string other = R"({"iss":"https://evil","sub":"a","aud":"chaperone","exp":9999999999})";
  CHECK(f.Reason(Sign(f.rsa, "RS256", "r1", other)) == "token refused: its issuer is not trusted here");
}

TEST_CASE("alg none and HS256 with the public key are refused [fail-closed]") {
  const Fixture& f = Shared();
  const std::string claims = Base64Url(Claims());
  const auto forged = [&](std::string_view header, std::string_view signature) {
    return fmt::format("{}.{}.{}", Base64Url(header), claims, signature);
  };
  const std::string none = "token refused: its algorithm is none, which is no signature";
  CHECK(f.Reason(forged(R"({"alg":"none","kid":"r1"})", "")) == none);
  CHECK(f.Reason(forged(R"({"alg":"none","kid":"r1"})", "AA")) == none);
  CHECK(f.Reason(forged(R"({"alg":"nOnE","kid":"r1"})", "AA")) == none);
  CHECK(f.Reason(forged(R"({"alg":"RS256","kid":"r1"})", "")) == "token refused: it is not a signed JWT");
  // The classic: the verifier's public key taken as an HMAC secret.
  cjose_err error{};
  const std::string secret = PublicJson(f.rsa);
  const Jwk hmac(cjose_jwk_create_oct_spec(reinterpret_cast<const uint8_t*>(secret.data()), secret.size(), &error));
  CHECK(f.Reason(Sign(hmac, "HS256", "r1", Claims())) == "token refused: its algorithm is not the key's");
  // A symmetric key in the set is never used.
  const Jwk published(cjose_jwk_create_oct_spec(reinterpret_cast<const uint8_t*>("secret"), 6, &error));
  CHECK(f.Reason(Sign(published, "HS256", "o1", Claims())) == "token refused: its key is not among the issuer's keys");
  CHECK(f.Reason(Sign(f.ec, "ES256", "r1", Claims())) == "token refused: its algorithm is not the key's");
}

TEST_CASE("what is no token at all is refused [fail-closed]") {
  const Fixture& f = Shared();
  CHECK(f.Reason("") == "token refused: it is empty; send a signed token as the password");
  for (const std::string_view bad : {"hunter2", "a.b", "a.b.c.d", "..", "!!.!!.!!", "e30.e30.", "W10.W10.AA"}) {
    CHECK(f.Reason(bad) == "token refused: it is not a signed JWT");
  }
  CHECK(f.Reason(std::string(kTokenBytesMax + 1, 'a')).find("longer than") != std::string::npos);
  const std::string deep(100, '[');
  CHECK(f.Reason(Base64Url(R"({"alg":"RS256","x":)" + deep) + "." + Base64Url("{}") + ".AA") ==
        "token refused: it is not a signed JWT");
}

TEST_CASE("headers and claims that could mean something else are refused [fail-closed]") {
  const Fixture& f = Shared();
  const auto with_type = [&](const char* type) {
    return Sign(f.rsa, "RS256", "r1", Claims(), [&](cjose_header_t* header) {
      cjose_err error{};
      REQUIRE(cjose_header_set(header, "typ", type, &error));
    });
  };
  const auto unsigned_with = [&](std::string_view header) {
    return fmt::format("{}.{}.AA", Base64Url(header), Base64Url(Claims()));
  };
  CHECK(f.Reason(unsigned_with(R"({"alg":"RS256","kid":"r1","crit":["exp"]})")).find("critical") != std::string::npos);
  CHECK(f.Reason(unsigned_with(R"({"alg":"RS256","kid":"r1","b64":false})")) ==
        "token refused: it is not an access token");
  CHECK(f.Reason(with_type("logout+jwt")) == "token refused: it is not an access token");
  CHECK(f.Verify(with_type("at+JWT")).ok());
  CHECK(f.Reason(Sign(f.rsa, "RS256", "r1", R"({"iss":"https://idp","aud":"chaperone","exp":9999999999})")) ==
        "token refused: it has no subject");
  CHECK(f.Reason(Sign(f.rsa, "RS256", "r1", Claims(R"(,"groups":"admins")"))).find("wrong type") != std::string::npos);
  CHECK(f.Reason(Sign(f.rsa, "RS256", "r1", Claims(R"(,"act":"alice")"))).find("wrong type") != std::string::npos);
}

TEST_CASE("keys that are too weak or not for signing are left out [fail-closed]") {
  const Jwk weak = NewRsa("w", 1024);
  auto ring = KeyRing::Build({{"i", {"a"}, fmt::format(R"({{"keys":[{}]}})", PublicJson(weak))}});
  REQUIRE(ring.ok());
  CHECK((*ring)->KeyCount("i") == 0);
  CHECK_FALSE(KeyRing::Build({{"i", {"a"}, "not json"}}).ok());
  CHECK_FALSE(KeyRing::Build({{"i", {"a"}, R"({"keys":{}})"}}).ok());
  CHECK_FALSE(KeyRing::Build({{"i", {}, R"({"keys":[]})"}, {"i", {}, R"({"keys":[]})"}}).ok());
}

}  // namespace
}  // namespace chaperone::auth
