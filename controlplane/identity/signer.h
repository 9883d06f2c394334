// Signs snapshots with the control plane's own certificate key: ECDSA with SHA-256 (DER), or Ed25519.
#ifndef CHAPERONE_CONTROLPLANE_IDENTITY_SIGNER_H_
#define CHAPERONE_CONTROLPLANE_IDENTITY_SIGNER_H_

#include <memory>
#include <string>
#include <string_view>

#include "api/base/status.h"

namespace chaperone::identity {

class Signer {
 public:
  // Reads a certificate chain (leaf first) and its key. Errors: NotFound or PermissionDenied for a file that cannot be
  // read; InvalidArgument for a key that is neither EC nor Ed25519 or does not belong to the certificate, and for a
  // certificate without the role "controlplane" (sidecars would refuse it).
  static absl::StatusOr<std::shared_ptr<const Signer>> Load(const std::string& certificate_path,
                                                            const std::string& key_path);
  ~Signer();
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;

  // Thread-safe. Errors: Internal.
  absl::StatusOr<std::string> Sign(std::string_view bytes) const;
  const std::string& certificate_pem() const { return certificate_pem_; }

 private:
  struct Key;
  Signer(std::string certificate_pem, std::unique_ptr<Key> key);

  const std::string certificate_pem_;
  const std::unique_ptr<Key> key_;
};

}  // namespace chaperone::identity

#endif  // CHAPERONE_CONTROLPLANE_IDENTITY_SIGNER_H_
