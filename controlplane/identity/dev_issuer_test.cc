#include "controlplane/identity/dev_issuer.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>
#include <filesystem>

#include "api/base/fake_clock.h"
#include "controlplane/identity/http_fetch.h"
#include "controlplane/identity/openssl_handles.h"

namespace chaperone::identity {
namespace {

namespace json = boost::json;

std::string FromBase64Url(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    REQUIRE(kAlphabet.find(c) != std::string_view::npos);
    bits = bits << 6 | static_cast<uint32_t>(kAlphabet.find(c));
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count);
    }
  }
  return bytes;
}

std::string Text(const json::object& object, std::string_view name) {
  return std::string(object.at({name.data(), name.size()}).as_string());
}

// Verifies an ES256 token with the key set alone, as a sidecar would, with another library than the one that signed.
bool Verifies(const std::string& token, const std::string& jwks) {
  const size_t second_dot = token.rfind('.');
  const std::string signature = FromBase64Url(token.substr(second_dot + 1));
  const json::object key = json::parse(jwks).as_object().at("keys").as_array().at(0).as_object();
  const std::string point = "\x04" + FromBase64Url(Text(key, "x")) + FromBase64Url(Text(key, "y"));
  OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
  EVP_PKEY* raw = nullptr;
  EVP_PKEY_fromdata_init(context);
  EVP_PKEY_fromdata(context, &raw, EVP_PKEY_PUBLIC_KEY, parameters);
  const KeyHandle public_key(raw);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  REQUIRE(signature.size() == 64);
  ECDSA_SIG* pair = ECDSA_SIG_new();
  const auto* bytes = reinterpret_cast<const unsigned char*>(signature.data());
  ECDSA_SIG_set0(pair, BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
  unsigned char* der = nullptr;
  const int der_bytes = i2d_ECDSA_SIG(pair, &der);
  const DigestHandle digest(EVP_MD_CTX_new());
  EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, public_key.get());
  const bool good = EVP_DigestVerify(digest.get(), der, static_cast<size_t>(der_bytes),
                                     reinterpret_cast<const unsigned char*>(token.data()), second_dot) == 1;
  OPENSSL_free(der);
  ECDSA_SIG_free(pair);
  return good;
}

json::object Part(const std::string& token, int index) {
  size_t begin = 0;
  for (int i = 0; i < index; ++i) {
    begin = token.find('.', begin) + 1;
  }
  return json::parse(FromBase64Url(token.substr(begin, token.find('.', begin) - begin))).as_object();
}

