// The sidecar as a whole: Build wires every part, Run serves until it is told to stop.
#ifndef CHAPERONE_DATAPLANE_APP_SIDECAR_H_
#define CHAPERONE_DATAPLANE_APP_SIDECAR_H_

#include <memory>

#include "api/base/status.h"
#include "dataplane/app/config.h"

namespace chaperone::app {

class Sidecar {
 public:
  // Starts everything but the control plane's connection, which is retried for as long as it takes. Errors: what keeps
  // the sidecar from starting, with file, address or path.
  static absl::StatusOr<std::unique_ptr<Sidecar>> Build(const Config& config);
  ~Sidecar();

  // Serves until SIGTERM or SIGINT, then drains: no new sessions, running statements may end, what is recorded goes up.
  void Run();

 private:
  struct Parts;
  explicit Sidecar(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace chaperone::app

#endif  // CHAPERONE_DATAPLANE_APP_SIDECAR_H_
