// Mistakes in how a command was called that CLI11 cannot see: reported with exit code 2 and a pointer to --help. And
// option kinds that CLI11 lacks.
#ifndef CHAPERONE_TOOLS_CHAPERONE_USAGE_H_
#define CHAPERONE_TOOLS_CHAPERONE_USAGE_H_

#include <CLI/CLI.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "api/base/status.h"

namespace chaperone::cli {

absl::Status UsageError(std::string_view message);
bool IsUsageError(const absl::Status& status);

// "30s", "15m", "1h"; anything else is a usage error. Leaves `target` alone when the option is not given.
CLI::Option* AddDurationOption(CLI::App* command, const std::string& name, std::chrono::milliseconds* target,
                               const std::string& description);

// "a,b" or the option given several times.
CLI::Option* AddListOption(CLI::App* command, const std::string& name, std::vector<std::string>* target,
                           const std::string& description);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_USAGE_H_