struct Fixture {
  Fixture() {
    std::string name = (std::filesystem::temp_directory_path() / "chaperone-issuer-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
    options.key_path = folder + "/issuer.key";
  }
  ~Fixture() { std::filesystem::remove_all(folder); }

  std::unique_ptr<DevIssuer> Start() {
    auto issuer = DevIssuer::Start(options, &clock);
    INFO(issuer.status().ToString());
    REQUIRE(issuer.ok());
    return *std::move(issuer);
  }

  base::FakeClock clock;
  std::string folder;
  DevIssuerOptions options;
};

TEST_CASE("a token carries what was asked for and verifies with the published key") {
  Fixture f;
  const auto issuer = f.Start();
  v1::MintTokenRequest request;
  request.set_subject("agent-7");
  request.add_groups("coding-agents");
  request.add_groups("night");
  request.set_human("ann");
  request.set_task("T-1");
  request.set_client("ide");
  request.mutable_ttl()->set_seconds(60);
  const auto minted = issuer->Mint(request);
  REQUIRE(minted.ok());
  CHECK(Verifies(minted->token(), issuer->jwks()));
  const json::object header = Part(minted->token(), 0);
  CHECK(Text(header, "alg") == "ES256");
  CHECK(Text(header, "kid") ==
        Text(json::parse(issuer->jwks()).as_object().at("keys").as_array()[0].as_object(), "kid"));
  const json::object claims = Part(minted->token(), 1);
  CHECK(Text(claims, "iss") == issuer->issuer());
  CHECK(Text(claims, "sub") == "agent-7");
  CHECK(Text(claims, "aud") == "chaperone");
  CHECK(claims.at("groups").as_array().size() == 2);
  CHECK(Text(claims.at("act").as_object(), "sub") == "ann");
  CHECK(Text(claims, "task") == "T-1");
  CHECK(Text(claims, "azp") == "ide");
  CHECK(claims.at("iat").to_number<int64_t>() == 1767225600);
  CHECK(claims.at("exp").to_number<int64_t>() == 1767225660);
  CHECK(minted->expires_at().seconds() == 1767225660);
  CHECK_FALSE(Text(claims, "jti").empty());
  CHECK(issuer->Mint(request)->token() != minted->token());

  std::string tampered = minted->token();
  tampered[tampered.find('.') + 5] ^= 1;
  CHECK_FALSE(Verifies(tampered, issuer->jwks()));
}

TEST_CASE("a token without extras has none") {
  Fixture f;
  const auto issuer = f.Start();
  v1::MintTokenRequest request;
  request.set_subject("agent-7");
  request.set_audience("other");
  const json::object claims = Part(issuer->Mint(request)->token(), 1);
  CHECK(Text(claims, "aud") == "other");
  CHECK(claims.at("exp").to_number<int64_t>() - claims.at("iat").to_number<int64_t>() == 600);
  for (const char* name : {"groups", "act", "task", "azp"}) {
    CHECK_FALSE(claims.contains(name));
  }
}

TEST_CASE("requests past the bounds are refused") {
  Fixture f;
  const auto issuer = f.Start();
  v1::MintTokenRequest request;
  CHECK(absl::IsInvalidArgument(issuer->Mint(request).status()));
  request.set_subject("a");
  request.mutable_ttl()->set_seconds(24 * 3600 + 1);
  CHECK(absl::IsInvalidArgument(issuer->Mint(request).status()));
  request.mutable_ttl()->set_seconds(0);
  CHECK(absl::IsInvalidArgument(issuer->Mint(request).status()));
  request.mutable_ttl()->set_seconds(-5);
  CHECK(absl::IsInvalidArgument(issuer->Mint(request).status()));
  request.mutable_ttl()->set_seconds(5);
  request.set_task(std::string(257, 'x'));
  CHECK(absl::IsInvalidArgument(issuer->Mint(request).status()));
}

TEST_CASE("the key is made once and kept to oneself") {
  Fixture f;
  const std::string jwks = f.Start()->jwks();
  CHECK(f.Start()->jwks() == jwks);
  struct stat status {};
  REQUIRE(stat(f.options.key_path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(jwks.find("\"d\"") == std::string::npos);
}

TEST_CASE("discovery and key set are served like any issuer's") {
  Fixture f;
  const auto issuer = f.Start();
  const auto discovery = Fetch(issuer->issuer() + "/.well-known/openid-configuration", {});
  REQUIRE(discovery.ok());
  const json::object document = json::parse(*discovery).as_object();
  CHECK(Text(document, "issuer") == issuer->issuer());
  CHECK(*Fetch(Text(document, "jwks_uri"), {}) == issuer->jwks());
}

TEST_CASE("a port in use and a key file with something else are refused") {
  Fixture f;
  const auto issuer = f.Start();
  f.options.port = static_cast<uint16_t>(std::stoi(issuer->issuer().substr(issuer->issuer().rfind(':') + 1)));
  CHECK(absl::IsFailedPrecondition(DevIssuer::Start(f.options, &f.clock).status()));
  f.options.port = 0;
  std::filesystem::resize_file(f.options.key_path, 10);
  CHECK(absl::IsInvalidArgument(DevIssuer::Start(f.options, &f.clock).status()));
}

}  // namespace
}  // namespace chaperone::identity
