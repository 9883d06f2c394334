#include "controlplane/identity/certificate.h"

#include <utility>

#include "controlplane/identity/openssl_handles.h"

namespace chaperone::identity {

namespace {

constexpr std::string_view kScheme = "chaperone:";
constexpr size_t kNameBytesMax = 128;
constexpr size_t kGroupsMax = 64;
constexpr size_t kCacheEntriesMax = 4096;

absl::Status AddUri(std::string_view uri, model::Caller* caller) {
  if (!uri.starts_with(kScheme)) {
    return absl::OkStatus();
  }
  uri.remove_prefix(kScheme.size());
  const size_t colon = uri.find(':');
  const std::string_view kind = uri.substr(0, colon);
  const std::string_view value = colon == std::string_view::npos ? std::string_view() : uri.substr(colon + 1);
  if (!IsName(value)) {
    return base::Unauthenticated("the certificate's name chaperone:{}:… is empty, too long or has odd characters",
                                 IsName(kind) ? kind : "?");
  }
  if (kind == "user") {
    if (!caller->name.empty()) {
      return base::Unauthenticated("the certificate names two users, {} and {}", caller->name, value);
    }
    caller->name = std::string(value);
    return absl::OkStatus();
  }
  if (kind == "role") {
    const auto role = model::ParseRole(value);
    if (!role) {
      return base::Unauthenticated("the certificate has an unknown role \"{}\"; known: {}", value,
                                   fmt::join(model::kRoleNames, ", "));
    }
    caller->roles.Add(*role);
    return absl::OkStatus();
  }
  if (kind == "group") {
    if (caller->groups.size() >= kGroupsMax) {
      return base::Unauthenticated("the certificate has more than {} groups", kGroupsMax);
    }
    if (!caller->InGroup(value)) {
      caller->groups.emplace_back(value);
    }
    return absl::OkStatus();
  }
  return base::Unauthenticated("the certificate has an unknown name chaperone:{}:…; known: user, role, group",
                               IsName(kind) ? kind : "?");
}

}  // namespace

bool IsName(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) {
    return false;
  }
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                      c == '_' || c == '@' || c == '+' || c == '-';
    if (!good) {
      return false;
    }
  }
  return true;
}

absl::StatusOr<model::Caller> CallerFromCertificate(std::string_view pem) {
  const BioHandle bio = ReadBio(pem);
  const CertificateHandle certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    ERR_clear_error();
    return base::Unauthenticated("no client certificate that can be read");
  }
  const NamesHandle names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  model::Caller caller;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) {
      // By length, not to a NUL: a NUL inside is an odd character like any other.
      const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
      CHAPERONE_RETURN_IF_ERROR(AddUri(
          {reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)), static_cast<size_t>(ASN1_STRING_length(uri))},
          &caller));
    }
  }
  if (caller.name.empty()) {
    return base::Unauthenticated("the certificate has no URI name chaperone:user:<name>");
  }
  return caller;
}

absl::StatusOr<model::Caller> CallerCache::Find(std::string_view pem) {
  const std::string key(pem);
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = known_.find(key); at != known_.end()) {
      return at->second;
    }
  }
  CHAPERONE_ASSIGN_OR_RETURN(model::Caller caller, CallerFromCertificate(pem));
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kCacheEntriesMax) {
    known_.clear();
  }
  known_.emplace(key, caller);
  return caller;
}

}  // namespace chaperone::identity
