// The certificate towards clients, read again when its files change (cert-manager and Kubernetes replace them in
// place).
#ifndef CHAPERONE_DATAPLANE_APP_CERTIFICATE_WATCH_H_
#define CHAPERONE_DATAPLANE_APP_CERTIFICATE_WATCH_H_

#include <memory>
#include <string>

#include "dataplane/runtime/loop.h"
#include "dataplane/session/session_table.h"

namespace chaperone::app {

class CertificateWatch {
 public:
  // Loads the certificate into `tls` and looks at the files every few seconds from then on, on `loop`. Errors: as
  // LoadServerContext.
  static absl::StatusOr<std::unique_ptr<CertificateWatch>> Start(runtime::Loop& loop, const std::string& certificate,
                                                                 const std::string& key, session::ClientTls& tls);

 private:
  CertificateWatch(runtime::Loop& loop, std::string certificate, std::string key, session::ClientTls& tls);
  // What changes when a file does.
  std::string Stamp() const;
  absl::Status Load();
  void Look();

  const std::string certificate_;
  const std::string key_;
  session::ClientTls& tls_;
  std::string stamp_;
  runtime::Loop::Timer timer_;
};

}  // namespace chaperone::app

#endif  // CHAPERONE_DATAPLANE_APP_CERTIFICATE_WATCH_H_
