#include "controlplane/identity/dev_issuer.h"

#include <openssl/core_names.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <future>
#include <jwt/jwt.hpp>
#include <map>
#include <utility>
#include <vector>

#include "api/base/id.h"
#include "controlplane/identity/openssl_handles.h"
#include "controlplane/identity/small_file.h"
#include "controlplane/model/proto_time.h"

namespace chaperone::identity {

namespace {

constexpr size_t kCoordinateBytes = 32;
constexpr std::chrono::minutes kTtlDefault(10);
constexpr std::chrono::hours kTtlMax(24);
constexpr size_t kClaimBytesMax = 256;
constexpr int kGroupsMax = 100;

std::string Base64Url(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(c);
    count += 8;
    while (count >= 6) {
      count -= 6;
      text += kAlphabet[bits >> count & 63];
    }
  }
  if (count > 0) {
    text += kAlphabet[bits << (6 - count) & 63];
  }
  return text;
}

absl::StatusOr<std::string> Coordinate(const EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) {
    return OpenSslError("reading the development issuer's key");
  }
  const NumberHandle number(raw);
  std::string bytes(kCoordinateBytes, '\0');
  if (BN_bn2binpad(number.get(), reinterpret_cast<unsigned char*>(bytes.data()), kCoordinateBytes) < 0) {
    return base::InvalidArgument("the development issuer's key is not on P-256");
  }
  return Base64Url(bytes);
}

absl::StatusOr<std::string> NewKeyPem() {
  const KeyHandle key(EVP_EC_gen("P-256"));
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (key == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return OpenSslError("making the development issuer's key");
  }
  return BioText(bio.get());
}

absl::Status CheckClaim(std::string_view name, std::string_view value) {
  if (value.size() > kClaimBytesMax) {
    return base::InvalidArgument("{} has {} bytes; at most {}", name, value.size(), kClaimBytesMax);
  }
  return absl::OkStatus();
}

absl::Status CheckRequest(const v1::MintTokenRequest& request) {
  if (request.subject().empty()) {
    return base::InvalidArgument("give the token a subject");
  }
  if (request.groups_size() > kGroupsMax) {
    return base::InvalidArgument("{} groups; at most {}", request.groups_size(), kGroupsMax);
  }
  for (const std::string& group : request.groups()) {
    CHAPERONE_RETURN_IF_ERROR(CheckClaim("a group", group));
  }
  CHAPERONE_RETURN_IF_ERROR(CheckClaim("subject", request.subject()));
  CHAPERONE_RETURN_IF_ERROR(CheckClaim("human", request.human()));
  CHAPERONE_RETURN_IF_ERROR(CheckClaim("task", request.task()));
  CHAPERONE_RETURN_IF_ERROR(CheckClaim("client", request.client()));
  return CheckClaim("audience", request.audience());
}

}  // namespace

absl::Status DevIssuer::LoadKey() {
  auto pem = ReadSmallFile(options_.key_path);
  if (absl::IsNotFound(pem.status())) {
    pem = NewKeyPem();
    CHAPERONE_RETURN_IF_ERROR(pem.status());
    CHAPERONE_RETURN_IF_ERROR(WriteSmallFile(options_.key_path, *pem, 0600));
  }
  CHAPERONE_RETURN_IF_ERROR(pem.status());
  const BioHandle bio = ReadBio(*pem);
  const KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_EC) {
    ERR_clear_error();
    return base::InvalidArgument("{} holds no EC key; remove it to have one made", options_.key_path);
  }
  CHAPERONE_ASSIGN_OR_RETURN(const std::string x, Coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_X));
  CHAPERONE_ASSIGN_OR_RETURN(const std::string y, Coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y));
  // RFC 7638: the key's id is the digest of its required members.
  const std::string members = fmt::format(R"({{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}})", x, y);
  unsigned char digest[32];
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, members.data(), members.size(), digest, nullptr) != 1) {
    return OpenSslError("hashing the development issuer's key");
  }
  key_id_ = Base64Url({reinterpret_cast<const char*>(digest), sizeof(digest)});
  boost::json::object entry = {{"kty", "EC"},  {"crv", "P-256"}, {"x", x},        {"y", y},
                               {"use", "sig"}, {"alg", "ES256"}, {"kid", key_id_}};
  const boost::json::object set = {{"keys", boost::json::array{std::move(entry)}}};
  jwks_ = boost::json::serialize(set);
  key_pem_ = base::Secret<std::string>(*std::move(pem));
  return absl::OkStatus();
}

