// Errors for people: what happened, and what to do about it.
#ifndef CHAPERONE_TOOLS_CHAPERONE_NEXT_STEP_H_
#define CHAPERONE_TOOLS_CHAPERONE_NEXT_STEP_H_

#include <string>
#include <string_view>

#include "api/base/status.h"

namespace chaperone::cli {

// What the failed command was.
struct FailedCommand {
  // "policy get".
  std::string name;
  // Roles of which the caller needs one: "admin or auditor"; empty when any will do.
  std::string roles;
  // The command that lists what exists; empty when there is none.
  std::string listing;
  std::string address;
  // What the control plane says that the caller is: "alice (auditor)"; empty when unknown.
  std::string caller;
};

// The message, printable on one line.
std::string WhatHappened(const absl::Status& status, const FailedCommand& command);

// A sentence that says what to do next; empty when the message says it all.
std::string NextStep(const absl::Status& status, const FailedCommand& command);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_NEXT_STEP_H_
