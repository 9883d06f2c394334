#include "controlplane/identity/issuers.h"

#include <catch2/catch.hpp>
#include <map>

#include "api/base/fake_clock.h"
#include "api/telemetry/http_server.h"
#include "controlplane/identity/http_fetch.h"
#include "controlplane/identity/jwks.h"
#include "controlplane/metrics/metrics_for_tests.h"
#include "controlplane/store/memory/memory_store.h"

namespace chaperone::identity {
namespace {

constexpr const char* kKeys =
    R"({"keys":[{"kty":"RSA","kid":"1","n":"AQ","e":"AQAB","use":"sig"},{"kty":"oct","k":"c2VjcmV0"},)"
    R"({"kty":"EC","crv":"P-256","x":"AA","y":"BB","use":"enc"}]})";
constexpr const char* kKept = R"({"keys":[{"kty":"RSA","kid":"1","n":"AQ","e":"AQAB","use":"sig"}]})";

TEST_CASE("of a key set only public signature keys are kept") {
  CHECK(*PublicKeys(kKeys) == kKept);
  CHECK(PublicKeys(R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]})").ok());
}

TEST_CASE("[fail-closed] what is no usable key set is refused") {
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":["x"]})",
                           R"({"keys":[{"kty":"oct","k":"AA"}]})", R"({"keys":[{"kty":"RSA","n":"AQ"}]})",
                           R"({"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","d":"AQ"}]})", "{\"keys\":[", "\xff"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(PublicKeys(text).status()));
  }
  std::string many = R"({"keys":[)";
  for (size_t i = 0; i <= kKeysMax; ++i) {
    many += R"({"kty":"RSA","n":"AQ","e":"AQAB"},)";
  }
  many.back() = ']';
  CHECK(absl::IsInvalidArgument(PublicKeys(many + "}").status()));
  const std::string deep = std::string(2000, '[') + std::string(2000, ']');
  CHECK(absl::IsInvalidArgument(PublicKeys(deep).status()));
}

