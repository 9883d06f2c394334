// Owners for OpenSSL's objects, and its errors as a Status.
#ifndef CHAPERONE_CONTROLPLANE_IDENTITY_OPENSSL_HANDLES_H_
#define CHAPERONE_CONTROLPLANE_IDENTITY_OPENSSL_HANDLES_H_

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "api/base/status.h"

namespace chaperone::identity {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

inline void FreeGeneralNames(GENERAL_NAMES* names) { sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free); }

using BioHandle = std::unique_ptr<BIO, Freer<BIO_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using CertificateHandle = std::unique_ptr<X509, Freer<X509_free>>;
using NamesHandle = std::unique_ptr<GENERAL_NAMES, Freer<FreeGeneralNames>>;
using NumberHandle = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using DigestHandle = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;

// A view of `text` for OpenSSL's readers; `text` must outlive it.
inline BioHandle ReadBio(std::string_view text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// The bytes written to a memory BIO.
inline std::string BioText(BIO* bio) {
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(bytes));
}

// INTERNAL with OpenSSL's newest error behind `what`; clears its error queue.
inline absl::Status OpenSslError(std::string_view what) {
  char text[256] = "unknown error";
  if (const unsigned long code = ERR_get_error(); code != 0) {
    ERR_error_string_n(code, text, sizeof(text));
  }
  ERR_clear_error();
  return base::Internal("{}: {}", what, text);
}

}  // namespace chaperone::identity

#endif  // CHAPERONE_CONTROLPLANE_IDENTITY_OPENSSL_HANDLES_H_
