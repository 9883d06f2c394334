// Registration of the session commands that read recordings; they share the group of session_commands.cc.
#ifndef CHAPERONE_TOOLS_CHAPERONE_COMMANDS_SESSION_COMMANDS_H_
#define CHAPERONE_TOOLS_CHAPERONE_COMMANDS_SESSION_COMMANDS_H_

#include "tools/chaperone/registry.h"

namespace chaperone::cli {

inline constexpr const char* kSessionListing = "chaperone sessions list";

void AddRecordingCommands(Registry& registry, CLI::App* group);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_COMMANDS_SESSION_COMMANDS_H_
