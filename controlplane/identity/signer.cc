#include "controlplane/identity/signer.h"

#include <utility>

#include "controlplane/identity/certificate.h"
#include "controlplane/identity/openssl_handles.h"
#include "controlplane/identity/small_file.h"

namespace chaperone::identity {

struct Signer::Key {
  KeyHandle handle;
};

Signer::Signer(std::string certificate_pem, std::unique_ptr<Key> key)
    : certificate_pem_(std::move(certificate_pem)), key_(std::move(key)) {}
Signer::~Signer() = default;

absl::StatusOr<std::shared_ptr<const Signer>> Signer::Load(const std::string& certificate_path,
                                                           const std::string& key_path) {
  CHAPERONE_ASSIGN_OR_RETURN(std::string certificate_pem, ReadSmallFile(certificate_path));
  CHAPERONE_ASSIGN_OR_RETURN(const std::string key_pem, ReadSmallFile(key_path));
  const BioHandle certificate_bio = ReadBio(certificate_pem);
  const CertificateHandle certificate(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    ERR_clear_error();
    return base::InvalidArgument("{} holds no PEM certificate", certificate_path);
  }
  const BioHandle key_bio = ReadBio(key_pem);
  auto key = std::make_unique<Key>();
  key->handle.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  if (key->handle == nullptr) {
    ERR_clear_error();
    return base::InvalidArgument("{} holds no PEM private key without a passphrase", key_path);
  }
  const int kind = EVP_PKEY_get_base_id(key->handle.get());
  if (kind != EVP_PKEY_EC && kind != EVP_PKEY_ED25519) {
    return base::InvalidArgument("{}: the key must be ECDSA or Ed25519, since it signs snapshots", key_path);
  }
  if (X509_check_private_key(certificate.get(), key->handle.get()) != 1) {
    ERR_clear_error();
    return base::InvalidArgument("the key {} does not belong to the certificate {}", key_path, certificate_path);
  }
  const auto self = CallerFromCertificate(certificate_pem);
  if (!self.ok() || !self->roles.Has(model::Role::kControlPlane)) {
    return base::InvalidArgument(
        "{}: the certificate must carry the URI names chaperone:user:<name> and "
        "chaperone:role:controlplane, or sidecars will refuse its signatures",
        certificate_path);
  }
  return std::shared_ptr<const Signer>(new Signer(std::move(certificate_pem), std::move(key)));
}

absl::StatusOr<std::string> Signer::Sign(std::string_view bytes) const {
  EVP_PKEY* key = key_->handle.get();
  const EVP_MD* digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  const DigestHandle context(EVP_MD_CTX_new());
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t length = 0;
  if (context == nullptr || EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &length, data, bytes.size()) != 1) {
    return OpenSslError("signing");
  }
  std::string signature(length, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, data, bytes.size()) !=
      1) {
    return OpenSslError("signing");
  }
  signature.resize(length);
  return signature;
}

}  // namespace chaperone::identity
