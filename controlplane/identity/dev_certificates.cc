#include "controlplane/identity/dev_certificates.h"

#include <arpa/inet.h>
#include <sys/stat.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "api/base/id.h"
#include "controlplane/identity/certificate.h"
#include "controlplane/identity/openssl_handles.h"
#include "controlplane/identity/small_file.h"

namespace chaperone::identity {

namespace {

constexpr std::chrono::hours kCaLifetime(10 * 365 * 24);
constexpr std::chrono::hours kLeafLifetime(365 * 24);
constexpr std::chrono::hours kRenewBefore(30 * 24);

struct KeyPair {
  CertificateHandle certificate;
  KeyHandle key;
};

// What a certificate should say.
struct Profile {
  std::string common_name;
  // "URI:…", "DNS:…", "IP:…", comma-separated; empty for a CA.
  std::string subject_alt_names;
  bool is_ca = false;
  bool is_server = false;
};

time_t SecondsOf(std::chrono::system_clock::time_point time) { return std::chrono::system_clock::to_time_t(time); }

absl::Status AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) {
    return OpenSslError("making a certificate extension");
  }
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return added == 1 ? absl::OkStatus() : OpenSslError("adding a certificate extension");
}

absl::Status AddExtensions(const Profile& profile, X509* certificate, X509* issuer) {
  CHAPERONE_RETURN_IF_ERROR(AddExtension(certificate, issuer, NID_basic_constraints,
                                         profile.is_ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE"));
  CHAPERONE_RETURN_IF_ERROR(AddExtension(certificate, issuer, NID_key_usage,
                                         profile.is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"));
  CHAPERONE_RETURN_IF_ERROR(AddExtension(certificate, issuer, NID_subject_key_identifier, "hash"));
  CHAPERONE_RETURN_IF_ERROR(AddExtension(certificate, issuer, NID_authority_key_identifier, "keyid"));
  if (profile.is_ca) {
    return absl::OkStatus();
  }
  CHAPERONE_RETURN_IF_ERROR(
      AddExtension(certificate, issuer, NID_ext_key_usage, profile.is_server ? "serverAuth,clientAuth" : "clientAuth"));
  return AddExtension(certificate, issuer, NID_subject_alt_name, profile.subject_alt_names);
}

// `issuer` null: signed by itself.
absl::StatusOr<KeyPair> Issue(const Profile& profile, const KeyPair* issuer, const base::Clock& clock) {
  KeyPair pair{CertificateHandle(X509_new()), KeyHandle(EVP_EC_gen("P-256"))};
  X509* certificate = pair.certificate.get();
  if (certificate == nullptr || pair.key == nullptr) {
    return OpenSslError("making a key");
  }
  const base::IdBytes serial_bytes = base::AuditId::New(clock).bytes();
  const NumberHandle serial(BN_bin2bn(serial_bytes.data(), static_cast<int>(serial_bytes.size()), nullptr));
  X509_set_version(certificate, X509_VERSION_3);
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate));
  // An hour back: clocks of other machines may be behind.
  ASN1_TIME_set(X509_getm_notBefore(certificate), SecondsOf(clock.Wall() - std::chrono::hours(1)));
  ASN1_TIME_set(X509_getm_notAfter(certificate),
                SecondsOf(clock.Wall() + (profile.is_ca ? kCaLifetime : kLeafLifetime)));
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(profile.common_name.c_str()), -1, -1, 0);
  X509* issuer_certificate = issuer != nullptr ? issuer->certificate.get() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer_certificate));
  X509_set_pubkey(certificate, pair.key.get());
  CHAPERONE_RETURN_IF_ERROR(AddExtensions(profile, certificate, issuer_certificate));
  if (X509_sign(certificate, issuer != nullptr ? issuer->key.get() : pair.key.get(), EVP_sha256()) == 0) {
    return OpenSslError("signing a certificate");
  }
  return pair;
}

absl::Status Save(const KeyPair& pair, const std::string& certificate_path, const std::string& key_path) {
  const BioHandle key_bio(BIO_new(BIO_s_mem()));
  const BioHandle certificate_bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(key_bio.get(), pair.key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_bio.get(), pair.certificate.get()) != 1) {
    return OpenSslError("writing PEM");
  }
  CHAPERONE_RETURN_IF_ERROR(WriteSmallFile(key_path, BioText(key_bio.get()), 0600));
  return WriteSmallFile(certificate_path, BioText(certificate_bio.get()), 0644);
}

