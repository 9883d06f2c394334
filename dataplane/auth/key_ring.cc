#include "dataplane/auth/key_ring.h"

extern "C" {
#include <cjose/cjose.h>
}

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <mutex>

namespace chaperone::auth {

namespace json = boost::json;

namespace {

struct JwkDeleter {
  void operator()(cjose_jwk_t* jwk) const { cjose_jwk_release(jwk); }
};
struct JwsDeleter {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};

struct Key {
  std::string id;
  // What it may verify; never HS*, never none.
  std::vector<std::string_view> algorithms;
  std::unique_ptr<cjose_jwk_t, JwkDeleter> jwk;
};

struct Issuer {
  std::vector<std::string> audiences;
  std::vector<Key> keys;
};

std::string_view StringOr(const json::object& object, std::string_view name, std::string_view otherwise) {
  const json::value* const value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) {
    return otherwise;
  }
  return {value->get_string().data(), value->get_string().size()};
}

// The algorithms of a key's kind (RFC 7518 section 3.1). Empty for kinds that do not verify signatures here.
std::vector<std::string_view> AlgorithmsOf(const json::object& key) {
  const std::string_view kind = StringOr(key, "kty", "");
  if (kind == "RSA") {
    return {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"};
  }
  if (kind == "EC") {
    const std::string_view curve = StringOr(key, "crv", "");
    if (curve == "P-256") return {"ES256"};
    if (curve == "P-384") return {"ES384"};
    if (curve == "P-521") return {"ES512"};
  }
  return {};
}

// Null for a key that is of no use here.
std::unique_ptr<Key> ReadKey(const json::value& value) {
  if (!value.is_object()) {
    return nullptr;
  }
  const json::object& object = value.get_object();
  auto key = std::make_unique<Key>();
  key->id = StringOr(object, "kid", "");
  key->algorithms = AlgorithmsOf(object);
  // The key's own `alg` narrows the choice to one.
  if (const std::string_view declared = StringOr(object, "alg", ""); !declared.empty()) {
    std::erase_if(key->algorithms, [declared](std::string_view algorithm) { return algorithm != declared; });
  }
  if (key->algorithms.empty() || StringOr(object, "use", "sig") != "sig") {
    return nullptr;
  }
  const std::string text = json::serialize(value);
  cjose_err error{};
  key->jwk.reset(cjose_jwk_import(text.data(), text.size(), &error));
  if (key->jwk == nullptr) {
    return nullptr;
  }
  if (cjose_jwk_get_kty(key->jwk.get(), &error) == CJOSE_JWK_KTY_RSA &&
      cjose_jwk_get_keysize(key->jwk.get(), &error) < KeyRing::kRsaBitsMin) {
    return nullptr;
  }
  return key;
}

absl::StatusOr<std::vector<Key>> ReadKeys(const IssuerKeys& issuer) {
  boost::system::error_code error;
  json::value document;
  if (issuer.jwks.size() <= KeyRing::kJwksBytesMax) {
    document = json::parse(issuer.jwks, error);
  }
  const json::value* const keys = document.is_object() ? document.get_object().if_contains("keys") : nullptr;
  if (error || keys == nullptr || !keys->is_array() || keys->get_array().size() > KeyRing::kKeysPerIssuerMax) {
    return base::InvalidArgument("the key set of issuer {} is not a JSON Web Key Set of at most {} keys", issuer.issuer,
                                 KeyRing::kKeysPerIssuerMax);
  }
  std::vector<Key> usable;
  for (const json::value& value : keys->get_array()) {
    if (std::unique_ptr<Key> key = ReadKey(value)) {
      usable.push_back(std::move(*key));
    }
  }
  return usable;
}

}  // namespace

struct KeyRing::State {
  std::map<std::string, Issuer, std::less<>> issuers;
  mutable std::mutex mutex;  // held while cjose looks at a key
};

KeyRing::KeyRing(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyRing::~KeyRing() = default;

absl::StatusOr<std::shared_ptr<const KeyRing>> KeyRing::Build(const std::vector<IssuerKeys>& issuers) {
  auto state = std::make_unique<State>();
  for (const IssuerKeys& entry : issuers) {
    CHAPERONE_ASSIGN_OR_RETURN(std::vector<Key> keys, ReadKeys(entry));
    Issuer issuer{entry.audiences, std::move(keys)};
    if (!state->issuers.emplace(entry.issuer, std::move(issuer)).second) {
      return base::InvalidArgument("issuer {} stands twice in the key sets", entry.issuer);
    }
  }
  return std::shared_ptr<const KeyRing>(new KeyRing(std::move(state)));
}

const std::vector<std::string>* KeyRing::AudiencesOf(std::string_view issuer) const {
  const auto found = state_->issuers.find(issuer);
  return found == state_->issuers.end() ? nullptr : &found->second.audiences;
}

size_t KeyRing::KeyCount(std::string_view issuer) const {
  const auto found = state_->issuers.find(issuer);
  return found == state_->issuers.end() ? 0 : found->second.keys.size();
}

absl::Status KeyRing::Verify(std::string_view issuer, std::string_view key_id, std::string_view algorithm,
                             std::string_view token) const {
  const auto found = state_->issuers.find(issuer);
  if (found == state_->issuers.end()) {
    return base::Unauthenticated("its issuer is not trusted here");
  }
  const Key* chosen = nullptr;
  for (const Key& key : found->second.keys) {
    if (key_id.empty() ? found->second.keys.size() == 1 : key.id == key_id) {
      chosen = &key;
      break;
    }
  }
  if (chosen == nullptr) {
    return base::Unauthenticated("its key is not among the issuer's keys");
  }
  if (std::find(chosen->algorithms.begin(), chosen->algorithms.end(), algorithm) == chosen->algorithms.end()) {
    return base::Unauthenticated("its algorithm is not the key's");
  }
  const std::lock_guard lock(state_->mutex);
  cjose_err error{};
  const std::unique_ptr<cjose_jws_t, JwsDeleter> jws(cjose_jws_import(token.data(), token.size(), &error));
  if (jws == nullptr || !cjose_jws_verify(jws.get(), chosen->jwk.get(), &error)) {
    return base::Unauthenticated("its signature is wrong");
  }
  return absl::OkStatus();
}

}  // namespace chaperone::auth