absl::Status DevIssuer::Listen() {
  telemetry::HttpServerOptions listener;
  listener.address = options_.address;
  listener.port = options_.port;
  // The issuer's name may hold the port, which is known only once the listener stands; requests wait for it.
  std::promise<std::string> name;
  telemetry::HttpRoutes routes;
  routes["/.well-known/openid-configuration"] = [issuer = name.get_future().share()] {
    const boost::json::object discovery = {
        {"issuer", issuer.get()},
        {"jwks_uri", issuer.get() + "/jwks.json"},
        {"response_types_supported", boost::json::array{"id_token"}},
        {"subject_types_supported", boost::json::array{"public"}},
        {"id_token_signing_alg_values_supported", boost::json::array{"ES256"}},
    };
    return telemetry::HttpResponse{200, "application/json", boost::json::serialize(discovery)};
  };
  routes["/jwks.json"] = [jwks = jwks_] { return telemetry::HttpResponse{200, "application/json", jwks}; };
  auto server = telemetry::HttpServer::Start(listener, std::move(routes));
  if (server.ok()) {
    const bool is_v6 = options_.address.find(':') != std::string::npos;
    issuer_ = !options_.issuer.empty() ? options_.issuer
                                       : fmt::format("http://{}{}{}:{}", is_v6 ? "[" : "", options_.address,
                                                     is_v6 ? "]" : "", (*server)->port());
    server_ = *std::move(server);
  }
  name.set_value(issuer_);
  return base::Annotate(server.status(), "the development issuer");
}

absl::StatusOr<std::unique_ptr<DevIssuer>> DevIssuer::Start(const DevIssuerOptions& options, const base::Clock* clock) {
  auto issuer = std::unique_ptr<DevIssuer>(new DevIssuer(options, clock));
  CHAPERONE_RETURN_IF_ERROR(issuer->LoadKey());
  CHAPERONE_RETURN_IF_ERROR(issuer->Listen());
  return issuer;
}

absl::StatusOr<v1::MintTokenResponse> DevIssuer::Mint(const v1::MintTokenRequest& request) const {
  CHAPERONE_RETURN_IF_ERROR(CheckRequest(request));
  const std::chrono::nanoseconds ttl = request.has_ttl() ? model::FromProto(request.ttl()) : kTtlDefault;
  if (ttl < std::chrono::seconds(1) || ttl > kTtlMax) {
    return base::InvalidArgument("ttl must be from 1 second to {} hours", kTtlMax.count());
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_->Wall());
  const auto expires_at = now + std::chrono::floor<std::chrono::seconds>(ttl);
  try {
    jwt::jwt_object token{jwt::params::algorithm("ES256"), jwt::params::secret(key_pem_.Reveal())};
    token.header().add_header("kid", key_id_);
    token.add_claim("iss", issuer_);
    token.add_claim("sub", request.subject());
    token.add_claim("aud", request.audience().empty() ? options_.audience : request.audience());
    token.add_claim("iat", now.time_since_epoch().count());
    token.add_claim("exp", expires_at.time_since_epoch().count());
    token.add_claim("jti", base::AuditId::New(*clock_).ToString().substr(4));
    if (!request.groups().empty()) {
      token.add_claim("groups", std::vector<std::string>(request.groups().begin(), request.groups().end()));
    }
    if (!request.client().empty()) {
      token.add_claim("azp", request.client());
    }
    if (!request.human().empty()) {
      token.add_claim("act", std::map<std::string, std::string>{{"sub", request.human()}});
    }
    if (!request.task().empty()) {
      token.add_claim("task", request.task());
    }
    v1::MintTokenResponse response;
    response.set_token(token.signature());
    *response.mutable_expires_at() = model::ToProto(expires_at);
    return response;
  } catch (const std::exception& error) {
    return base::Internal("signing a token: {}", error.what());
  }
}

}  // namespace chaperone::identity
