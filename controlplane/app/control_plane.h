// The whole control plane, wired: the one place that knows all modules. Build starts everything; destruction stops it.
#ifndef CHAPERONE_CONTROLPLANE_APP_CONTROL_PLANE_H_
#define CHAPERONE_CONTROLPLANE_APP_CONTROL_PLANE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "api/base/status.h"
#include "controlplane/app/config.h"

namespace chaperone::app {

class ControlPlane {
 public:
  // Opens the store, starts the listeners and serves. Errors: name the file, port or folder and what to do.
  static absl::StatusOr<std::unique_ptr<ControlPlane>> Build(const Config& config);
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;
  // Lets calls end within limits.stop_timeout, then cancels them; commits what is queued.
  ~ControlPlane();

  uint16_t port() const;
  uint16_t telemetry_port() const;
  // The development issuer's name; empty without --dev.
  std::string dev_issuer() const;

 private:
  class Impl;
  explicit ControlPlane(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chaperone::app

#endif  // CHAPERONE_CONTROLPLANE_APP_CONTROL_PLANE_H_