// Null members when the files are missing or do not fit each other.
KeyPair LoadPair(const std::string& certificate_path, const std::string& key_path, std::string* certificate_pem) {
  KeyPair pair;
  const auto pem = ReadSmallFile(certificate_path);
  const auto key_pem = ReadSmallFile(key_path);
  if (!pem.ok() || !key_pem.ok()) {
    return pair;
  }
  *certificate_pem = *pem;
  const BioHandle certificate_bio = ReadBio(*pem);
  const BioHandle key_bio = ReadBio(*key_pem);
  pair.certificate.reset(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  pair.key.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  if (pair.certificate == nullptr || pair.key == nullptr ||
      X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1) {
    pair = {};
  }
  ERR_clear_error();
  return pair;
}

bool Lasts(const X509* certificate, const base::Clock& clock) {
  time_t until = SecondsOf(clock.Wall() + kRenewBefore);
  return X509_cmp_time(X509_get0_notAfter(certificate), &until) > 0;
}

bool IsSignedBy(X509* certificate, const KeyPair& ca) {
  const bool good = X509_verify(certificate, ca.key.get()) == 1;
  ERR_clear_error();
  return good;
}

// The subject alternative names as one text, to compare with what is wanted.
std::string NamesOf(X509* certificate) {
  const NamesHandle names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const BioHandle bio(BIO_new(BIO_s_mem()));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    GENERAL_NAME_print(bio.get(), sk_GENERAL_NAME_value(names.get(), i));
    BIO_puts(bio.get(), "\n");
  }
  return BioText(bio.get());
}

absl::StatusOr<Profile> ProfileOf(const model::Caller& caller, const std::vector<std::string>& server_names) {
  Profile profile;
  profile.common_name = caller.name;
  profile.is_server = !server_names.empty();
  profile.subject_alt_names = "URI:chaperone:user:" + caller.name;
  for (const std::string& role : caller.roles.Names()) {
    profile.subject_alt_names += ",URI:chaperone:role:" + role;
  }
  for (const std::string& group : caller.groups) {
    if (!IsName(group)) {
      return base::InvalidArgument("the group \"{}\" cannot stand in a certificate", group);
    }
    profile.subject_alt_names += ",URI:chaperone:group:" + group;
  }
  for (const std::string& name : server_names) {
    unsigned char address[16];
    const bool is_ip =
        inet_pton(AF_INET, name.c_str(), address) == 1 || inet_pton(AF_INET6, name.c_str(), address) == 1;
    if (!is_ip && !IsName(name)) {
      return base::InvalidArgument("the server name \"{}\" cannot stand in a certificate", name);
    }
    profile.subject_alt_names += (is_ip ? ",IP:" : ",DNS:") + name;
  }
  return profile;
}

absl::Status EnsureLeaf(const std::string& stem, const Profile& profile, const KeyPair& ca, const base::Clock& clock) {
  CHAPERONE_ASSIGN_OR_RETURN(const KeyPair wanted, Issue(profile, &ca, clock));
  std::string pem;
  const KeyPair present = LoadPair(stem + ".pem", stem + ".key", &pem);
  if (present.certificate != nullptr && IsSignedBy(present.certificate.get(), ca) &&
      Lasts(present.certificate.get(), clock) &&
      NamesOf(present.certificate.get()) == NamesOf(wanted.certificate.get())) {
    return absl::OkStatus();
  }
  return Save(wanted, stem + ".pem", stem + ".key");
}

absl::StatusOr<KeyPair> EnsureCa(const std::string& stem, const base::Clock& clock) {
  std::string pem;
  KeyPair present = LoadPair(stem + ".pem", stem + ".key", &pem);
  if (present.certificate != nullptr && IsSignedBy(present.certificate.get(), present) &&
      Lasts(present.certificate.get(), clock)) {
    return present;
  }
  Profile profile;
  profile.common_name = "Chaperone development CA";
  profile.is_ca = true;
  CHAPERONE_ASSIGN_OR_RETURN(KeyPair made, Issue(profile, nullptr, clock));
  CHAPERONE_RETURN_IF_ERROR(Save(made, stem + ".pem", stem + ".key"));
  return made;
}

}  // namespace

absl::Status EnsureDevCertificates(const DevCertificatesRequest& request, const base::Clock& clock) {
  std::error_code error;
  if (!std::filesystem::exists(request.folder, error)) {
    if (!std::filesystem::create_directories(request.folder, error)) {
      return base::Internal("cannot make the folder {}: {}", request.folder, error.message());
    }
    chmod(request.folder.c_str(), 0700);
  }
  const std::string folder = request.folder + "/";
  CHAPERONE_ASSIGN_OR_RETURN(const KeyPair ca, EnsureCa(folder + "ca", clock));
  model::Caller self;
  self.name = "controlplane";
  self.roles.Add(model::Role::kControlPlane);
  CHAPERONE_ASSIGN_OR_RETURN(const Profile server, ProfileOf(self, request.server_names));
  CHAPERONE_RETURN_IF_ERROR(EnsureLeaf(folder + self.name, server, ca, clock));
  for (const model::Caller& client : request.clients) {
    if (!IsName(client.name) || client.name == "ca" || client.name == self.name) {
      return base::InvalidArgument("\"{}\" cannot be the name of a development identity", client.name);
    }
    CHAPERONE_ASSIGN_OR_RETURN(const Profile profile, ProfileOf(client, {}));
    CHAPERONE_RETURN_IF_ERROR(EnsureLeaf(folder + client.name, profile, ca, clock));
  }
  return absl::OkStatus();
}

}  // namespace chaperone::identity
