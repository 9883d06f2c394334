// Certificates for development and demonstrations (--dev): a CA of their own and one certificate for each identity, as
// PEM files. What is there and still good is left alone. Not for production: the CA's key lies beside them.
#ifndef CHAPERONE_CONTROLPLANE_IDENTITY_DEV_CERTIFICATES_H_
#define CHAPERONE_CONTROLPLANE_IDENTITY_DEV_CERTIFICATES_H_

#include <string>
#include <vector>

#include "api/base/clock.h"
#include "api/base/status.h"
#include "controlplane/model/call.h"

namespace chaperone::identity {

struct DevCertificatesRequest {
  // Made with mode 0700 when missing. Holds ca.pem, ca.key, and <name>.pem and <name>.key for each identity.
  std::string folder;
  // Who gets a client certificate.
  std::vector<model::Caller> clients;
  // The control plane's own certificate is controlplane.pem, for these DNS names and IP addresses.
  std::vector<std::string> server_names = {"localhost", "127.0.0.1", "::1"};
};

// Makes what is missing, damaged, signed by another CA, for another identity, or expires within 30 days. Errors:
// Internal with the path of what cannot be written; InvalidArgument for names that cannot stand in a certificate.
absl::Status EnsureDevCertificates(const DevCertificatesRequest& request, const base::Clock& clock);

}  // namespace chaperone::identity

#endif  // CHAPERONE_CONTROLPLANE_IDENTITY_DEV_CERTIFICATES_H_
