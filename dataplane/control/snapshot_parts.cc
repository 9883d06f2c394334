#include "dataplane/control/snapshot_parts.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "chaperone/v1/sidecar.pb.h"

namespace chaperone::control {

namespace {

constexpr std::string_view kControlPlaneRole = "chaperone:role:controlplane";
constexpr int kChainCertificatesMax = 8;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Store = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

struct StackDeleter {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

std::vector<Certificate> ReadCertificates(std::string_view pem) {
  std::vector<Certificate> certificates;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (certificates.size() < kChainCertificatesMax) {
    Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr) {
      break;
    }
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

absl::Status CheckChain(const std::vector<Certificate>& chain, std::string_view ca_pem) {
  const Store store(X509_STORE_new());
  for (const Certificate& root : ReadCertificates(ca_pem)) {
    X509_STORE_add_cert(store.get(), root.get());
  }
  const std::unique_ptr<STACK_OF(X509), StackDeleter> others(sk_X509_new_null());
  for (size_t i = 1; i < chain.size(); ++i) {
    sk_X509_push(others.get(), chain[i].get());
  }
  const StoreContext context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store.get(), chain[0].get(), others.get()) != 1 ||
      X509_verify_cert(context.get()) != 1) {
    return base::Unauthenticated("the snapshot's certificate is not trusted: {}",
                                 X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  return absl::OkStatus();
}

bool HasRole(const X509* certificate, std::string_view role) {
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(const_cast<X509*>(certificate), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) {
      continue;
    }
    const ASN1_IA5STRING* const uri = name->d.uniformResourceIdentifier;
    if (std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                         static_cast<size_t>(ASN1_STRING_length(uri))) == role) {
      return true;
    }
  }
  return false;
}

absl::Status CheckSignature(X509* certificate, const std::string& bytes, const std::string& signature) {
  EVP_PKEY* const key = X509_get0_pubkey(certificate);
  const EVP_MD* const digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  const Digest context(EVP_MD_CTX_new());
  if (EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) != 1 ||
      EVP_DigestVerify(context.get(), reinterpret_cast<const uint8_t*>(signature.data()), signature.size(),
                       reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()) != 1) {
    return base::Unauthenticated("the snapshot's signature is wrong");
  }
  return absl::OkStatus();
}

policy::Revocation Decode(const v1::Revocation& message) {
  policy::Revocation revocation;
  revocation.id = message.id();
  revocation.reason = message.reason();
  const v1::RevocationSelector& selector = message.selector();
  revocation.issuer = selector.issuer();
  revocation.subject = selector.subject();
  revocation.group = selector.group();
  revocation.client = selector.client();
  revocation.human = selector.human();
  revocation.task = selector.task();
  revocation.token_id = selector.token_id();
  if (message.has_expires_at()) {
    revocation.expires_at = std::chrono::system_clock::time_point(std::chrono::seconds(message.expires_at().seconds()));
  }
  return revocation;
}

}  // namespace

absl::StatusOr<SnapshotParts> OpenSnapshot(const v1::SignedSnapshot& signed_snapshot, std::string_view ca_pem) {
  const std::vector<Certificate> chain = ReadCertificates(signed_snapshot.certificate());
  if (chain.empty()) {
    return base::Unauthenticated("the snapshot carries no certificate");
  }
  CHAPERONE_RETURN_IF_ERROR(CheckChain(chain, ca_pem));
  if (!HasRole(chain[0].get(), kControlPlaneRole)) {
    return base::Unauthenticated("the snapshot's certificate is not a control plane's");
  }
  CHAPERONE_RETURN_IF_ERROR(CheckSignature(chain[0].get(), signed_snapshot.snapshot(), signed_snapshot.signature()));
  v1::Snapshot message;
  if (!message.ParseFromString(signed_snapshot.snapshot())) {
    return base::DataLoss("the snapshot does not decode");
  }
  SnapshotParts parts;
  parts.version = message.version();
  parts.policy_revision = message.policy_revision();
  for (const v1::SnapshotPolicy& each : message.policies()) {
    parts.policies.push_back({each.name(), each.document()});
  }
  for (const v1::Issuer& issuer : message.issuers()) {
    parts.issuers.push_back({issuer.issuer(), {issuer.audiences().begin(), issuer.audiences().end()}, issuer.jwks()});
  }
  for (const v1::Revocation& revocation : message.revocations()) {
    parts.revocations.push_back(Decode(revocation));
  }
  if (message.masking_key().size() != parts.masking_key.size()) {
    return base::DataLoss("the snapshot's masking key has {} bytes instead of {}", message.masking_key().size(),
                          parts.masking_key.size());
  }
  std::copy(message.masking_key().begin(), message.masking_key().end(), parts.masking_key.begin());
  return parts;
}

}  // namespace chaperone::control
