// The tree of commands: each group registers its own, with examples, the roles it needs and the action to run. Wraps
// CLI11, which throws while parsing; actions run after parsing, outside of it.
#ifndef CHAPERONE_TOOLS_CHAPERONE_REGISTRY_H_
#define CHAPERONE_TOOLS_CHAPERONE_REGISTRY_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>

#include "api/base/status.h"
#include "tools/chaperone/context.h"

namespace chaperone::cli {

using Action = std::function<absl::Status(Context&)>;

struct CommandInfo {
  std::string name;
  std::string summary;
  // Complete command lines, one a line, each with what it does behind "#".
  std::string examples;
  // Of which the caller needs one: "admin or auditor"; empty: any, or no call at all.
  std::string roles;
  // The command that lists what this one takes by name; empty: none.
  std::string listing;
};

class Registry {
 public:
  explicit Registry(CLI::App& app) : app_(app) {}

  // A group of commands.
  CLI::App* Group(const std::string& name, const std::string& summary);
  // A command of a group, or of the program when `group` is null.
  CLI::App* Command(CLI::App* group, const CommandInfo& info, Action action);

  struct Entry {
    // "policy get".
    std::string path;
    CommandInfo info;
    Action action;
  };
  // The command that was parsed; null when none was.
  const Entry* Selected() const;
  const std::map<const CLI::App*, Entry>& entries() const { return entries_; }
  CLI::App& app() { return app_; }

 private:
  CLI::App& app_;
  std::map<const CLI::App*, Entry> entries_;
};

// What each group of commands adds; one file each under commands/.
void AddApprovalCommands(Registry& registry);
void AddAuditCommands(Registry& registry);
void AddCompletionCommand(Registry& registry);
void AddDoctorCommand(Registry& registry);
void AddPolicyCommands(Registry& registry);
void AddRevocationCommands(Registry& registry);
void AddSessionCommands(Registry& registry);
void AddSidecarCommands(Registry& registry);
void AddTokenCommands(Registry& registry);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_REGISTRY_H_
