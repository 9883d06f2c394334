#include "api/sql/facts.h"

#include <array>

namespace chaperone::sql {

namespace {

constexpr std::array<std::string_view, kActionCount> kActionNames = {
    "read",     "insert", "update",    "delete",  "truncate", "ddl",   "execute",
    "maintain", "lock",   "copy_file", "session", "notify",   "admin", "unknown",
};

}  // namespace

std::string_view ActionName(Action action) { return kActionNames[static_cast<size_t>(action)]; }

bool ParseAction(std::string_view name, Action* action) {
  for (size_t i = 0; i < kActionNames.size(); ++i) {
    if (kActionNames[i] == name) {
      *action = static_cast<Action>(i);
      return true;
    }
  }
  return false;
}

}  // namespace chaperone::sql
