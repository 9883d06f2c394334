// The key that signs snapshots, followed when its files change. Threading: any thread.
#ifndef CHAPERONE_CONTROLPLANE_APP_SIGNING_H_
#define CHAPERONE_CONTROLPLANE_APP_SIGNING_H_

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "api/base/status.h"
#include "controlplane/fleet/snapshots.h"
#include "controlplane/identity/signer.h"

namespace chaperone::app {

class Signing {
 public:
  // Errors: as identity::Signer::Load.
  static absl::StatusOr<std::unique_ptr<Signing>> Open(std::string certificate_path, std::string key_path);

  absl::StatusOr<fleet::SnapshotInputs::Signature> Sign(std::string_view bytes) const;

  // Loads the files again; true when the certificate is another one now. Errors: as Signer::Load, with the old key
  // kept.
  absl::StatusOr<bool> Reload();

 private:
  Signing(std::string certificate_path, std::string key_path)
      : certificate_path_(std::move(certificate_path)), key_path_(std::move(key_path)) {}

  std::shared_ptr<const identity::Signer> Current() const;

  const std::string certificate_path_;
  const std::string key_path_;
  mutable std::mutex mutex_;
  std::shared_ptr<const identity::Signer> signer_;
};

}  // namespace chaperone::app

#endif  // CHAPERONE_CONTROLPLANE_APP_SIGNING_H_
