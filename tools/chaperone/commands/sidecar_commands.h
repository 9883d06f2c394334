// What other commands say about sidecars in the same words. Pure.
#ifndef CHAPERONE_TOOLS_CHAPERONE_COMMANDS_SIDECAR_COMMANDS_H_
#define CHAPERONE_TOOLS_CHAPERONE_COMMANDS_SIDECAR_COMMANDS_H_

#include <string>

#include "chaperone/v1/fleet.pb.h"
#include "tools/chaperone/display/moment.h"

namespace chaperone::cli {

// "connected", or "gone, seen 4 min ago".
std::string SidecarStateText(const v1::Sidecar& sidecar, display::WallTime now);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_COMMANDS_SIDECAR_COMMANDS_H_
