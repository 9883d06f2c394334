#include "dataplane/app/snapshot_compiler.h"

#include <utility>

namespace chaperone::app {

absl::StatusOr<session::SnapshotPtr> CompileSnapshot(const control::SnapshotParts& parts) {
  auto snapshot = std::make_shared<session::Snapshot>();
  snapshot->version = parts.version;
  snapshot->policy_revision = parts.policy_revision;
  std::vector<std::shared_ptr<const policy::Document>> documents;
  for (const auto& policy : parts.policies) {
    CHAPERONE_ASSIGN_OR_RETURN(auto document, policy::ParseDocument(policy.document, policy.name));
    documents.push_back(std::move(document));
  }
  CHAPERONE_ASSIGN_OR_RETURN(snapshot->bundle, policy::Bundle::Compile(documents, parts.policy_revision));
  std::vector<auth::IssuerKeys> issuers;
  for (const auto& issuer : parts.issuers) {
    issuers.push_back({issuer.issuer, issuer.audiences, issuer.jwks});
  }
  CHAPERONE_ASSIGN_OR_RETURN(snapshot->keys, auth::KeyRing::Build(issuers));
  snapshot->revocations = parts.revocations;
  snapshot->masking_key = masking::DeploymentKey(parts.masking_key);
  return session::SnapshotPtr(std::move(snapshot));
}

}  // namespace chaperone::app