TEST_CASE("a discovery document must speak for the issuer that was asked") {
  const char* document = R"({"issuer":"https://idp.example","jwks_uri":"https://idp.example/keys"})";
  CHECK(*JwksUri(document, "https://idp.example") == "https://idp.example/keys");
  CHECK(absl::IsInvalidArgument(JwksUri(document, "https://idp.example/").status()));
  CHECK(absl::IsInvalidArgument(JwksUri(R"({"issuer":"https://idp.example"})", "https://idp.example").status()));
  CHECK(absl::IsInvalidArgument(JwksUri(R"({"jwks_uri":"x"})", "https://idp.example").status()));
}

TEST_CASE("only https is fetched, and http on loopback") {
  CHECK(CheckUrl("https://idp.example/x").ok());
  CHECK(CheckUrl("http://127.0.0.1:8080/x").ok());
  CHECK(CheckUrl("http://localhost/x").ok());
  CHECK(CheckUrl("http://[::1]/x").ok());
  for (const char* url :
       {"http://idp.example/", "ftp://idp.example/", "file:///etc/passwd", "idp.example", "",
        "https://user:password@idp.example/", "http://127.example.com.evil/", "gopher://127.0.0.1/"}) {
    INFO(url);
    CHECK(absl::IsInvalidArgument(CheckUrl(url)));
  }
}

TEST_CASE("a fetch is bounded and follows no redirect") {
  telemetry::HttpRoutes routes;
  routes["/good"] = [] { return telemetry::HttpResponse{200, "application/json", "{}"}; };
  routes["/large"] = [] { return telemetry::HttpResponse{200, "application/json", std::string(5000, 'x')}; };
  routes["/moved"] = [] { return telemetry::HttpResponse{302, "text/plain", ""}; };
  const auto server = telemetry::HttpServer::Start({}, std::move(routes));
  REQUIRE(server.ok());
  const std::string at = fmt::format("http://127.0.0.1:{}", (*server)->port());
  FetchOptions options;
  options.bytes_max = 1000;
  CHECK(*Fetch(at + "/good", options) == "{}");
  CHECK(absl::IsResourceExhausted(Fetch(at + "/large", options).status()));
  CHECK(base::Message(Fetch(at + "/moved", options).status()).find("302") != std::string_view::npos);
  CHECK(absl::IsUnavailable(Fetch(at + "/missing", options).status()));
  CHECK(absl::IsUnavailable(Fetch("http://127.0.0.1:1/", options).status()));
}

struct Fixture {
  base::FakeClock clock;
  metrics::MetricsForTests metrics;
  std::unique_ptr<store::Store> store = store::NewMemoryStore();
  std::map<std::string, absl::StatusOr<std::string>> web;
  int changes = 0;

  std::unique_ptr<Issuers> Open() {
    IssuerConfig config;
    config.issuer = "https://idp.example";
    config.audiences = {"chaperone"};
    auto issuers = Issuers::Open({config}, store.get(), &clock, metrics.get(),
                                 [this](const std::string& url, const IssuerConfig&) {
                                   const auto at = web.find(url);
                                   return at != web.end() ? at->second : base::Unavailable("no route to host");
                                 });
    REQUIRE(issuers.ok());
    (*issuers)->OnChange([this] { ++changes; });
    return *std::move(issuers);
  }

  Fixture() {
    web.emplace("https://idp.example/.well-known/openid-configuration",
                R"({"issuer":"https://idp.example","jwks_uri":"https://keys.example/set"})");
    web.emplace("https://keys.example/set", kKeys);
  }
};

TEST_CASE("keys are found by discovery, and a change is told once") {
  Fixture f;
  const auto issuers = f.Open();
  CHECK(issuers->Usable().empty());
  REQUIRE(issuers->Refresh(0).ok());
  REQUIRE(issuers->Usable().size() == 1);
  CHECK(issuers->Usable()[0].jwks() == kKept);
  CHECK(issuers->Usable()[0].audiences(0) == "chaperone");
  CHECK(f.changes == 1);
  REQUIRE(issuers->Refresh(0).ok());
  CHECK(f.changes == 1);
  CHECK(f.metrics.Has("issuer_fetches_total{issuer=\"https://idp.example\",result=\"ok\"} 2"));
}

TEST_CASE("keys stay when a fetch fails, also over a restart, and the failure is shown") {
  Fixture f;
  auto issuers = f.Open();
  REQUIRE(issuers->Refresh(0).ok());
  f.web.at("https://keys.example/set") = std::string("<html>");
  CHECK_FALSE(issuers->Refresh(0).ok());
  CHECK(issuers->Usable()[0].jwks() == kKept);
  CHECK(issuers->All()[0].fetch_error().find("not JSON") != std::string::npos);
  REQUIRE(f.store->Commit({}).ok());
  issuers = f.Open();
  REQUIRE(issuers->Usable().size() == 1);
  CHECK(issuers->Usable()[0].jwks() == kKept);
  f.web.at("https://keys.example/set") = std::string(kKeys);
  REQUIRE(issuers->Refresh(0).ok());
  CHECK(issuers->All()[0].fetch_error().empty());
}

TEST_CASE("a bad configuration of issuers is refused at start") {
  Fixture f;
  IssuerConfig config;
  config.issuer = "http://idp.example";
  const auto fetcher = [](const std::string&, const IssuerConfig&) -> absl::StatusOr<std::string> {
    return base::Unavailable("");
  };
  CHECK_FALSE(Issuers::Open({config}, f.store.get(), &f.clock, f.metrics.get(), fetcher).ok());
  config.issuer = "https://idp.example";
  CHECK_FALSE(Issuers::Open({config, config}, f.store.get(), &f.clock, f.metrics.get(), fetcher).ok());
}

TEST_CASE("the thread fetches at once, and again soon after a failure") {
  Fixture f;
  const auto issuers = f.Open();
  issuers->Start();
  for (int i = 0; i < 200 && issuers->Usable().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(issuers->Usable().size() == 1);
  IssuerConfig config;
  config.refresh = std::chrono::minutes(5);
  CHECK(NextAttemptIn(config, 0, 0) == std::chrono::minutes(4));
  CHECK(NextAttemptIn(config, 0, 0.999) < std::chrono::minutes(5));
  CHECK(NextAttemptIn(config, 1, 0) == std::chrono::milliseconds(1600));
  CHECK(NextAttemptIn(config, 2, 0) == std::chrono::milliseconds(3200));
  CHECK(NextAttemptIn(config, 100, 0) == std::chrono::minutes(4));
}

}  // namespace
}  // namespace chaperone::identity
