#include "controlplane/identity/jwks.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <utility>

namespace chaperone::identity {

namespace {

namespace json = boost::json;

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

// Empty unless the member is a string.
std::string_view Member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  const json::string* text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? View(*text) : std::string_view();
}

absl::StatusOr<json::value> ParseObject(std::string_view text, std::string_view what) {
  json::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error);
  if (error) {
    return base::InvalidArgument("{} is not JSON: {}", what, error.message());
  }
  if (!value.is_object()) {
    return base::InvalidArgument("{} is not a JSON object", what);
  }
  return value;
}

bool IsSignatureKey(const json::object& key) {
  const std::string_view type = Member(key, "kty");
  const std::string_view use = Member(key, "use");
  const bool complete = (type == "RSA" && !Member(key, "n").empty() && !Member(key, "e").empty()) ||
                        (type == "EC" && !Member(key, "x").empty() && !Member(key, "y").empty()) ||
                        (type == "OKP" && !Member(key, "x").empty());
  return complete && (use.empty() || use == "sig");
}

}  // namespace

absl::StatusOr<std::string> PublicKeys(std::string_view text) {
  CHAPERONE_ASSIGN_OR_RETURN(const json::value document, ParseObject(text, "the key set"));
  const json::value* member = document.get_object().if_contains("keys");
  const json::array* keys = member != nullptr ? member->if_array() : nullptr;
  if (keys == nullptr) {
    return base::InvalidArgument("the key set has no list \"keys\"");
  }
  if (keys->size() > kKeysMax) {
    return base::InvalidArgument("the key set has {} keys; at most {}", keys->size(), kKeysMax);
  }
  json::array kept;
  for (const json::value& entry : *keys) {
    const json::object* key = entry.if_object();
    if (key == nullptr) {
      return base::InvalidArgument("a key of the key set is not an object");
    }
    if (key->contains("d")) {
      return base::InvalidArgument("the key set shows a private key; the issuer must replace it");
    }
    if (IsSignatureKey(*key)) {
      kept.push_back(*key);
    }
  }
  if (kept.empty()) {
    return base::InvalidArgument("the key set has no public signature key (RSA, EC or OKP)");
  }
  json::object result;
  result["keys"] = std::move(kept);
  return json::serialize(result);
}

absl::StatusOr<std::string> JwksUri(std::string_view text, std::string_view issuer) {
  CHAPERONE_ASSIGN_OR_RETURN(const json::value document, ParseObject(text, "the discovery document"));
  const std::string_view found = Member(document.get_object(), "issuer");
  if (found != issuer) {
    return base::InvalidArgument("the discovery document speaks for the issuer \"{}\", not for \"{}\"",
                                 found.substr(0, 256), issuer);
  }
  const std::string_view uri = Member(document.get_object(), "jwks_uri");
  if (uri.empty()) {
    return base::InvalidArgument("the discovery document has no jwks_uri");
  }
  return std::string(uri);
}

}  // namespace chaperone::identity
