#include "tools/chaperone/usage.h"

#include <absl/strings/cord.h>

#include "api/yaml/yaml.h"

namespace chaperone::cli {

namespace {
constexpr std::string_view kPayload = "chaperone.cli/usage";
}  // namespace

absl::Status UsageError(std::string_view message) {
  absl::Status status = absl::InvalidArgumentError(base::ToAbsl(message));
  status.SetPayload(base::ToAbsl(kPayload), absl::Cord());
  return status;
}

bool IsUsageError(const absl::Status& status) { return status.GetPayload(base::ToAbsl(kPayload)).has_value(); }

CLI::Option* AddDurationOption(CLI::App* command, const std::string& name, std::chrono::milliseconds* target,
                               const std::string& description) {
  return command
      ->add_option_function<std::string>(
          name,
          [target](const std::string& text) {
            if (const auto duration = yaml::ParseDuration(text); duration.ok()) {
              *target = *duration;
            }
          },
          description)
      ->check([](const std::string& text) {
        const auto duration = yaml::ParseDuration(text);
        return duration.ok() ? std::string() : std::string(base::Message(duration.status()));
      })
      ->type_name("DURATION");
}

CLI::Option* AddListOption(CLI::App* command, const std::string& name, std::vector<std::string>* target,
                           const std::string& description) {
  return command->add_option(name, *target, description)->delimiter(',')->type_name("A,B")->allow_extra_args(false);
}

}  // namespace chaperone::cli
