// Who a client certificate stands for: its URI subject alternative names
//   chaperone:user:<name>    exactly one
//   chaperone:role:<role>    admin, approver, auditor, sidecar, controlplane; any number
//   chaperone:group:<group>  approver groups; any number
// Other URIs are left alone (SPIFFE ids, for example); an unknown word after "chaperone:" refuses the certificate.
#ifndef CHAPERONE_CONTROLPLANE_IDENTITY_CERTIFICATE_H_
#define CHAPERONE_CONTROLPLANE_IDENTITY_CERTIFICATE_H_

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/base/status.h"
#include "controlplane/model/call.h"

namespace chaperone::identity {

// Reads the first certificate of a PEM text. Does not verify it: TLS has. Errors: Unauthenticated with what is wrong.
absl::StatusOr<model::Caller> CallerFromCertificate(std::string_view pem);

// Names of users and groups: 1 to 128 of A-Z a-z 0-9 . _ @ + -
bool IsName(std::string_view name);

// CallerFromCertificate, remembered: calls of one client carry the same bytes each time. Threading: any thread.
class CallerCache {
 public:
  absl::StatusOr<model::Caller> Find(std::string_view pem);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, model::Caller> known_;
};

}  // namespace chaperone::identity

#endif  // CHAPERONE_CONTROLPLANE_IDENTITY_CERTIFICATE_H_
