#include "dataplane/auth/token.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>

namespace chaperone::auth {

namespace json = boost::json;

namespace {

constexpr int kJsonDepthMax = 8;
constexpr size_t kClaimBytesMax = 1024;
// 9999-12-31, the last date that JWT libraries agree on.
constexpr double kSecondsMax = 253402300799.0;
// The year 2261: later ones do not fit the clock's nanoseconds, and are taken for this one.
constexpr double kSecondsRepresentable = 9.2e9;

template <typename... Args>
absl::Status Refused(fmt::format_string<Args...> format, Args&&... args) {
  return base::Unauthenticated("token refused: {}", fmt::format(format, std::forward<Args>(args)...));
}

// base64url without padding (RFC 7515 section 2).
std::optional<std::string> DecodeBase64Url(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int bit_count = 0;
  for (const char c : text) {
    uint32_t digit;
    if (c >= 'A' && c <= 'Z') {
      digit = static_cast<uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      digit = static_cast<uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      digit = static_cast<uint32_t>(c - '0') + 52;
    } else if (c == '-') {
      digit = 62;
    } else if (c == '_') {
      digit = 63;
    } else {
      return std::nullopt;
    }
    bits = bits << 6 | digit;
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      bytes.push_back(static_cast<char>(bits >> bit_count));
    }
  }
  return bytes;
}

std::optional<json::object> DecodeObject(std::string_view part) {
  const auto text = DecodeBase64Url(part);
  if (!text) {
    return std::nullopt;
  }
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::system::error_code error;
  json::value value = json::parse(*text, error, json::storage_ptr(), options);
  if (error || !value.is_object()) {
    return std::nullopt;
  }
  return std::move(value.get_object());
}

const json::value* Find(const json::object& object, std::string_view name) {
  return object.if_contains(json::string_view(name.data(), name.size()));
}

// The claim as a string; empty when absent. False when it is there and is something else, or too long, or has a NUL.
bool ReadString(const json::object& object, std::string_view name, std::string* out) {
  const json::value* const value = Find(object, name);
  if (value == nullptr || value->is_null()) {
    return true;
  }
  if (!value->is_string() || value->get_string().size() > kClaimBytesMax) {
    return false;
  }
  out->assign(value->get_string().data(), value->get_string().size());
  return out->find('\0') == std::string::npos;
}

bool ReadGroups(const json::object& claims, std::vector<std::string>* out) {
  const json::value* const value = Find(claims, "groups");
  if (value == nullptr || value->is_null()) {
    return true;
  }
  if (!value->is_array() || value->get_array().size() > kGroupsMax) {
    return false;
  }
  for (const json::value& group : value->get_array()) {
    if (!group.is_string() || group.get_string().size() > kClaimBytesMax) {
      return false;
    }
    out->emplace_back(group.get_string().data(), group.get_string().size());
  }
  return true;
}

// A NumericDate (RFC 7519 section 2). False when it is there and is no sensible number.
bool ReadTime(const json::object& claims, std::string_view name,
              std::optional<std::chrono::system_clock::time_point>* out) {
  const json::value* const value = Find(claims, name);
  if (value == nullptr) {
    return true;
  }
  double seconds;
  if (value->is_int64()) {
    seconds = static_cast<double>(value->get_int64());
  } else if (value->is_uint64()) {
    seconds = static_cast<double>(value->get_uint64());
  } else if (value->is_double()) {
    seconds = value->get_double();
  } else {
    return false;
  }
  if (!(seconds >= 0 && seconds <= kSecondsMax)) {
    return false;
  }
  seconds = std::min(seconds, kSecondsRepresentable);
  *out = std::chrono::system_clock::time_point(std::chrono::seconds(static_cast<int64_t>(seconds)));
  return true;
}

bool NamesAudience(const json::object& claims, const std::vector<std::string>& audiences) {
  const json::value* const value = Find(claims, "aud");
  if (value == nullptr) {
    return false;
  }
  const auto is_ours = [&audiences](const json::value& entry) {
    return entry.is_string() && std::any_of(audiences.begin(), audiences.end(), [&entry](const std::string& audience) {
             return std::string_view(entry.get_string().data(), entry.get_string().size()) == audience;
           });
  };
  if (value->is_array()) {
    return std::any_of(value->get_array().begin(), value->get_array().end(), is_ours);
  }
  return is_ours(*value);
}

// "Bearer tokens" of other kinds (ID tokens of the logout flow, DPoP proofs, …) have types of their own; ours are "JWT"
// or "at+jwt" (RFC 9068 section 2.1), or have none.
bool IsAccessTokenType(std::string type) {
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return type.empty() || type == "jwt" || type == "at+jwt" || type == "application/at+jwt";
}

absl::Status CheckTimes(const json::object& claims, std::chrono::system_clock::time_point now, Identity* identity) {
  std::optional<std::chrono::system_clock::time_point> expires, not_before;
  if (!ReadTime(claims, "exp", &expires) || !ReadTime(claims, "nbf", &not_before)) {
    return Refused("a time in it is malformed");
  }
  if (!expires) {
    return Refused("it has no expiry");
  }
  if (now >= *expires + kLeeway) {
    return Refused("it has expired");
  }
  if (not_before && now + kLeeway < *not_before) {
    return Refused("it is not valid yet");
  }
  identity->expires_at = *expires;
  return absl::OkStatus();
}

absl::Status ReadClaims(const json::object& claims, Identity* identity) {
  std::string client_id;
  bool well_formed = ReadString(claims, "sub", &identity->subject) && ReadString(claims, "azp", &identity->client) &&
                     ReadString(claims, "client_id", &client_id) && ReadString(claims, "task", &identity->task) &&
                     ReadString(claims, "jti", &identity->token_id) && ReadGroups(claims, &identity->groups);
  if (const json::value* const actor = Find(claims, "act"); well_formed && actor != nullptr) {
    well_formed = actor->is_object() && ReadString(actor->get_object(), "sub", &identity->human);
  }
  if (!well_formed) {
    return Refused("a claim in it has the wrong type or is too long");
  }
  if (identity->subject.empty()) {
    return Refused("it has no subject");
  }
  if (identity->client.empty()) {
    identity->client = client_id;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Identity> VerifyToken(std::string_view token, const KeyRing& keys,
                                     std::chrono::system_clock::time_point now) {
  if (token.empty()) {
    return Refused("it is empty; send a signed token as the password");
  }
  if (token.size() > kTokenBytesMax) {
    return Refused("it is longer than {} bytes", kTokenBytesMax);
  }
  const size_t first_dot = token.find('.');
  const size_t second_dot = first_dot == std::string_view::npos ? first_dot : token.find('.', first_dot + 1);
  if (second_dot == std::string_view::npos || token.find('.', second_dot + 1) != std::string_view::npos) {
    return Refused("it is not a signed JWT");
  }
  const auto header = DecodeObject(token.substr(0, first_dot));
  const auto claims = DecodeObject(token.substr(first_dot + 1, second_dot - first_dot - 1));
  if (!header || !claims) {
    return Refused("it is not a signed JWT");
  }
  std::string algorithm, key_id, type;
  if (!ReadString(*header, "alg", &algorithm) || !ReadString(*header, "kid", &key_id) ||
      !ReadString(*header, "typ", &type)) {
    return Refused("its header is malformed");
  }
  if (algorithm.size() == 4 && strncasecmp(algorithm.data(), "none", 4) == 0) {
    return Refused("its algorithm is none, which is no signature");
  }
  if (second_dot + 1 == token.size()) {
    return Refused("it is not a signed JWT");
  }
  if (Find(*header, "crit") != nullptr) {
    return Refused("its header has critical extensions, which are not supported");
  }
  // RFC 7797: an unencoded payload is another input to the signature than the one decoded above.
  if (Find(*header, "b64") != nullptr || !IsAccessTokenType(type)) {
    return Refused("it is not an access token");
  }
  Identity identity;
  if (!ReadString(*claims, "iss", &identity.issuer) || identity.issuer.empty()) {
    return Refused("it has no issuer");
  }
  if (const absl::Status status = keys.Verify(identity.issuer, key_id, algorithm, token); !status.ok()) {
    return Refused("{}", base::Message(status));
  }
  CHAPERONE_RETURN_IF_ERROR(CheckTimes(*claims, now, &identity));
  if (!NamesAudience(*claims, *keys.AudiencesOf(identity.issuer))) {
    return Refused("it is for another audience");
  }
  CHAPERONE_RETURN_IF_ERROR(ReadClaims(*claims, &identity));
  return identity;
}

}  // namespace chaperone::auth
