#include "tools/chaperone/registry.h"

#include <fmt/format.h>

namespace chaperone::cli {

CLI::App* Registry::Group(const std::string& name, const std::string& summary) {
  CLI::App* group = app_.add_subcommand(name, summary);
  group->require_subcommand(1);
  group->fallthrough();
  return group;
}

CLI::App* Registry::Command(CLI::App* group, const CommandInfo& info, Action action) {
  CLI::App* command = (group != nullptr ? group : &app_)->add_subcommand(info.name, info.summary);
  // Global flags may stand anywhere.
  command->fallthrough();
  std::string footer = "Examples:\n" + info.examples;
  if (!info.roles.empty()) {
    footer += fmt::format("\nNeeds the role {}.", info.roles);
  }
  command->footer(footer);
  const std::string path = group != nullptr ? group->get_name() + " " + info.name : info.name;
  entries_[command] = Entry{.path = path, .info = info, .action = std::move(action)};
  return command;
}

const Registry::Entry* Registry::Selected() const {
  for (const auto& [command, entry] : entries_) {
    if (command->parsed()) {
      return &entry;
    }
  }
  return nullptr;
}

}  // namespace chaperone::cli
