// The program `chaperone`, but for its main: parses the arguments, runs one command, reports its failure.
#ifndef CHAPERONE_TOOLS_CHAPERONE_CLI_H_
#define CHAPERONE_TOOLS_CHAPERONE_CLI_H_

#include <string>
#include <vector>

#include "tools/chaperone/context.h"

namespace chaperone::cli {

inline constexpr std::string_view kVersion = "0.1.0";

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// `arguments` without the program's name. Returns the exit code.
int RunCli(const std::vector<std::string>& arguments, World& world);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_CLI_H_
