#include "controlplane/app/signing.h"

#include <utility>

namespace chaperone::app {

absl::StatusOr<std::unique_ptr<Signing>> Signing::Open(std::string certificate_path, std::string key_path) {
  auto signing = std::unique_ptr<Signing>(new Signing(std::move(certificate_path), std::move(key_path)));
  CHAPERONE_RETURN_IF_ERROR(signing->Reload().status());
  return signing;
}

std::shared_ptr<const identity::Signer> Signing::Current() const {
  const std::lock_guard lock(mutex_);
  return signer_;
}

absl::StatusOr<fleet::SnapshotInputs::Signature> Signing::Sign(std::string_view bytes) const {
  const auto signer = Current();
  CHAPERONE_ASSIGN_OR_RETURN(std::string signature, signer->Sign(bytes));
  return fleet::SnapshotInputs::Signature{std::move(signature), signer->certificate_pem()};
}

absl::StatusOr<bool> Signing::Reload() {
  CHAPERONE_ASSIGN_OR_RETURN(auto loaded, identity::Signer::Load(certificate_path_, key_path_));
  const std::lock_guard lock(mutex_);
  const bool changed = signer_ == nullptr || signer_->certificate_pem() != loaded->certificate_pem();
  signer_ = std::move(loaded);
  return changed;
}

}  // namespace chaperone::app
